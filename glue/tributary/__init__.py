"""Tributary's data plane: pure kernels, datasets, and what distributes them."""
