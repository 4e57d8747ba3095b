"""Talk: the passages that somebody said, in the order they were said, session by session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import Passages
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask

_UNREAD = -1


@dataclass(frozen=True)
class Turns:
    """Turns by session and order; `rows`, shape (n,), are the passages they are.

    `sessions` number the sessions from 0; those of session ``s`` are at
    ``bounds[s]:bounds[s + 1]``. `vectors`, shape (n_passages, d), are those of all passages.
    """

    rows: Ints
    sessions: Ints
    bounds: Ints
    vectors: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def place_of(self, row: int) -> int | None:
        """Where a passage is among the turns; ``None`` where it is none of them."""
        at = int(np.searchsorted(self.rows, row, sorter=self._by_row))
        place = int(self._by_row[at]) if at < len(self) else 0
        return place if at < len(self) and self.rows[place] == row else None

    @cached_property
    def _by_row(self) -> Ints:
        return np.argsort(self.rows)

    def window(self, before: int, after: int) -> tuple[Ints, Ints]:
        """First and one past the last turn around each, within its session."""
        places = np.arange(len(self))
        first = np.maximum(places - before, self.bounds[self.sessions])
        last = np.minimum(places + after + 1, self.bounds[self.sessions + 1])
        return first, last

    def likeness(self, similarity: Floats | Doubles, before: int, after: int) -> Doubles:
        """Cosine of a question with the mean vector of each turn's window.

        `similarity`, shape (n,), are its cosines with the turns themselves: the sum of them over a
        window, divided by the length of the summed vectors, is that cosine.
        """
        first, last = self.window(before, after)
        sums = np.concatenate(([0.0], np.cumsum(similarity, dtype=np.float64)))
        return np.asarray((sums[last] - sums[first]) / self._lengths(before, after))

    def _lengths(self, before: int, after: int) -> Doubles:
        known = self._window_lengths
        if (before, after) not in known:
            first, last = self.window(before, after)
            own = np.asarray(self.vectors[self.rows])
            total = np.zeros_like(own)
            places = np.arange(len(self))
            for shift in range(-before, after + 1):
                at = places + shift
                inside = (at >= first) & (at < last)
                total[inside] += own[at[inside]]
            known[before, after] = np.maximum(np.linalg.norm(total, axis=1), 1e-9)
        return known[before, after]

    def showing(self, pattern: re.Pattern[str], places: Ints, texts: Strings) -> Doubles:
        """1 for each of the turns whose text shows the pattern, else 0; `texts` are the passages'.

        What a turn shows hangs on no question, so it is kept.
        """
        known = self._shown.get(pattern)
        if known is None:
            known = self._shown.setdefault(pattern, np.full(len(self), _UNREAD, np.int8))
        new = places[known[places] == _UNREAD]
        if len(new):
            search = pattern.search
            known[new] = [search(text) is not None for text in texts.take(self.rows[new])]
        return known[places].astype(np.float64)

    @cached_property
    def _shown(self) -> dict[re.Pattern[str], npt.NDArray[np.int8]]:
        return {}

    @cached_property
    def _window_lengths(self) -> dict[tuple[int, int], Doubles]:
        return {}


def turns_of(passages: Passages, vectors: Floats, among: Mask) -> Turns:
    """The turns among the passages of the mask, shape (n_passages,).

    A session is what is called so, or else an episode; within one, episodes keep the order they
    came in, and turns that of the text.
    """
    rows = np.flatnonzero(among & (passages.speakers.codes > 0))
    session, episode = passages.sessions.codes[rows], passages.episodes.codes[rows]
    group = np.where(session > 0, session.astype(np.int64), -1 - episode.astype(np.int64))
    order = np.lexsort((passages.starts[rows], episode, group))
    rows, group = rows[order], group[order]
    begins = (
        np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1]))) if len(rows) else rows
    )
    bounds = np.append(begins, len(rows)).astype(np.int64)
    sessions = np.repeat(np.arange(len(begins)), np.diff(bounds))
    return Turns(rows, sessions, bounds, vectors)
