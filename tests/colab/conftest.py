"""Real kernels of this Python, as in tests/kernel."""

from tests.kernel.conftest import fresh_kernel, kernel

__all__ = ["fresh_kernel", "kernel"]
