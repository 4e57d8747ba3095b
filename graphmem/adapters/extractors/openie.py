"""Ready-made triples where a passage brings them along, another extractor where not."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.extract.read import unwrapped
from graphmem.extract.triples import placed
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth
from graphmem.model.usage import Tally
from graphmem.ports.models import Extractor


class OpenIEExtractor:
    """Takes the triples of a passage that its text bears out as its facts, and counts the others;
    passages without any are `others` to read."""

    def __init__(self, others: Extractor) -> None:
        self._others = others

    @property
    def name(self) -> str:
        """That of what reads the passages without triples."""
        return self._others.name

    @property
    def depth(self) -> Depth:
        """That of what reads the passages without triples."""
        return self._others.depth

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given; errors are those of the others."""
        left = [passage for passage in passages if passage.triples is None]
        read = iter(self._others.extract(left)) if left else iter(())
        return [next(read) if p.triples is None else _placed(p) for p in passages]

    def close(self) -> None:
        """Let go of what reads the others."""
        self._others.close()


def _placed(passage: PassageContext) -> Extraction:
    assert passage.triples is not None
    extraction, rejected, not_found = placed(unwrapped(passage), passage.triples)
    unplaced = {reason: count for reason, count in not_found.items() if count}
    tally = Tally(rejected=dict(rejected), unplaced=unplaced)
    return extraction.model_copy(update={"tally": tally})
