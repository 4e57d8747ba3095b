"""What a question may ask of models: vectors of further questions, and likeness of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Floats

Embed = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, slots=True)
class Asking:
    """`embed` gives unit vectors of questions, `embed_texts` of what reads like a passage, by
    default the same; `space` is ``None`` without word vectors."""

    embed: Embed
    embed_texts: Embed | None = None
    space: WordSpace | None = None
