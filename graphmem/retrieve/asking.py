"""What a question may ask of models: vectors of further questions, and likeness of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Floats
from graphmem.ports.ranker import Ranker

Embed = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, slots=True)
class Asking:
    """`embed` gives unit vectors of questions, `embed_texts` of what reads like a passage, by
    default the same; `ranker` ranks the nodes of a walk; `space` is ``None`` without word vectors.
    What is found is weighed by `learned` weights, or all alike. `now` is what a question tells
    relative times from, unless it is asked as of another moment.
    """

    embed: Embed
    ranker: Ranker
    embed_texts: Embed | None = None
    space: WordSpace | None = None
    learned: bool = True
    now: datetime | None = None
