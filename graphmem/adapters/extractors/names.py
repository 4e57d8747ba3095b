"""Reading names only, with no model."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.extract.read import read_names, unwrapped
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth


class NamesExtractor:
    """Titles, aliases and runs of capitalised words."""

    @property
    def name(self) -> str:
        """The method and its version."""
        return "names:1"

    @property
    def depth(self) -> Depth:
        """Names only."""
        return Depth.FAST

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given."""
        return [read_names(unwrapped(passage)) for passage in passages]

    def close(self) -> None:
        """Nothing is held."""
