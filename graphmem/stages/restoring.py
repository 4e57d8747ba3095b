"""Taking back what was forgotten: the same passages, stated again.

As with a source that was retired and comes again, they come in an episode of their own, and what
they state is believed in new versions. The forgotten ones stay as they were, so that what was
believed before, in between and after can each be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from graphmem.graph.threads import DERIVED
from graphmem.maintain.forget import forgotten
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.history import is_version
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Evidence, Fact, Mention
from graphmem.model.source import Episode, Passage
from graphmem.ports.store import GraphStore, scanned
from graphmem.resolve.states import States
from graphmem.stages.known_states import Same
from graphmem.stages.revising import revise


def restore(
    store: GraphStore,
    namespace: str,
    passage_ids: Sequence[str] | None,
    *,
    states: States,
    same: Same,
    now: datetime,
) -> Counts:
    """State forgotten passages, or all that are, again at `now`; how many, and how many facts.

    Those of a source that was retired meanwhile stay forgotten.
    """
    gone = forgotten(store, namespace)
    if passage_ids is not None:
        gone = sorted(set(gone).intersection(passage_ids))
    held = list(store.passages(gone).values())
    episodes = store.episodes(sorted({passage.episode_id for passage in held}))
    held = [passage for passage in held if episodes[passage.episode_id].retired_at is None]
    if not held:
        return Counts()
    again = _episodes_again(store, [episodes[passage.episode_id] for passage in held], now)
    passages = {passage.id: _passage_again(passage, again) for passage in held}
    evidence = store.evidence_in(list(passages))
    facts = _statements(store, evidence, held)
    changes = ChangeSet(
        namespace=namespace,
        episodes=tuple(again.values()),
        passages=tuple(passages.values()),
        mentions=tuple(_mentions_again(store, namespace, passages)),
        facts=tuple(facts.values()),
        evidence=tuple(
            item.model_copy(update={"passage_id": passages[item.passage_id].id})
            for item in evidence
            if item.fact_id in facts
        ),
    )
    revised = revise(store, changes, states=states, same=same, now=now).changes
    # To be taken back is not to be told once more.
    added = store.apply(revised.model_copy(update={"reinforced": ()}))
    return Counts(passages=added.passages, facts=added.facts)


def _episodes_again(
    store: GraphStore, episodes: Sequence[Episode], now: datetime
) -> dict[str, Episode]:
    """By the id of each episode, the one in which what was forgotten of it comes again."""
    found = {}
    for episode in {episode.id: episode for episode in episodes}.values():
        # By their number: by the clock, two of one moment would be one.
        number = sum(
            other.digest == episode.digest
            for other in store.episodes_of(episode.namespace, episode.source)
        )
        id = content_id(Kind.EPISODE, episode.id, "again", str(number))
        found[episode.id] = episode.model_copy(update={"id": id, "recorded_at": now})
    return found


def _passage_again(passage: Passage, again: Mapping[str, Episode]) -> Passage:
    episode = again[passage.episode_id].id
    place = (str(passage.ordinal), str(passage.start), str(passage.end))
    id = content_id(Kind.PASSAGE, episode, *place)
    return passage.model_copy(update={"id": id, "episode_id": episode, "forgotten_at": None})


def _statements(
    store: GraphStore, evidence: Sequence[Evidence], passages: Sequence[Passage]
) -> dict[str, Fact]:
    """What the passages state, as it was stated; of what was derived, that which was dropped."""
    facts = store.facts(sorted({item.fact_id for item in evidence}))
    versions = {
        link.newer_id for link in store.supersessions_of(list(facts)) if is_version(link.reason)
    }
    dropped = {passage.forgotten_at for passage in passages}
    return {
        id: fact
        for id, fact in facts.items()
        if id not in versions and (fact.attribution != DERIVED or fact.retired_at in dropped)
    }


def _mentions_again(
    store: GraphStore, namespace: str, passages: Mapping[str, Passage]
) -> list[Mention]:
    """Who the passages mention, where they come again."""
    with store.read(namespace, ("passages", "entities", "mentions")) as reader:
        held = scanned(reader, "passages", "nid", "id")
        told = {nid: passages[id] for nid, id in held if id in passages}
        columns = ("passage_nid", "entity_nid", "surface", "start", "end", "about")
        rows = [row for row in scanned(reader, "mentions", *columns) if row[0] in told]
        named = {row[1] for row in rows}
        entities = {nid: id for nid, id in scanned(reader, "entities", "nid", "id") if nid in named}
    return [
        Mention(
            passage_id=told[passage].id,
            entity_id=entities[entity],
            surface=surface,
            start=start,
            end=end,
            about=about,
        )
        for passage, entity, surface, start, end, about in rows
    ]
