"""What a question may ask of models: vectors of further questions, and likeness of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Floats
from graphmem.ports.ranker import Ranker

Embed = Callable[[Sequence[str]], Floats]
_Made = TypeVar("_Made")


class Begin(Protocol):
    """Begins some work; what it returns waits for the result."""

    def __call__(self, work: Callable[[], _Made], /) -> Callable[[], _Made]: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """`embed` gives unit vectors of questions, `embed_texts` of what reads like a passage, by
    default the same; `ranker` ranks the nodes of a walk; `space` is ``None`` without word vectors.
    What is found is weighed by `learned` weights, or all alike. `now` is what a question tells
    relative times from, unless it is asked as of another moment. With two `threads` or more,
    models run beside what needs no result of theirs.
    """

    embed: Embed
    ranker: Ranker
    embed_texts: Embed | None = None
    space: WordSpace | None = None
    learned: bool = True
    now: datetime | None = None
    threads: int = 1

    @contextmanager
    def beside(self) -> Iterator[Begin]:
        """What begins work that goes on beside the caller's, or is put off until it is needed."""
        if self.threads < 2:
            yield _later
            return
        with ThreadPoolExecutor(1, "graphmem-ask") as pool:
            yield lambda work: pool.submit(work).result


def _later(work: Callable[[], _Made]) -> Callable[[], _Made]:
    return work
