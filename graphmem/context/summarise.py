"""Summaries of passages without a language model: their own sentences, the most telling ones.

A sentence is as central as a walk makes it that goes from sentences to what they name and say, and
on to others that do so too. Those with a date or a name tell more. Of them the ones are chosen that
together cover most of what is central, in the order in which it happened or was written.

References
----------
Erkan and Radev (2004), *LexRank*; Lin and Bilmes (2011), *A class of submodular functions for
document summarization*.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp

from graphmem.context.select import Piece, select
from graphmem.context.spans import content, sentences
from graphmem.kernels.arrays import Doubles
from graphmem.model.retrieval import Hit
from graphmem.model.summary import SummarySource

WORDS: Final = 120
"""How long a summary is, in words."""
METHOD: Final = "facts"
_DAMPING: Final = 0.85
_STEPS: Final = 20
_DATED: Final = 0.3
_NAMING: Final = 0.3
_LEANING: Final = 0.5
"""What a sentence is worth less that leans on the one before it."""
_TOPICS: Final = 0.5
"""What all that the sentences name is worth together, where all sentences are worth 1."""
_SHORTEST, _LONGEST = 6, 60
_YEAR: Final = re.compile(r"\b1\d{3}\b|\b20\d\d\b")
_LEANS: Final = re.compile(
    r"(?:he|she|it|they|his|her|its|their|this|these|that|those|there|however|also|but|and)\b",
    re.IGNORECASE,
)
_NAME_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Digest:
    """A summary: its name, and sentences with what bears each out."""

    name: str
    sentences: tuple[str, ...]
    sources: tuple[SummarySource, ...]

    @property
    def text(self) -> str:
        """A sentence a line."""
        return "\n".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of a passage: characters ``[start, end)`` of its text, and what is in it."""

    hit: int
    start: int
    end: int
    features: frozenset[str]
    fact_id: str | None
    worth: float


def digest_of(hits: Sequence[Hit], *, words: int = WORDS) -> Digest:
    """Summarise passages, which come with their facts, in at most `words` words."""
    told = sentences_of(hits)
    if not told:
        return Digest(_name(hits), (), ())
    worth = centrality([t.features for t in told]) * np.array([t.worth for t in told])
    held = Counter(feature for t in told for feature in t.features)
    common = {feature: n for feature, n in held.items() if n > 1}
    total = sum(common.values())
    topics = {feature: _TOPICS * n / total for feature, n in sorted(common.items())}
    of_hit = np.zeros(len(hits))
    np.add.at(of_hit, [t.hit for t in told], worth)
    pieces = [
        Piece(
            group=t.hit,
            share=float(value / of_hit[t.hit]),
            cost=max(1, len(hits[t.hit].text[t.start : t.end].split())),
            words=t.features,
        )
        for t, value in zip(told, worth.tolist(), strict=True)
    ]
    chosen = select(pieces, (of_hit / of_hit.sum()).tolist(), topics=topics, budget=words)
    chosen.sort(key=lambda row: _when(hits, told[row]))
    return Digest(
        name=_name(hits),
        sentences=tuple(said(hits[told[row].hit], told[row]) for row in chosen),
        sources=tuple(
            SummarySource(
                sentence=place,
                passage_id=hits[told[row].hit].id,
                start=told[row].start,
                end=told[row].end,
                fact_id=told[row].fact_id,
            )
            for place, row in enumerate(chosen)
        ),
    )


def sentences_of(hits: Sequence[Hit]) -> list[Told]:
    """The sentences of passages that are worth repeating by themselves."""
    found = []
    for place, hit in enumerate(hits):
        for start, end in sentences(hit.text):
            text = hit.text[start:end]
            if not _SHORTEST <= len(text.split()) <= _LONGEST:
                continue
            facts = [fact for fact in hit.facts if start <= fact.start < end]
            dated = any(fact.valid_from or fact.valid_to for fact in facts)
            naming = any(word[0].isupper() for word in text.split()[1:])
            worth = 1.0 + _DATED * (dated or bool(_YEAR.search(text))) + _NAMING * naming
            if _LEANS.match(text):
                worth *= _LEANING
            found.append(
                Told(place, start, end, content(text), facts[0].id if facts else None, worth)
            )
    return found


def centrality(features: Sequence[frozenset[str]]) -> Doubles:
    """How central each set is among them all, shape (n,), sums to 1.

    The stationary share of a walk that goes from a set to one of its features, rare ones more
    likely, and on to one of the sets that have it; with 1 - 0.85 it begins anew anywhere.
    """
    n = len(features)
    column = {feature: at for at, feature in enumerate(sorted(set().union(*features)))}
    rows = np.repeat(np.arange(n), [len(own) for own in features])
    columns = np.array([column[f] for own in features for f in sorted(own)], np.int64)
    if not len(columns):
        return np.full(n, 1.0 / n)
    held = np.bincount(columns, minlength=len(column))
    idf = np.array([math.log1p(n / count) for count in held.tolist()])
    matrix = sp.csr_array((idf[columns], (rows, columns)), shape=(n, len(column)))
    out = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1e-12)
    back = np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1e-12)
    share = np.full(n, 1.0 / n)
    for _ in range(_STEPS):
        walked = matrix @ ((matrix.T @ (share / out)) / back)
        # A set without a feature goes anywhere.
        share = _DAMPING * walked + (1.0 - _DAMPING * float(walked.sum())) / n
    return np.asarray(share / share.sum(), np.float64)


def said(hit: Hit, told: Told) -> str:
    """A sentence as it stands alone: behind who said it, or what it is about if that is not in it.

    It is on one line.
    """
    text = " ".join(hit.text[told.start : told.end].split())
    if hit.speaker:
        return f"{hit.speaker}: {text}"
    about = content(hit.title)
    return f"{hit.title}: {text}" if about and not about & told.features else text


def _when(hits: Sequence[Hit], told: Told) -> tuple[float, int, int]:
    occurred = hits[told.hit].occurred_at
    return (occurred.timestamp() if occurred else 0.0, told.hit, told.start)


def _name(hits: Sequence[Hit]) -> str:
    """The words that stand in most of the passages and their titles, as they are written there."""
    counts: Counter[str] = Counter()
    shown: dict[str, Counter[str]] = {}
    for hit in hits:
        own: dict[str, str] = {}
        for word in re.findall(r"[^\W\d_]{3,}", f"{hit.title} {hit.text}"):
            for key in content(word):
                own.setdefault(key, word)
        counts.update(own.keys())
        for key, word in own.items():
            shown.setdefault(key, Counter())[word] += 1
    best = sorted(counts, key=lambda key: (-counts[key], key))[:_NAME_WORDS]
    return ", ".join(max(sorted(shown[key]), key=shown[key].__getitem__) for key in best)
