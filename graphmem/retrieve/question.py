"""Question analysis: the names in it, their homes, and the words that say what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime

import numpy as np

from graphmem.index.lexical import FUNCTION_WORDS, UNKNOWN
from graphmem.index.passage_index import PassageIndex
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, softmax
from graphmem.kernels.text import tokenise
from graphmem.retrieve.dates import Asked, dates_in
from graphmem.retrieve.naming import Span, names_in, peoples_in
from graphmem.retrieve.sought import Sought, sought_of

HOME_SHARPNESS = 20.0
"""How much the question's likeness decides between the homes of one name."""
MIN_HOME_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Seed:
    """A passage that is about a name of the question; `share` among the name's homes, in [0, 1]."""

    span: Span
    passage: int
    share: float
    strength: float


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as it is worded, before its vector is known.

    `residual_words` are the words outside of its names, one of each stem, and `residual_idf` how
    rare they are; `residual` are their stems, as far as passages have them. `masked` is the
    question without its names, `space` tells how like words are. `peoples` are the places that it
    has the adjectives of, which are no names of it; `dates` the times that it names beside its
    names; `sought` what it seeks.
    """

    text: str
    spans: tuple[Span, ...]
    residual: Rows
    residual_words: tuple[str, ...]
    residual_idf: Doubles
    masked: str
    space: WordSpace | None = None
    peoples: tuple[Span, ...] = ()
    dates: tuple[Asked, ...] = ()
    sought: Sought = field(default_factory=Sought)

    @property
    def names(self) -> Ints:
        """Rows of the names, each once."""
        return np.array(sorted({span.name for span in self.spans}), np.int64)

    @property
    def likely(self) -> tuple[Span, ...]:
        """Names that the question has other words for."""
        return tuple(span for span in (*self.spans, *self.peoples) if span.instead)

    @property
    def begins(self) -> dict[int, float]:
        """Rows of the names that a search begins at, rising, and how surely each is meant."""
        sure: dict[int, float] = {}
        for span in sorted((*self.spans, *self.peoples), key=lambda span: span.name):
            sure[span.name] = max(sure.get(span.name, 0.0), span.sure)
        return sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Wording):
    """A question as the stages read it; `similarity` is the cosine of every passage with it."""

    similarity: Floats
    allowed: Mask
    seeds: tuple[Seed, ...]


def analyse(
    index: PassageIndex,
    text: str,
    *,
    similarity: Floats,
    allowed: Mask,
    space: WordSpace | None = None,
    now: datetime | None = None,
) -> Question:
    """Read a question; `now` is what "last year" is told from."""
    wording = read(index, text, space=space, now=now)
    return placed(index, wording, similarity=similarity, allowed=allowed)


def placed(index: PassageIndex, wording: Wording, *, similarity: Floats, allowed: Mask) -> Question:
    """The question with the passages that it is likely about."""
    named = [*wording.spans, *wording.peoples]
    return Question(
        **{part.name: getattr(wording, part.name) for part in fields(wording)},
        similarity=similarity,
        allowed=allowed,
        seeds=tuple(_seeds(index, named, similarity, allowed)),
    )


def read(
    index: PassageIndex,
    text: str,
    *,
    space: WordSpace | None = None,
    now: datetime | None = None,
) -> Wording:
    """What the words of a question tell."""
    tokens = tokenise(text)
    spans = names_in(index, text, tokens)
    peoples = peoples_in(index, text, tokens, spans)
    masked = _masked(text, spans)
    inside = {position for span in spans for position in range(span.start, span.end)}
    outside = _one_per_stem(
        index,
        [
            token.text
            for position, token in enumerate(tokens)
            if position not in inside and token.text not in FUNCTION_WORDS
        ],
    )
    stems = index.words.stems(outside)
    words = index.words.rows(outside)
    rarest = np.log(len(index) + 1.0)
    idf = np.where(words >= 0, index.lexical.lexicon.idf[words], rarest).astype(np.float64)
    return Wording(
        text=text,
        spans=tuple(spans),
        residual=stems[stems >= 0],
        residual_words=tuple(outside),
        residual_idf=idf,
        masked=masked,
        space=space,
        peoples=tuple(peoples),
        dates=tuple(dates_in(masked, now=now)),
        sought=sought_of(masked, frozenset(index.names.types[span.name] for span in spans)),
    )


def _one_per_stem(index: PassageIndex, words: list[str]) -> list[str]:
    """The words, of those that share a stem the first one only."""
    stems = index.words.stems(words).tolist()
    first = {
        word if stem == UNKNOWN else stem: word
        for word, stem in zip(reversed(words), reversed(stems), strict=True)
    }
    return list(reversed(first.values()))


def _seeds(index: PassageIndex, spans: list[Span], similarity: Floats, allowed: Mask) -> list[Seed]:
    names = index.names
    seeds = []
    for span in spans:
        homes = slice(*names.home_indptr[span.name : span.name + 2])
        passages, weights = names.home_passages[homes], names.home_weights[homes]
        keep = allowed[passages]
        passages, weights = passages[keep], weights[keep]
        if not len(passages):
            continue
        shares = softmax(2.0 * np.log(weights) + HOME_SHARPNESS * similarity[passages])
        for passage, weight, share in zip(passages, weights, shares, strict=True):
            if share > MIN_HOME_SHARE:
                strength = float(share * weight * span.sure)
                seeds.append(Seed(span, int(passage), float(share), strength))
    return seeds


def _masked(text: str, spans: list[Span]) -> str:
    """The question with its names taken out."""
    kept, at = [], 0
    for span in spans:
        first, last = span.place
        kept.append(text[at:first])
        at = last
    kept.append(text[at:])
    return " ".join("".join(kept).replace("?", " ").split())
