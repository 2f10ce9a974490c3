"""The jobs: arguments, wiring, exit code."""
