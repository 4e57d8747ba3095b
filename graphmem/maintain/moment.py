"""A view of what was so and believed at a time: a reader that shows no more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from graphmem.kernels.arrays import Mask
from graphmem.model.time import Interval, to_micros
from graphmem.ports.store import StoreReader, Vectors

_ENDS: Final[Mapping[str, Mapping[str, str]]] = {
    "passages": {"nid": "passages", "episode_nid": "episodes"},
    "episodes": {"nid": "episodes"},
    "facts": {"nid": "facts"},
    "mentions": {"passage_nid": "passages"},
    "roles": {"fact_nid": "facts"},
    "evidence": {"fact_nid": "facts", "passage_nid": "passages"},
    "discourse": {"source_nid": "facts", "target_nid": "facts", "passage_nid": "passages"},
    "supersessions": {"newer_nid": "facts", "older_nid": "facts"},
}
"""Columns of each table that name what must be there for a row to be."""

_BATCH: Final = 10_000
_Ends = tuple[int, int]


class MomentReader:
    """Shows of a view the facts that held at some time of an interval and were believed at some
    time of another, the passages that were believed then, and what hangs on both.

    Without an interval of belief, what is believed now counts; without one of validity, all times.
    """

    def __init__(
        self, reader: StoreReader, *, held: Interval | None, known: Interval | None
    ) -> None:
        self._reader = reader
        self._held = _ends(held)
        self._known = _ends(known)
        self._there = {
            "episodes": self._nodes("episodes", ()),
            "passages": self._nodes("passages", ()),
            "facts": self._nodes("facts", ("valid_from", "valid_to")),
        }

    @property
    def version(self) -> int:
        """The namespace's change counter."""
        return self._reader.version

    @property
    def removed(self) -> bool:
        """Whether anything was removed since the view begins."""
        return self._reader.removed

    def scan(
        self, table: str, columns: Sequence[str], *, batch: int = _BATCH
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a table, as far as all that they refer to is there."""
        ends = _ENDS.get(table, {})
        asked = (*columns, *ends)
        for rows in self._reader.scan(table, asked, batch=batch):
            kept = [
                row[: len(columns)]
                for row in rows
                if all(
                    row[at] is None or self._is_there(kind, row[at])
                    for at, kind in enumerate(ends.values(), start=len(columns))
                )
            ]
            if kept:
                yield kept

    def vectors(self, *, batch: int = _BATCH) -> Iterator[tuple[list[int], Vectors]]:
        """Vectors of the passages that are there."""
        for nids, matrix in self._reader.vectors(batch=batch):
            rows = [row for row, nid in enumerate(nids) if self._is_there("passages", nid)]
            if rows:
                yield [nids[row] for row in rows], matrix[rows]

    def _is_there(self, kind: str, nid: int) -> bool:
        there = self._there[kind]
        return nid < len(there) and bool(there[nid])

    def _nodes(self, table: str, valid: Sequence[str]) -> Mask:
        """Which nodes were so and believed, by ``nid``."""
        chosen: list[int] = []
        columns = ("nid", "recorded_at", "retired_at", *valid)
        for rows in self._reader.scan(table, columns, batch=_BATCH):
            chosen.extend(row[0] for row in rows if self._is_so(*row[1:]))
        mask = np.zeros(max(chosen, default=-1) + 1, np.bool_)
        mask[chosen] = True
        return mask

    def _is_so(
        self,
        recorded_at: int,
        retired_at: int | None,
        valid_from: int | None = None,
        valid_to: int | None = None,
    ) -> bool:
        if self._known is None:
            is_believed = retired_at is None
        else:
            is_believed = recorded_at != retired_at and _overlap(
                recorded_at, retired_at, self._known
            )
        return is_believed and (self._held is None or _overlap(valid_from, valid_to, self._held))


def _ends(interval: Interval | None) -> _Ends | None:
    if interval is None:
        return None
    start, end = to_micros(interval.start), to_micros(interval.end)
    assert start is not None
    assert end is not None
    return start, end


def _overlap(start: int | None, end: int | None, asked: _Ends) -> bool:
    return (start is None or start < asked[1]) and (end is None or asked[0] < end)
