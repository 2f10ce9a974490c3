"""Scripts of the Glue jobs: arguments and wiring."""
