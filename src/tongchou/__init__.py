"""Tongchou (统筹): an open system that runs a Chinese medical insurance centre (医保中心)."""

__version__ = "0.1.0"
