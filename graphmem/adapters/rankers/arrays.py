"""Where batches of walks are computed: a GPU through CuPy, or NumPy in its stead.

Both have one interface, so that what runs on a GPU is tested where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from graphmem.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Device:
    """An array module, its sparse matrices, and how much memory is free.

    `order` is the layout in which sparse times dense needs no copy. `released` gives memory back
    that the module keeps for later.
    """

    name: str
    arrays: Any
    csr_matrix: Callable[..., Any]
    to_host: Callable[[Any], Any]
    free_bytes: Callable[[], int]
    released: Callable[[], None]
    out_of_memory: type[Exception]
    order: Literal["C", "F"]


def numpy_device(free_bytes: Callable[[], int]) -> Device:
    """The processor, which believes what it is told of its memory."""
    return Device(
        name="numpy",
        arrays=np,
        csr_matrix=sp.csr_matrix,
        to_host=np.asarray,
        free_bytes=free_bytes,
        released=lambda: None,
        out_of_memory=MemoryError,
        order="C",
    )


def cupy_device(number: int = 0) -> Device:
    """A GPU by number.

    Raises
    ------
    ConfigurationError
        CuPy is not installed, or finds no such GPU.
    """
    try:
        import cupy
        from cupyx.scipy import sparse
    except ImportError as cause:
        raise ConfigurationError(
            "Ranking on a GPU needs CuPy", remedy="pip install 'graphmem[cupy]'"
        ) from cause
    try:
        device = cupy.cuda.Device(number)
        device.use()
        pool = cupy.get_default_memory_pool()
        device.mem_info  # noqa: B018 - asks the driver, which may be missing
    except cupy.cuda.runtime.CUDARuntimeError as cause:
        raise ConfigurationError(f"CuPy finds no GPU {number} ({cause})") from cause
    return Device(
        name=f"cuda:{number}",
        arrays=cupy,
        csr_matrix=sparse.csr_matrix,
        to_host=cupy.asnumpy,
        free_bytes=lambda: int(device.mem_info[0]) + int(pool.free_bytes()),
        released=pool.free_all_blocks,
        out_of_memory=cupy.cuda.memory.OutOfMemoryError,
        order="F",
    )
