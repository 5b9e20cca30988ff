"""What every executor promises: one suite over every line of ``EXECUTORS``."""
