"""Questions and what comes back: the read path's values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from graphmem.model.base import UtcTime, Value
from graphmem.model.knowledge import Fact, FactKind, Modality, Polarity
from graphmem.model.source import DEFAULT_NAMESPACE, AttributeValue
from graphmem.model.time import Interval


class Mode(StrEnum):
    """How passages are ranked."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"
    GRAPH = "graph"


Several = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
]
"""One value or more."""


class FactFilter(Value):
    """What a fact must satisfy; every field that is set must hold.

    Of what a fact has several of, each that is asked for must be among them. `speaker` has said it,
    in one of the turns that it is evidenced by.
    """

    topics: Several = ()
    event_types: Several = ()
    keywords: Several = ()
    tags: Several = ()
    intent: str | None = None
    kind: FactKind | None = None
    modality: Modality | None = None
    polarity: Polarity | None = None
    speaker: str | None = None

    def fits(self, fact: Fact) -> bool:
        """Whether a fact satisfies all but `speaker`, which it does not tell itself."""
        return all(
            wanted is None or wanted == held
            for wanted, held in (
                (self.intent, fact.intent),
                (self.kind, fact.kind),
                (self.modality, fact.modality),
                (self.polarity, fact.polarity),
            )
        ) and all(
            set(wanted) <= set(held)
            for wanted, held in (
                (self.topics, fact.topics),
                (self.event_types, fact.event_types),
                (self.keywords, fact.keywords),
                (self.tags, fact.tags),
            )
        )


class Filter(Value):
    """What a hit must satisfy; every field that is set must hold.

    `type` keeps passages that mention an entity of that type. `since` and `until` bound the
    passage's own time, half-open. `attributes` must be equal; of one with several values, each that
    is asked for must be among them. `fact` keeps passages that state such a fact, and of facts only
    those.
    """

    source: str | None = None
    speaker: str | None = None
    session: str | None = None
    type: str | None = None
    entity: str | None = None
    since: UtcTime | None = None
    until: UtcTime | None = None
    attributes: Mapping[str, AttributeValue] = Field(default_factory=dict)
    fact: FactFilter | None = None


class Query(Value):
    """A question as retrieval gets it.

    `as_of` and `known_at` are moments, or with `as_of_until` and `known_until` the beginnings of
    ranges up to there: for what held, or was believed, at any time in them. `weigh` has what the
    scores of passages of a kind of memory are multiplied by.
    """

    text: str = Field(min_length=1)
    k: int = Field(10, ge=1, le=10_000)
    mode: Mode = Mode.GRAPH
    as_of: UtcTime | None = None
    known_at: UtcTime | None = None
    as_of_until: UtcTime | None = None
    known_until: UtcTime | None = None
    where: Filter = Filter()
    weigh: Mapping[str, Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )
    namespace: str = DEFAULT_NAMESPACE

    @property
    def held_in(self) -> Interval | None:
        """When a fact must have held for at least a moment, ``None`` for whenever."""
        return moment_or_range(self.as_of, self.as_of_until)

    @property
    def known_in(self) -> Interval | None:
        """When a fact must have been believed for at least a moment, ``None`` for now."""
        return moment_or_range(self.known_at, self.known_until)


def has_value(held: AttributeValue | Collection[str] | None, wanted: AttributeValue) -> bool:
    """Whether an attribute is what is asked for, or one of several is; of several, all are."""
    if held is None:
        return False
    values = {str(held)} if isinstance(held, str | int | float) else set(map(str, held))
    return values >= (set(map(str, wanted)) if isinstance(wanted, tuple) else {str(wanted)})


def moment_or_range(start: datetime | None, end: datetime | None) -> Interval | None:
    """The interval from `start` to `end`, or of the moment `start` alone."""
    return None if start is None else Interval(start, end or start + timedelta(microseconds=1))


class Step(Value):
    """One step of a path: `relation` leads from the name before to `name`, as `fact_id` states.

    `passage_id` is where that stands, also where no fact of it does.
    """

    name: str
    relation: str = ""
    fact_id: str | None = None
    fact: str = ""
    passage_id: str | None = None


class Path(Value):
    """How a hit was reached: from a name in the question, over facts, to the passage."""

    steps: tuple[Step, ...]
    score: float


class SeedView(Value):
    """What of a question a hit comes from: its names, words or meaning, who or when it asks for.

    `share` is what of the hit's score comes from there, `signals` what that is made of.
    """

    kind: str
    text: str
    share: float
    signals: Mapping[str, float] = Field(default_factory=dict)


class QuestionView(Value):
    """What a question is read as.

    `names` are those of the memory that it has, "X, for Y" where it has another word for Y. `times`
    are ISO 8601, ranges as ``first..last``. `about` are types of what its names are to lead to,
    `answers` kinds of what it asks for: a type, ``time`` or ``number``. `cues` say how it is put:
    ``comparison``, ``bridge``, ``inference``, ``temporal``, ``several``.
    """

    names: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()


class FactView(Value):
    """A fact that a hit is evidence for; `superseded_by` is what a newer one says, in contexts."""

    id: str
    text: str
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    start: int
    end: int
    superseded_by: str = ""


class Hit(Value):
    """A passage that answers, with where it stands and how it was found.

    `start` and `end` are characters of the source's text. `signals` are the shares of `score`;
    `seeds` have the same, by what of the question they come from.
    `note` is what there is to know of how the order came about, such as why it was not reranked.
    """

    id: str
    rank: int
    score: float
    text: str
    title: str
    source: str
    start: int
    end: int
    speaker: str | None = None
    session: str | None = None
    occurred_at: UtcTime | None = None
    external_id: str | None = None
    attributes: Mapping[str, AttributeValue] = Field(default_factory=dict)
    facts: tuple[FactView, ...] = ()
    paths: tuple[Path, ...] = ()
    seeds: tuple[SeedView, ...] = ()
    signals: Mapping[str, float] = Field(default_factory=dict)
    note: str = ""


class Citation(Value):
    """One cited item of a context; `marker` is what stands in the text, such as ``[1]``."""

    marker: str
    passage_id: str
    source: str
    title: str
    start: int
    end: int
    occurred_at: UtcTime | None = None


class Context(Value):
    """Text for a reader within a token budget, each item cited, recalled text fenced as data.

    `worked_out` is what the times of facts together tell of the question, where it asks for that.
    """

    question: str
    text: str
    tokens: int
    budget: int
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    left_out: int = 0
    worked_out: str = ""


class Statement(Value):
    """A sentence of an answer; citations are cut to the words that bear it out."""

    text: str
    citations: tuple[Citation, ...]


class Answer(Value):
    """What the memory answers. `text` has a statement a line, each behind it what it cites.

    `by` is the language model, ``facts`` where statements stand as they were recalled, or ``times``
    where the first one was worked out from when the others were. Without
    statements it is not `known`. `dropped` counts statements that nothing bore out; `note` says
    what there is to know of how it came about.
    """

    question: str
    known: bool = False
    text: str = ""
    statements: tuple[Statement, ...] = ()
    by: str
    note: str = ""
    dropped: int = 0
