"""Question analysis: the names in it, their homes, and the words that say what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphmem.index.lexical import FUNCTION_WORDS, UNKNOWN
from graphmem.index.occurrences import CAPITAL_SHARE
from graphmem.index.passage_index import PassageIndex
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, softmax
from graphmem.kernels.text import Token, tokenise

HOME_SHARPNESS = 20.0
"""How much the question's likeness decides between the homes of one name."""
MIN_HOME_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Span:
    """A name in the question: its row, its words, how rare they are together, and the characters
    that they stand on."""

    name: int
    start: int
    end: int
    idf: float
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seed:
    """A passage that is about a name of the question; `share` among the name's homes, in [0, 1]."""

    span: Span
    passage: int
    share: float
    strength: float


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the stages read it.

    `similarity` is the cosine of every passage with the question. `residual_words` are the words
    outside of its names, one of each stem, and `residual_idf` how rare they are; `residual` are
    their stems, as far as passages have them. `masked` is the question without its names, `space`
    tells how like words are.
    """

    text: str
    similarity: Floats
    allowed: Mask
    spans: tuple[Span, ...]
    seeds: tuple[Seed, ...]
    residual: Rows
    residual_words: tuple[str, ...]
    residual_idf: Doubles
    masked: str
    space: WordSpace | None = None

    @property
    def names(self) -> Ints:
        """Rows of the names, each once."""
        return np.array(sorted({span.name for span in self.spans}), np.int64)


def analyse(
    index: PassageIndex,
    text: str,
    *,
    similarity: Floats,
    allowed: Mask,
    space: WordSpace | None = None,
) -> Question:
    """Read a question."""
    tokens = tokenise(text)
    spans = _spans(index, tokens)
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
    return Question(
        text=text,
        similarity=similarity,
        allowed=allowed,
        spans=tuple(spans),
        seeds=tuple(_seeds(index, spans, similarity, allowed)),
        residual=stems[stems >= 0],
        residual_words=tuple(outside),
        residual_idf=idf,
        masked=_masked(text, spans),
        space=space,
    )


def _one_per_stem(index: PassageIndex, words: list[str]) -> list[str]:
    """The words, of those that share a stem the first one only."""
    stems = index.words.stems(words).tolist()
    first = {
        word if stem == UNKNOWN else stem: word
        for word, stem in zip(reversed(words), reversed(stems), strict=True)
    }
    return list(reversed(first.values()))


def _spans(index: PassageIndex, tokens: list[Token]) -> list[Span]:
    words = [token.text for token in tokens]
    rows = index.words.rows(words)
    rarest = float(np.log(len(index) + 1.0))
    idf = [float(index.lexical.lexicon.idf[row]) if row >= 0 else rarest for row in rows]
    # A question typed in lower case names things too; one with capitals marks its names by them.
    is_cased = any(token.is_capital for token in tokens[1:])
    spans = []
    for found, start, end in index.matcher.find(words):
        name = int(index.meanings[found])
        content = [i for i in range(start, end) if words[i] not in FUNCTION_WORDS]
        n_capital = sum(tokens[i].is_capital for i in content)
        if is_cased and n_capital < CAPITAL_SHARE * max(len(content), 1):
            continue
        if not is_cased and end - start == 1 and not index.n_homes[name]:
            continue
        place = tokens[start].start, tokens[end - 1].end
        spans.append(Span(name, start, end, sum(idf[start:end]), place))
    return spans


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
                seeds.append(Seed(span, int(passage), float(share), float(share * weight)))
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
