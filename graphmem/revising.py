"""Reconciling what is written with what is known: a batch's statements and the beliefs they change.

A fact's row is its statement and is never written over. Where it comes to be believed otherwise,
the row is retired and a version of it comes in, with the same members and evidence and its own
valid time, linked to the statement by a supersession that says so (:mod:`graphmem.model.history`).
So whatever was believed at any moment is still there to be asked for.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.errors import LLMError
from graphmem.model.change import ChangeSet, Operation, Revision
from graphmem.model.history import REVISES, UNDONE, Reason, reason_of
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import DiscourseLink, Evidence, Fact, Supersession
from graphmem.model.source import OF_CONTENT, Episode, EpisodeKind, Passage
from graphmem.model.time import to_micros
from graphmem.ports.reviser import Doubt, Reviser
from graphmem.ports.store import GraphStore
from graphmem.resolve.claims import Stated, claims_of, deaths_in, readings_of, sentence_at
from graphmem.resolve.entities import entity_id
from graphmem.resolve.revise import (
    JUDGED,
    Cause,
    Claim,
    Slot,
    Span,
    Verdict,
    believe,
    doubts,
    says_more,
    with_deaths,
)
from graphmem.resolve.states import LIFE, Effect, Reading, States, same_value

_log = logging.getLogger(__name__)
_BEGAN: Final = " began"
_RANK: Final = (Operation.RETIRE, Operation.SUPERSEDE, Operation.UPDATE)


class Revised(NamedTuple):
    """A batch with what it changes of what is known."""

    changes: ChangeSet
    revisions: tuple[Revision, ...]
    operations: Mapping[Operation, int]


@dataclass
class _Around:
    """What is known of the states that a batch speaks of, with the batch."""

    facts: dict[str, Fact] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    evidence: defaultdict[str, list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    passages: dict[str, Passage] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    links: list[Supersession] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    without: frozenset[str] = frozenset()

    def root(self, fact_id: str) -> str:
        """The statement that a fact is a version of, or itself."""
        return self._roots.get(fact_id, fact_id)

    def family(self, root: str) -> list[str]:
        """A statement and its versions, as far as the store holds them."""
        return [id for id in (root, *self._versions.get(root, ())) if id in self.held]

    def index(self) -> None:
        """Tell statements from versions."""
        self._roots = {
            link.newer_id: link.older_id for link in self.links if link.reason.startswith(REVISES)
        }
        self._versions: defaultdict[str, list[str]] = defaultdict(list)
        for version, root in sorted(self._roots.items()):
            self._versions[root].append(version)


def revise(
    store: GraphStore,
    changes: ChangeSet,
    *,
    states: States,
    same: Callable[[str], Sequence[str]],
    now: datetime,
    also: Sequence[Fact] = (),
    reviser: Reviser | None = None,
    without: frozenset[str] = frozenset(),
) -> Revised:
    """The batch as it is to be committed: with versions of what it changes, and what is retired.

    Parameters
    ----------
    same
        Ids of all entities that are held to be one with an entity, itself included.
    now
        When the batch is recorded.
    also
        Facts whose states are looked at again, as something else than the batch has changed them.
    reviser
        Decides between statements that no rule orders; without one they are left side by side.
    without
        Ids of passages that are passed over, as they are about to go.
    """
    around = _Around(names={entity.id: entity.name for entity in changes.entities}, without=without)
    given = {fact.id: fact for fact in changes.facts}
    held = store.facts(list(given), members=False)
    around.held.update(held)
    again = {id for id, fact in held.items() if fact.retired_at is not None}
    looked_at = [*given.values(), *_stated_in(store, changes.retired_episodes), *also]
    _name(store, around, looked_at)
    told = {fact.id: readings_of(fact, states, around.names) for fact in looked_at}
    readings = [reading for found in told.values() for reading in found]
    if not readings and not again:  # as for most batches
        counts = Counter(Operation.NOOP if id in held else Operation.ADD for id in given)
        return Revised(changes.model_copy(update={"reinforced": tuple(held)}), (), counts)

    def canonical(key: str) -> str:
        return min(same(key)) if key.startswith(f"{Kind.ENTITY.value}_") else key

    _look_around(store, around, changes, readings, states=states, same=same, again=again)
    claims = _claims(around, changes, states, canonical)
    touched = _touched(readings, claims, canonical)
    chosen = [claim for claim in claims if claim.slot in touched]
    deaths = deaths_in(claims, around.names)
    links = (*around.links, *changes.supersessions)
    undone = {(x.older_id, x.newer_id) for x in links if x.reason.startswith(UNDONE)}
    decided = _decided_before(around)
    told_of = with_deaths(chosen, deaths)
    verdicts = believe(told_of, undone=undone, decided=decided)
    if reviser is not None:
        more = _judged(reviser, doubts(chosen, verdicts, given.keys() - held.keys()))
        if more:
            verdicts = believe(told_of, undone=undone, decided={**decided, **more})
    # What tells of no state is believed as it is stated, so long as anything living states it.
    for id in sorted(again):
        if id not in verdicts and _stated(around, changes, id):
            fact = around.facts[id]
            verdicts[id] = Verdict(((fact.valid_from, fact.valid_to),))
    edit = _Edit(around, changes, given, now)
    for id in sorted(verdicts):
        edit.settle(id, verdicts[id])
    edit.link_discourse(store)
    known = [c for c in chosen if c.fact_id in held or c.fact_id not in given]
    operations = Counter(_operation(id, edit.revisions, chosen, known, held) for id in given)
    return Revised(edit.changes(), tuple(edit.revisions), operations)


def _stated_in(store: GraphStore, episodes: Collection[str]) -> list[Fact]:
    """Facts that these episodes state."""
    if not episodes:
        return []
    passages = store.passages_of(sorted(episodes))
    return list(store.facts(sorted({e.fact_id for e in store.evidence_in(passages)})).values())


def _decided_before(around: _Around) -> dict[tuple[str, str], Operation]:
    """What a judge decided when earlier statements came in."""
    found = {}
    for link in around.links:
        reason = reason_of(link.reason)
        if reason is not None and not reason.is_version and reason.rule.endswith(JUDGED):
            found[around.root(link.newer_id), around.root(link.older_id)] = reason.operation
    return found


def _judged(
    reviser: Reviser, pairs: Sequence[tuple[Claim, Claim]]
) -> dict[tuple[str, str], Operation]:
    """What a judge decides of pairs of a newer and an older statement; nothing where it fails."""
    asked = [
        Doubt(
            state=newer.slot[0],
            newer=newer.text,
            older=older.text,
            newer_said_at=newer.seen[0] if newer.seen else None,
            older_said_at=older.seen[0] if older.seen else None,
        )
        for newer, older in pairs
    ]
    try:
        judgements = reviser.judge(asked)
    except LLMError as error:
        _log.warning("%s decides nothing of %d doubts: %s", reviser.name, len(asked), error)
        return {}
    return {
        (newer.fact_id, older.fact_id): judgement.operation
        for (newer, older), judgement in zip(pairs, judgements, strict=True)
        if judgement.operation in (Operation.SUPERSEDE, Operation.RETIRE)
    }


def _name(store: GraphStore, around: _Around, facts: Iterable[Fact]) -> None:
    """Learn the names of the members of facts."""
    missing = {m.entity_id for fact in facts for m in fact.members} - around.names.keys()
    found = store.entities(sorted(missing)) if missing else {}
    around.names.update({id: entity.name for id, entity in found.items()})


def _look_around(
    store: GraphStore,
    around: _Around,
    changes: ChangeSet,
    readings: Sequence[Reading],
    *,
    states: States,
    same: Callable[[str], Sequence[str]],
    again: set[str],
) -> None:
    """Fetch all that was said of the states that are told of, and of who may have died of them."""
    given = {fact.id: fact for fact in changes.facts}
    seen: set[str] = set()
    pending = list(readings)
    found: set[str] = set(again)
    for _ in range(2):
        ids, named = _anchors(pending, changes.namespace, same)
        ids, named = ids - seen, named - seen
        seen |= ids | named
        met = {
            *_members(store.facts_with(sorted(ids), predicates=states.predicates)),
            *(_members(store.facts_with(sorted(named), predicates=None)) if named else ()),
        } - found
        found |= met
        fetched = store.facts(sorted(met))
        _name(store, around, fetched.values())
        around.facts.update(fetched)
        # Whoever dies may be the value of a state of another, whose facts are then needed too.
        pending = [
            reading
            for fact in fetched.values()
            for reading in readings_of(fact, states, around.names)
        ]
        if not any(reading.state == LIFE for reading in readings):
            break
    around.facts.update(store.facts(sorted(found - around.facts.keys())))
    around.held.update(around.facts)
    around.links = store.supersessions_of(sorted(around.facts)) if around.facts else []
    around.index()
    versions = {link.newer_id for link in around.links if link.reason.startswith(REVISES)}
    around.facts.update(store.facts(sorted(versions - around.facts.keys())))
    around.held.update(around.facts)
    for id, fact in given.items():
        around.facts.setdefault(id, fact)
    _fetch_evidence(store, around, changes)


def _anchors(
    readings: Iterable[Reading], namespace: str, same: Callable[[str], Sequence[str]]
) -> tuple[set[str], set[str]]:
    """Entities whose states are told by known predicates, and those of which any fact may tell."""
    ids: set[str] = set()
    named: set[str] = set()
    for reading in readings:
        for anchor in reading.anchors:
            if anchor.startswith(f"{Kind.ENTITY.value}_"):
                ids.update(same(anchor))
            else:
                named.add(entity_id(anchor, namespace=namespace))
        for value in reading.values:
            ids.add(entity_id(value, namespace=namespace))
    return ids - named, named


def _members(found: Mapping[str, Sequence[str]]) -> set[str]:
    return {id for ids in found.values() for id in ids}


def _fetch_evidence(store: GraphStore, around: _Around, changes: ChangeSet) -> None:
    """Where all of these are stated, in the store and in the batch."""
    stored = store.evidence_of(sorted(around.held & around.facts.keys()))
    for item in (*stored, *changes.evidence):
        if item.fact_id in around.facts and item not in around.evidence[item.fact_id]:
            around.evidence[item.fact_id].append(item)
    wanted = {item.passage_id for items in around.evidence.values() for item in items}
    around.passages = {passage.id: passage for passage in changes.passages}
    around.passages.update(store.passages(sorted(wanted - around.passages.keys())))
    around.episodes = {episode.id: episode for episode in changes.episodes}
    needed = {passage.episode_id for passage in around.passages.values()}
    around.episodes.update(store.episodes(sorted(needed - around.episodes.keys())))


def _stated(around: _Around, changes: ChangeSet, fact_id: str) -> list[Stated]:
    """Where a statement stands that is not itself retired."""
    found = []
    for item in around.evidence[fact_id]:
        if item.passage_id in around.without:
            continue
        passage = around.passages[item.passage_id]
        episode = around.episodes[passage.episode_id]
        if episode.retired_at is not None or episode.id in changes.retired_episodes:
            continue
        seen = passage.occurred_at or episode.occurred_at
        if seen is None and _is_told(episode):
            seen = episode.recorded_at
        sentence = sentence_at(passage.text, item.start, item.end)
        found.append(Stated(passage.text, sentence, seen, episode.trust))
    return found


def _is_told(episode: Episode) -> bool:
    """Whether it was said when it was recorded, for want of a time: talk, and a text as such."""
    return episode.kind is not EpisodeKind.DOCUMENT or episode.source.startswith(OF_CONTENT)


def _claims(
    around: _Around, changes: ChangeSet, states: States, canonical: Callable[[str], str]
) -> list[Claim]:
    """What all statements around claim; versions are none of their own."""
    return [
        claim
        for id, fact in sorted(around.facts.items())
        if around.root(id) == id
        for claim in claims_of(
            fact,
            _stated(around, changes, id),
            states=states,
            names=around.names,
            canonical=canonical,
        )
    ]


def _touched(
    readings: Iterable[Reading], claims: Iterable[Claim], canonical: Callable[[str], str]
) -> set[Slot]:
    """The states that the batch says something of, by what it tells or by whose death."""
    slots = {(reading.state, canonical(reading.holder)) for reading in readings}
    dead = {key for state, key in slots if state == LIFE}
    if dead:
        slots.update(claim.slot for claim in claims if claim.slot[1] in dead)
        slots.update(claim.slot for claim in claims if claim.effect is not Effect.ENDS)
    return slots


class _Edit:
    """A batch as it takes up what follows from it."""

    def __init__(
        self, around: _Around, changes: ChangeSet, given: Mapping[str, Fact], now: datetime
    ) -> None:
        self._around = around
        self._changes = changes
        self._facts = dict(given)
        self._now = now
        self._stated = frozenset(given)
        self._retired: dict[str, datetime] = {}
        self._versions: dict[str, Fact] = {}
        self._of_version: dict[str, str] = {}
        self._evidence: list[Evidence] = []
        self._links: dict[tuple[str, str], str] = {}
        self._discourse: list[DiscourseLink] = []
        self._reinforced: set[str] = set()
        self.revisions: list[Revision] = []

    def settle(self, root: str, verdict: Verdict) -> None:
        """Have a statement be believed as it is found that it is to be."""
        around = self._around
        fact = around.facts[root]
        is_held = root in around.held
        living = {
            _span(around.facts[id]): id
            for id in around.family(root)
            if around.facts[id].retired_at is None
        }
        if is_held and fact.retired_at is not None:
            self._facts.pop(root, None)
        elif not is_held and _span(fact) in verdict.spans:
            living[_span(fact)] = root
        elif not is_held:
            self._facts[root] = fact.model_copy(update={"retired_at": fact.recorded_at})
        made = None
        for span, id in living.items():
            if span not in verdict.spans:
                self._retired[id] = self._now
            elif id in around.held and id != root:
                self._state_again(root, id)
        for span in verdict.spans:
            if span not in living:
                made = self._version(fact, span, verdict.causes)
        is_changed = made is not None or any(span not in verdict.spans for span in living)
        self._tell(root, verdict.causes, made, living, is_changed=is_changed or not is_held)
        if is_held and root in self._stated:
            self._reinforced.update(id for span, id in living.items() if span in verdict.spans)

    def _state_again(self, root: str, version: str) -> None:
        """What states a fact anew in this batch also states its version."""
        self._evidence.extend(
            item.model_copy(update={"fact_id": version})
            for item in self._changes.evidence
            if item.fact_id == root
        )

    def _version(self, fact: Fact, span: Span, causes: Sequence[Cause]) -> str:
        key = [str(to_micros(moment)) for moment in (*span, self._now)]
        id = content_id(Kind.FACT, fact.id, "version", *key)
        self._versions[id] = fact.model_copy(
            update={
                "id": id,
                "valid_from": span[0],
                "valid_to": span[1],
                "recorded_at": self._now,
                "retired_at": None,
            }
        )
        self._of_version[id] = fact.id
        self._evidence.extend(
            item.model_copy(update={"fact_id": id}) for item in self._around.evidence[fact.id]
        )
        cause = causes[0] if causes else Cause(Operation.ADD, "stated again", fact.id, fact.text)
        self._links[id, fact.id] = _reason(cause, is_version=True)
        return id

    def _tell(
        self,
        root: str,
        causes: Sequence[Cause],
        made: str | None,
        living: Mapping[Span, str],
        *,
        is_changed: bool,
    ) -> None:
        """Link what acted upon a belief to it, and list it."""
        standing = made or next(iter(living.values()), root)
        known = {(link.newer_id, link.older_id) for link in self._around.links}
        for cause in causes:
            is_detail = cause.operation is Operation.UPDATE and made is None
            if not is_changed and not (is_detail and (cause.by, standing) not in known):
                continue
            if cause.by == standing:
                continue
            self._links.setdefault((cause.by, standing), _reason(cause))
            if any((cause.by, id) in known for id in self._around.family(root)):
                continue  # what it did is known; it does it to the new version too
            self.revisions.append(
                Revision(
                    operation=cause.operation,
                    rule=cause.rule,
                    fact_id=root,
                    by=cause.by,
                    reason=cause.reason,
                    version_id=made,
                )
            )

    def link_discourse(self, store: GraphStore) -> None:
        """Links of statements whose place a version takes are links of the version."""
        if not self._of_version:
            return
        roots = set(self._of_version.values())
        stored = store.discourse_of(sorted(roots & self._around.held))
        versions: defaultdict[str, list[str]] = defaultdict(list)
        for version, root in self._of_version.items():
            versions[root].append(version)
        for link in (*stored, *self._changes.discourse):
            for source in versions.get(link.source_id, [link.source_id]):
                for target in versions.get(link.target_id, [link.target_id]):
                    if (source, target) != (link.source_id, link.target_id):
                        update = {"source_id": source, "target_id": target}
                        self._discourse.append(link.model_copy(update=update))

    def changes(self) -> ChangeSet:
        """The batch with all of it."""
        changes = self._changes
        links = [
            Supersession(newer_id=newer, older_id=older, reason=reason)
            for (newer, older), reason in self._links.items()
        ]
        return changes.model_copy(
            update={
                "facts": (*self._facts.values(), *self._versions.values()),
                "evidence": (*changes.evidence, *self._evidence),
                "discourse": (*changes.discourse, *self._discourse),
                "supersessions": (*changes.supersessions, *links),
                "retired_facts": {**changes.retired_facts, **self._retired},
                "reinforced": tuple(sorted(self._reinforced - self._retired.keys())),
            }
        )


def _operation(
    fact_id: str,
    revisions: Sequence[Revision],
    claims: Sequence[Claim],
    known: Sequence[Claim],
    held: Collection[str],
) -> Operation:
    """What a statement of the batch did to what was known: the strongest of all that it did."""
    if fact_id in held:
        return Operation.NOOP
    done = {r.operation for r in revisions if r.by == fact_id and not r.rule.endswith(_BEGAN)}
    for operation in _RANK:
        if operation in done:
            return operation
    own = [claim for claim in claims if claim.fact_id == fact_id]
    is_known = any(
        claim.slot == other.slot
        and same_value(claim.values, other.values)
        and claim.effect is not Effect.ENDS
        and other.effect is not Effect.ENDS
        and not says_more(claim, other)
        and claim.fact_id != other.fact_id
        for claim in own
        for other in known
    )
    return Operation.NOOP if is_known else Operation.ADD


def _span(fact: Fact) -> Span:
    return fact.valid_from, fact.valid_to


def _reason(cause: Cause, *, is_version: bool = False) -> str:
    return str(Reason(cause.operation, cause.rule, cause.reason, is_version))
