"""Which content words the facts of a passage have, kept from the first time that it is asked."""

from __future__ import annotations

import threading

import numpy as np

from graphmem.graph.snapshot import Facts
from graphmem.index.lexical import content_stems
from graphmem.kernels.arrays import Ints, Rows


class FactStems:
    """Stems of facts as numbers, passage by passage; threads may share it.

    `entries` are entries of evidence by passage, those of passage ``p`` at
    ``indptr[p]:indptr[p + 1]``.
    """

    def __init__(self, facts: Facts, indptr: Ints, entries: Ints) -> None:
        self._facts = facts
        self._indptr = indptr
        self._entries = entries
        self._codes: dict[str, int] = {}
        self._read: dict[int, tuple[Rows, Ints]] = {}
        self._lock = threading.Lock()

    def shared(self, asked: set[str], passages: Ints) -> Ints:
        """How many of the stems each of the passages' entries has, in their order."""
        held = [self._of(passage) for passage in passages.tolist()]
        if not held:
            return np.empty(0, np.int64)
        known = self._codes
        is_asked = np.zeros(len(known), np.bool_)
        is_asked[[known[stem] for stem in asked if stem in known]] = True
        found = is_asked[np.concatenate([codes for codes, _ in held])]
        ends = np.cumsum(np.concatenate([counts for _, counts in held]))
        before = np.concatenate(([0], np.cumsum(found)))
        return np.diff(before[np.concatenate(([0], ends))])

    def _of(self, passage: int) -> tuple[Rows, Ints]:
        """Stems of a passage's entries one after another, and how many each has."""
        held = self._read.get(passage)
        if held is None:
            rows = self._entries[self._indptr[passage] : self._indptr[passage + 1]]
            texts = self._facts.texts.take(self._facts.evidence_facts[rows])
            stems = [content_stems(text) for text in texts]
            with self._lock:
                codes = [self._codes.setdefault(s, len(self._codes)) for own in stems for s in own]
            counts = np.array([len(own) for own in stems], np.int64)
            held = self._read[passage] = np.array(codes, np.int32), counts
        return held
