"""A bare graph on disk: what a ranker reads, as memory-mapped arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graphmem.errors import StoreFormatError
from graphmem.kernels.ranking import CsrGraph

_REQUIRED = ("indptr", "indices", "strengths")


def save_csr(graph: CsrGraph, folder: Path) -> None:
    """Write a graph into `folder`; at most 12 bytes an edge where nodes have 4 edges or more."""
    packed = graph.packed()
    for name in _REQUIRED:
        np.save(folder / f"{name}.npy", getattr(packed, name), allow_pickle=False)
    if packed.weights is not None:
        np.save(folder / "weights.npy", packed.weights, allow_pickle=False)
    (folder / "symmetric").write_text("yes" if packed.is_symmetric else "no")


def open_csr(folder: Path) -> CsrGraph:
    """Map a graph that :func:`save_csr` wrote, in milliseconds whatever its size.

    Raises
    ------
    StoreFormatError
        Nothing is there, or it is damaged.
    """
    try:
        indptr, indices, strengths = (
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in _REQUIRED
        )
        has_weights = (folder / "weights.npy").exists()
        weights = np.load(folder / "weights.npy", mmap_mode="r") if has_weights else None
        is_symmetric = (folder / "symmetric").read_text() == "yes"
    except (OSError, ValueError) as cause:
        raise StoreFormatError(f"{folder} holds no graph ({cause})") from cause
    if len(indptr) != len(strengths) + 1 or int(indptr[-1]) != len(indices):
        raise StoreFormatError(f"{folder} holds a graph whose arrays do not fit each other")
    return CsrGraph(indptr, indices, weights, strengths, is_symmetric=is_symmetric)
