"""Screens of policy simulation (政策模拟): data sets, a new run, its progress and result, runs side by side."""
