"""Years that passages write, for what is asked of a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from graphmem.index.lexical import LexicalIndex
from graphmem.kernels.arrays import Ints, Mask, Rows, ragged
from graphmem.kernels.bm25 import Postings

_YEAR = re.compile(r"1\d{3}|20\d{2}")


@dataclass(frozen=True, slots=True)
class Years:
    """The years that are words of a memory, rising, and the stem of each."""

    values: Ints
    stems: Rows
    postings: Postings

    @classmethod
    def of(cls, lexical: LexicalIndex) -> Years:
        """Those of an index."""
        held = sorted(
            (int(word), int(lexical.lexicon.stems[row]))
            for row, word in enumerate(lexical.lexicon.words)
            if _YEAR.fullmatch(word)
        )
        values, stems = np.array(held, np.int64).reshape(-1, 2).T
        return cls(values, stems.astype(np.int32), lexical.postings)

    def written(self, first: int, last: int, *, n: int) -> Mask:
        """Which of `n` passages write a year from `first` to `last`, both included."""
        among = slice(*np.searchsorted(self.values, (first, last + 1)).tolist())
        places, _ = ragged(self.postings.indptr, self.stems[among])
        mask = np.zeros(n, np.bool_)
        mask[self.postings.documents[places]] = True
        return mask
