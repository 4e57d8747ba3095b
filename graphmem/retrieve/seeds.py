"""Seeds: what of a question each share of a hit's score comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from graphmem.graph.snapshot import Category
from graphmem.index.lexical import FUNCTION_WORDS, UNKNOWN
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.text import words
from graphmem.model.retrieval import Query, SeedView
from graphmem.retrieve.dates import written
from graphmem.retrieve.explain import Way
from graphmem.retrieve.heard import Heard, around
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.reach import NOWHERE

_KINDS: Final = {
    "names": "seed seed_rarity link share walk",
    "bridge": "hop2 together chain substitution substitution_rank",
    "words": "bm25 lexical lexical_around words words_around",
    "meaning": "dense dense_around dense_before dense_wide topic topic_around",
    "speaker": "speaker first_person",
    "session": "session",
    "date": "date dated",
    "rerank": "rerank",
    "order": "repeat kind memory",
}
_KIND_OF: Final = {signal: kind for kind, names in _KINDS.items() for signal in names.split()}
_STAGES: Final = {
    "hop2": "hop2",
    "chain": "chain",
    "substitution": "substitution",
    "substitution_rank": "substitution",
}
"""The stage that tells by which name a signal came to a hit."""
_ORDER: Final = {
    "repeat": "a further turn beside one above it",
    "kind": "talk and documents, each beside its best",
    "memory": "the kinds of memory that were to count more or less",
}
_ANSWER: Final = "answer"
"""What else counts: that it looks like an answer, by its form or the kind that is asked for."""


def seeds_of(
    index: PassageIndex,
    query: Query,
    ranking: Ranking,
    position: int,
    ways: Iterable[Way | Heard],
) -> tuple[SeedView, ...]:
    """The shares of a hit's score by what of the question they come from, the largest first.

    They are the ranking's own shares, each in one seed, so they sum to the score; `ways` are those
    to the hit. Seeds that add nothing are left out.
    """
    has_names = ranking.question is not None and len(ranking.question.begins) > 0
    parts: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for name, values in ranking.shares.items():
        share = float(values[position])
        if share:
            # Without names the walk goes out from the nearest passages.
            kind = "meaning" if name == "walk" and not has_names else kind_of(name)
            parts[kind][name] = share
    seeds = [
        SeedView(
            kind=kind,
            text=_told(kind, signals, index, query, ranking, position, ways),
            share=sum(signals.values()),
            signals=signals,
        )
        for kind, signals in parts.items()
    ]
    return tuple(sorted(seeds, key=lambda seed: -abs(seed.share)))


def kind_of(signal: str) -> str:
    """The kind of seed that a signal's share belongs to."""
    return _KIND_OF.get(signal, _ANSWER)


def _told(
    kind: str,
    signals: Iterable[str],
    index: PassageIndex,
    query: Query,
    ranking: Ranking,
    position: int,
    ways: Iterable[Way | Heard],
) -> str:
    """What it is in the question, or in what the question asks for."""
    row, passages = int(ranking.rows[position]), index.passages
    match kind:
        case "names":
            told = _names(index, ranking, ways)
        case "bridge":
            told = _bridge(index, ranking, row, signals)
        case "words":
            told = _words(index, query.text, ranking, row)
        case "speaker":
            told = _text(passages.speakers, row)
        case "session":
            told = _text(passages.sessions, row)
        case "date":
            told = _dates(query, ranking, signals)
        case "rerank":
            told = ranking.note
        case "order":
            told = ", ".join(_ORDER[name] for name in signals)
        case "answer":
            told = _answers(ranking, signals)
        case _:
            told = ""
    return told


def _names(index: PassageIndex, ranking: Ranking, ways: Iterable[Way | Heard]) -> str:
    """The question's names that lead to the hit, or all that were followed."""
    question = ranking.question
    if question is None:
        return ""
    first = [way.name if isinstance(way, Heard) else way.names[0] for way in ways]
    leading = [name for name in dict.fromkeys(first) if name in question.begins]
    instead = {span.name: f"{span.instead}, for " for span in question.likely}
    return ", ".join(
        f"{instead.get(name, '')}{index.names.labels[name]}" for name in leading or question.begins
    )


def _bridge(index: PassageIndex, ranking: Ranking, row: int, signals: Iterable[str]) -> str:
    """Names that are not the question's, by which the hit was come by."""
    stages = dict.fromkeys(_STAGES[signal] for signal in signals if signal in _STAGES)
    names = dict.fromkeys(int(ranking.reaches[stage].via[row]) for stage in stages)
    return ", ".join(index.names.labels[name] for name in names if name != NOWHERE)


def _words(index: PassageIndex, question: str, ranking: Ranking, row: int) -> str:
    """Words of the question that the hit has, and those that only the turns around it have."""
    asked = [word for word in dict.fromkeys(words(question)) if word not in FUNCTION_WORDS]
    stems = dict(zip(asked, index.words.stems(asked).tolist(), strict=True))
    held = _stems(index, [row])
    own = [word for word, stem in stems.items() if stem in held]
    place = None if ranking.turns is None else ranking.turns.place_of(row)
    if ranking.turns is None or place is None:
        return ", ".join(own)
    beside = [int(ranking.turns.rows[other]) for other in around(ranking.turns, place)[1:]]
    near = _stems(index, beside) - held
    further = [word for word, stem in stems.items() if stem in near]
    told = [", ".join(own), f"around it {', '.join(further)}" if further else ""]
    return "; ".join(filter(None, told))


def _stems(index: PassageIndex, rows: Sequence[int]) -> set[int]:
    """Rows of the stems in passages, in what stands above them too."""
    lexical, passages = index.lexical, index.passages
    found: set[int] = set()
    for row in rows:
        start, end = lexical.tokens.indptr[row : row + 2]
        found.update(lexical.lexicon.stems[lexical.tokens.words[start:end]].tolist())
        head = words(f"{_text(passages.titles, row)} {_text(passages.speakers, row)}")
        found.update(index.words.stems(head).tolist())
    return found - {UNKNOWN}


def _dates(query: Query, ranking: Ranking, signals: Iterable[str]) -> str:
    asked = ranking.question.dates if ranking.question and "date" in signals else ()
    told = [written(date) for date in asked]
    if "dated" in signals and query.as_of is not None:
        told.append(f"{query.as_of:%Y-%m-%d}")
    return ", ".join(told)


def _answers(ranking: Ranking, signals: Iterable[str]) -> str:
    """What a hit looks like: a turn by its form, a document by what is sought."""
    told = [name.removeprefix("kind_") for name in signals if name != "sought"]
    if ranking.question is not None and "sought" in signals:
        sought = ranking.question.sought
        told.append(f"about a {' or '.join(sought.about)}, with a {' or '.join(sought.answers)}")
    return ", ".join(told)


def _text(column: Category, row: int) -> str:
    return column.values[int(column.codes[row])]
