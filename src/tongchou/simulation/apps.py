"""Django application of the simulation room. It has no tables: data sets are files, runs are jobs."""

from django.apps import AppConfig


class SimulationConfig(AppConfig):
    """Label and Chinese name of the room."""

    name = "tongchou.simulation"
    label = "simulation"
    verbose_name = "政策模拟"
