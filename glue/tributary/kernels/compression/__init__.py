"""Compressed streams to bytes."""
