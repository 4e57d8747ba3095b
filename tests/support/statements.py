"""Statements told to a store by hand, as an extractor would draft them; no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from graphmem.model.change import Neighbourhood
from graphmem.model.extraction import Extraction, FactDraft, MemberDraft
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Fact, FactKind, Polarity
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.model.time import parse_interval
from graphmem.ports.reviser import Reviser
from graphmem.ports.store import GraphStore
from graphmem.resolve.resolve import resolve
from graphmem.resolve.states_file import load_states
from graphmem.stages.revising import Revised, revise

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When the first statement is recorded; each next one a minute later."""


@dataclass(frozen=True)
class Statement:
    """One sentence that states one fact, said on the day `said` ("2020-05-01").

    `since` and `until` name times in it: the fact is valid from the one to the other.
    """

    subject: str
    predicate: str
    role: str
    value: str
    said: str | None = None
    since: str | None = None
    until: str | None = None
    trust: float = 0.5
    is_denied: bool = False
    before: str = ""

    @property
    def text(self) -> str:
        """The sentence."""
        words = (self.before, self.subject, self.predicate, self.role, self.value)
        return f"{' '.join(filter(None, words))} (since {self.since}, until {self.until})."

    @property
    def source(self) -> str:
        """Each statement is a source of its own."""
        return f"{self.said} {self.trust} {self.text}"


def lives(who: str, where: str, **fields: object) -> Statement:
    """Someone lives somewhere."""
    return Statement(who, "live", "place", where, **fields)  # type: ignore[arg-type]


def moved(who: str, where: str, since: str, **fields: object) -> Statement:
    """Someone moved somewhere."""
    return Statement(who, "move", "to", where, since=since, until=since, **fields)  # type: ignore[arg-type]


def tell(
    store: GraphStore,
    statements: Sequence[Statement],
    *,
    minute: int,
    namespace: str = "default",
    reviser: Reviser | None = None,
) -> Revised:
    """Commit the statements as one batch, recorded so many minutes after the first."""
    now = EPOCH + timedelta(minutes=minute)
    episodes, passages, extractions = [], [], []
    for statement in statements:
        episode = Episode(
            id=content_id(Kind.EPISODE, namespace, statement.source),
            namespace=namespace,
            source=statement.source,
            title="",
            kind=EpisodeKind.DOCUMENT,
            occurred_at=_start(statement.said),
            recorded_at=now,
            digest=statement.source,
            trust=statement.trust,
        )
        passage = Passage(
            id=content_id(Kind.PASSAGE, episode.id),
            episode_id=episode.id,
            text=statement.text,
            start=0,
            end=len(statement.text),
            ordinal=0,
            occurred_at=_start(statement.said),
            vector_key=statement.source,
        )
        episodes.append(episode)
        passages.append(passage)
        extractions.append(Extraction(passage_id=passage.id, facts=(_draft(statement),)))
    changes = resolve(
        episodes,
        passages,
        extractions,
        namespace=namespace,
        recorded_at=now,
        known=Neighbourhood(),
    )
    revised = revise(
        store,
        changes,
        states=load_states(),
        same=lambda id: [id],
        now=now,
        reviser=reviser,
    )
    store.apply(revised.changes)
    return revised


def facts_in(store: GraphStore, namespace: str = "default") -> list[Fact]:
    """All facts that the store holds, believed or not."""
    with store.read(namespace, ("facts",)) as reader:
        ids = [row[0] for rows in reader.scan("facts", ("id",)) for row in rows]
    return list(store.facts(ids).values())


def believed(facts: Sequence[Fact], known_at: datetime | None = None) -> set[tuple[object, ...]]:
    """What is believed at a moment, or now: what is stated, with when it holds."""
    return {
        (f.predicate, f.polarity, *((m.role, m.text) for m in f.members), f.valid_from, f.valid_to)
        for f in facts
        if (
            f.retired_at is None
            if known_at is None
            else f.recorded_at <= known_at and (f.retired_at is None or known_at < f.retired_at)
        )
    }


def _draft(statement: Statement) -> FactDraft:
    since = parse_interval(statement.since) if statement.since else None
    until = parse_interval(statement.until) if statement.until else None
    return FactDraft(
        text=statement.text,
        predicate=statement.predicate,
        members=(
            MemberDraft(role="subject", text=statement.subject, name=statement.subject),
            MemberDraft(role=statement.role, text=statement.value, name=statement.value),
        ),
        start=0,
        end=len(statement.text),
        polarity=Polarity.NEGATIVE if statement.is_denied else Polarity.POSITIVE,
        kind=FactKind.STATE,
        valid_from=since.start if since else None,
        valid_to=until.end if until else None,
        precision=since.precision if since else until.precision if until else None,
    )


def _start(day: str | None) -> datetime | None:
    return parse_interval(day).start if day else None
