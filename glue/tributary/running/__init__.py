"""Runtime of every job: arguments, log, clock, AWS clients, lease keepers, temporary files."""
