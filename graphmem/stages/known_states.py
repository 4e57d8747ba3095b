"""What is known of the states that a batch speaks of: fetched in few questions to the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphmem.model.change import ChangeSet
from graphmem.model.history import is_version
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Evidence, Fact, Supersession
from graphmem.model.source import OF_CONTENT, OF_SESSION, Episode, Passage
from graphmem.ports.store import GraphStore
from graphmem.resolve.claims import Stated, claims_of, readings_of, sentence_at
from graphmem.resolve.entities import entity_id
from graphmem.resolve.revise import Claim
from graphmem.resolve.states import LIFE, Reading, States

Same = Callable[[str], Sequence[str]]
"""Ids of all entities that are held to be one with an entity, itself included."""


@dataclass
class Around:
    """What is known of the states that a batch speaks of, with the batch."""

    facts: dict[str, Fact] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    evidence: defaultdict[str, list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    passages: dict[str, Passage] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    links: list[Supersession] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    without: frozenset[str] = frozenset()
    _roots: dict[str, str] = field(default_factory=dict)
    _versions: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def root(self, fact_id: str) -> str:
        """The statement that a fact is a version of, or itself."""
        return self._roots.get(fact_id, fact_id)

    def family(self, root: str) -> list[str]:
        """A statement and its versions, as far as the store holds them."""
        return [id for id in (root, *self._versions.get(root, ())) if id in self.held]

    def index(self) -> None:
        """Tell statements from versions."""
        self._roots = {
            link.newer_id: link.older_id for link in self.links if is_version(link.reason)
        }
        self._versions.clear()
        for version, root in sorted(self._roots.items()):
            self._versions[root].append(version)


def facts_stated_in(store: GraphStore, episodes: Collection[str]) -> list[Fact]:
    """Facts that these episodes state."""
    if not episodes:
        return []
    passages = store.passages_of(sorted(episodes))
    return list(store.facts(sorted({e.fact_id for e in store.evidence_in(passages)})).values())


def learn_names(store: GraphStore, around: Around, facts: Iterable[Fact]) -> None:
    """Learn the names of the members of facts."""
    missing = {m.entity_id for fact in facts for m in fact.members} - around.names.keys()
    found = store.entities(sorted(missing)) if missing else {}
    around.names.update({id: entity.name for id, entity in found.items()})


def look_around(
    store: GraphStore,
    around: Around,
    changes: ChangeSet,
    readings: Sequence[Reading],
    *,
    states: States,
    same: Same,
    again: Collection[str],
) -> None:
    """Fetch all that was said of the states that are told of, and of who may have died of them."""
    found = dict.fromkeys(again)
    met = _fetch(store, around, found, readings, changes.namespace, states=states, same=same)
    dead = {reading.holder for reading in readings if reading.state == LIFE}
    if dead:
        # Whoever dies ends states of others too, such as an office: all that was said of these.
        met += _fetch(store, around, found, met, changes.namespace, states=states, same=same)
    # Whoever else had the state may have died before.
    people = {
        entity_id(v, namespace=changes.namespace) for r in (*readings, *met) for v in r.values
    }
    _take(store, around, found, store.facts_with(sorted(people), predicates=states.ending_life))
    around.facts.update(store.facts(sorted(found.keys() - around.facts.keys())))
    around.held.update(around.facts)
    around.links = store.supersessions_of(sorted(around.facts)) if around.facts else []
    around.index()
    versions = {link.newer_id for link in around.links if is_version(link.reason)}
    around.facts.update(store.facts(sorted(versions - around.facts.keys())))
    around.held.update(around.facts)
    for fact in changes.facts:
        around.facts.setdefault(fact.id, fact)
    _fetch_evidence(store, around, changes)


def _fetch(
    store: GraphStore,
    around: Around,
    found: dict[str, None],
    readings: Iterable[Reading],
    namespace: str,
    *,
    states: States,
    same: Same,
) -> list[Reading]:
    """Fetch the facts that may tell of the same states; returns what those that are new tell."""
    ids, named = _anchors(readings, namespace, same)
    told = _take(store, around, found, store.facts_with(sorted(ids), predicates=states.predicates))
    if named:
        told += _take(store, around, found, store.facts_with(sorted(named)))
    return [r for fact in told for r in readings_of(fact, states, around.names)]


def _take(
    store: GraphStore,
    around: Around,
    found: dict[str, None],
    by_entity: Mapping[str, Sequence[str]],
) -> list[Fact]:
    """Fetch those of the facts that are not fetched yet, with the names of their members."""
    more = sorted({id for ids in by_entity.values() for id in ids} - found.keys())
    found.update(dict.fromkeys(more))
    fetched = store.facts(more)
    learn_names(store, around, fetched.values())
    around.facts.update(fetched)
    return list(fetched.values())


def _anchors(readings: Iterable[Reading], namespace: str, same: Same) -> tuple[set[str], set[str]]:
    """Entities whose states are told by known predicates, and those of which any fact may tell."""
    ids: set[str] = set()
    named: set[str] = set()
    for reading in readings:
        for anchor in reading.anchors:
            if anchor.startswith(f"{Kind.ENTITY.value}_"):
                ids.update(same(anchor))
            else:
                named.add(entity_id(anchor, namespace=namespace))
    return ids - named, named


def _fetch_evidence(store: GraphStore, around: Around, changes: ChangeSet) -> None:
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


def stated(around: Around, changes: ChangeSet, fact_id: str) -> list[Stated]:
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


def forgotten(around: Around) -> set[str]:
    """Statements that stand in forgotten passages, and in no other living one: they still say what
    ended others, and are not believed themselves."""
    found = set()
    for id, items in around.evidence.items():
        passages = [around.passages[item.passage_id] for item in items]
        living = [p for p in passages if around.episodes[p.episode_id].retired_at is None]
        if living and all(passage.forgotten_at for passage in living):
            found.add(id)
    return found


def _is_told(episode: Episode) -> bool:
    """Whether it was said when it was recorded, for want of a time: what was handed over as such.

    What a job reads from files was not: when it was read says nothing of when it was said.
    """
    return episode.source.startswith((OF_CONTENT, OF_SESSION))


def claims_around(
    around: Around, changes: ChangeSet, states: States, canonical: Callable[[str], str]
) -> list[Claim]:
    """What all statements around claim; versions are none of their own."""
    return [
        claim
        for id, fact in sorted(around.facts.items())
        if around.root(id) == id
        for claim in claims_of(
            fact,
            stated(around, changes, id),
            states=states,
            names=around.names,
            canonical=canonical,
        )
    ]
