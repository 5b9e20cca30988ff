"""Real kernels: one for a module, or one that a test has for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kernel._kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel for all tests of a module; what one test defines, the next one sees."""
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    yield kernel
    kernel.close()


@pytest.fixture
def fresh_kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of the test's own, for what ends or changes it."""
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.close()
