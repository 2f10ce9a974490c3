"""What every job needs of its process: arguments, log, clock, clients, leases kept alive, temporary files."""
