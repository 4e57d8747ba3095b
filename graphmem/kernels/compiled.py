"""How kernels are compiled, and the types of their arguments; importing this loads numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba import types

Nodes = npt.NDArray[np.uint32]
"""Rows; unsigned, so that a compiled look-up need not ask whether it counts from the end."""

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

INTS = types.Array(types.int64, 1, "C", readonly=True)
NODES = types.Array(types.uint32, 1, "C", readonly=True)
ROWS = types.Array(types.int32, 1, "C", readonly=True)
FLOATS = types.Array(types.float32, 1, "C", readonly=True)
DOUBLES = types.Array(types.float64, 1, "C", readonly=True)
TABLE = types.Array(types.float64, 2, "C", readonly=True)
SINGLES = types.Array(types.float32, 2, "C", readonly=True)
MASK = types.Array(types.boolean, 1, "C", readonly=True)
TO_NODES = types.uint32[::1]
TO_ROWS = types.int32[::1]
TO_DOUBLES = types.float64[::1]
TO_TABLE = types.float64[:, ::1]
TO_GRID = types.int64[:, ::1]
TO_SINGLES = types.float32[:, ::1]
GRAPH = (INTS, INTS, NODES, FLOATS)
"""Where rows start and end, their targets, and weights: none where every edge weighs 1."""

WITHIN = 32
"""Edges that are looked up ahead in what is followed, pulled or scanned in order."""


def several(*results: Any) -> Any:
    """The type of several results."""
    return types.Tuple(results)  # type: ignore[no-untyped-call]


def compiled(
    result: Any, *arguments: Any, reassociated: bool = False
) -> Callable[[_Kernel], _Kernel]:
    """Compile by signature, so that a question never waits for a compiler.

    Arrays that are read may be read-only, as maps of files are. What is compiled is kept on disk
    until its own file changes: after changing what it calls in another, touch that file too.
    Where sums may be `reassociated`, several terms are added at once, as many as the processor can.
    """
    compile_it = numba.njit(
        result(*arguments),
        cache=True,
        nogil=True,
        error_model="numpy",
        fastmath={"reassoc", "contract"} if reassociated else False,
    )
    return cast("Callable[[_Kernel], _Kernel]", compile_it)
