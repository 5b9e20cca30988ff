"""Sinks of a run's events: one file each, and none that an executor knows."""
