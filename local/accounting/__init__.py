"""Counts over a run's input files and published objects, asking neither the jobs nor their statistics."""
