"""Test files for the platform, the same ones for the same options."""
