"""Pure kernels: bytes or Arrow in, Arrow and rejects out. Nothing here knows AWS or Spark."""
