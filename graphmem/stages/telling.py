"""What is told of someone or something, fetched from the store and set in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from graphmem.context.occurrences import EmbedWords
from graphmem.context.shapes import shape_of
from graphmem.context.worked import Worked, work_out
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.extract.fields import stem
from graphmem.extract.lexicon import STOP
from graphmem.graph.threads import Scene, link_of, strands
from graphmem.graph.timeline import Told, entries_of, within
from graphmem.kernels.boundaries import boundaries
from graphmem.kernels.text import tokenise, words
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Evidence, Fact, Modality
from graphmem.model.retrieval import Filter, Hit, Query
from graphmem.model.source import Episode, Passage
from graphmem.model.time import Interval
from graphmem.model.timeline import Place, Timeline
from graphmem.ports.store import GraphStore, scanned
from graphmem.resolve.entities import entity_id
from graphmem.retrieve.filters import is_believed
from graphmem.stages.choosing import holding
from graphmem.stages.known_names import KnownNames
from graphmem.stages.standing import as_known, standing

_TOPIC_PASSAGES: Final = 500
"""Passages, the best first, that are looked at for facts of a topic."""
_LONGEST_NAME: Final = 6
"""Words of a question that are looked up as one name, at most."""


def timeline_of(store: GraphStore, names: KnownNames, query: Query, *, span: Interval) -> Timeline:
    """What is told of the entity whose id or name a query is, or of a topic in other words.

    Raises
    ------
    NotFoundError
        The namespace holds neither; the remedy has names that look like it.
    InvalidInputError
        The span is empty.
    """
    if span.start and span.end and span.start >= span.end:
        raise InvalidInputError(
            f"Nothing lies between {span.start:%Y-%m-%d} and {span.end:%Y-%m-%d}",
            remedy="The start comes first, and the end is not in the span",
        )
    entities = entities_called(store, names, query.text)
    if entities:
        held = store.facts_with(entities)
        ids = list(dict.fromkeys(id for found in held.values() for id in found))
    else:
        ids = _on_topic(store, query.model_copy(update={"where": Filter()}))
        if not ids:
            raise _unknown(names, query.text)
    facts = holding(store, store.facts(ids).values(), query)
    entries = entries_of(gathered(store, names, facts, query))
    if span.start is not None or span.end is not None:
        entries = within(entries, span)
    shown = store.entities(entities)
    return Timeline(
        of=query.text,
        entities=tuple(dict.fromkeys(shown[id].name for id in entities if id in shown)),
        entries=tuple(entries),
    )


def worked_out(
    store: GraphStore,
    names: KnownNames,
    query: Query,
    hits: Sequence[Hit],
    *,
    embed_words: EmbedWords,
) -> Worked | None:
    """What the times of facts tell of the question, ``None`` where it asks for nothing of the kind.

    Looked at are the facts of whom the question names, and those of the hits; under a filter, only
    these, as they satisfy it.
    """
    asked = shape_of(query.text)
    if asked is None:
        return None
    ids = dict.fromkeys(item.fact_id for item in store.evidence_in([hit.id for hit in hits]))
    if query.where == Filter():
        for found in store.facts_with(named_in(store, names, query.text)).values():
            ids.update(dict.fromkeys(found))
    facts = holding(store, store.facts(list(ids)).values(), query)
    told = gathered(store, names, facts, query)
    return work_out(asked, entries_of(told), embed_words)


def named_in(store: GraphStore, names: KnownNames, text: str) -> list[str]:
    """Entities that a question names, and all that they are held to be one with."""
    tokens = tokenise(text)
    spans = [
        text[tokens[start].start : tokens[end - 1].end]
        for start in range(len(tokens))
        for end in range(start + 1, min(start + _LONGEST_NAME, len(tokens)) + 1)
        if any(token.is_capital and token.text not in STOP for token in tokens[start:end])
    ]
    ids = [entity_id(span, namespace=names.namespace) for span in spans]
    held = [id for id, entity in store.entities(ids).items() if entity.type.is_name]
    held += [id for span in spans for id in names.named(span)]
    return sorted({one for id in held for one in names.one(id)[0]})


def entities_called(store: GraphStore, names: KnownNames, asked: str) -> list[str]:
    """Entities of an id, a name or an alias, and all that they are held to be one with; sorted."""
    own = (
        asked
        if asked.startswith(f"{Kind.ENTITY}_")
        else entity_id(asked, namespace=names.namespace)
    )
    found = list(store.entities([own])) or names.named(asked)
    return sorted({one for id in found for one in names.one(id)[0]})


def gathered(store: GraphStore, names: KnownNames, facts: Sequence[Fact], query: Query) -> Told:
    """The facts with where they are told, how sessions go on in each other, and what links them, of
    what the query takes to be known."""
    ids = [fact.id for fact in facts]
    places = places_of(store, ids, query)
    supersessions = store.supersessions_of(ids)
    links = store.discourse_of(ids)
    # A statement that never was believed as it was made acts through its version.
    newer = standing(
        store,
        {pair.newer_id for pair in supersessions},
        lambda fact: is_believed(fact, query),
    )
    others = {id for link in links for id in (link.source_id, link.target_id)} - set(ids)
    around = store.facts(sorted(others), members=False)
    one = names.standing_for(member.entity_id for fact in facts for member in fact.members)
    held = {(link.source_id, link.target_id) for link in links}
    threads = [
        link
        for link in map(link_of, strands(scenes_of(facts, places), one=one))
        if (link.source_id, link.target_id) not in held
    ]
    known = {id for id, fact in around.items() if is_believed(fact, query)} | set(ids)
    texts = {id: fact.text for id, fact in around.items() if id in known}
    return Told(
        facts=[as_known(fact, query) for fact in facts],
        places=places,
        links=[*links, *threads],
        supersessions=[
            pair.model_copy(update={"newer_id": newer[pair.newer_id].id})
            for pair in supersessions
            if pair.newer_id in newer
        ],
        one=one,
        texts={**{fact.id: fact.text for fact in newer.values()}, **texts},
    )


def events_of(store: GraphStore, namespace: str, session: str) -> tuple[tuple[Passage, ...], ...]:
    """The turns of a session that are believed, in order, by the events that they fall into."""
    with store.read(namespace, ("passages",)) as reader:
        held = scanned(reader, "passages", "id", "session", "speaker", "retired_at")
        ids = [id for id, of, said_by, retired in held if of == session and said_by and not retired]
    if not ids:
        raise NotFoundError(f"Namespace {namespace!r} holds no session {session!r}")
    turns = sorted(store.passages(ids).values(), key=lambda turn: (turn.start, turn.ordinal))
    vectors = store.vectors_of([turn.vector_key for turn in turns])
    known = [turn for turn in turns if turn.vector_key in vectors]
    opens = set()
    if known:
        found = boundaries(np.stack([vectors[turn.vector_key] for turn in known]))
        opens = {known[at].id for at in found}
    events: list[list[Passage]] = []
    for turn in turns:
        if not events or turn.id in opens:
            events.append([])
        events[-1].append(turn)
    return tuple(tuple(event) for event in events)


def places_of(
    store: GraphStore, fact_ids: Sequence[str], query: Query | None = None
) -> dict[str, list[Place]]:
    """Where each fact is told, in characters of the sources.

    A place that was forgotten and taken back is one: the passage that a query takes to be known.
    """
    evidence = store.evidence_of(fact_ids)
    passages = store.passages(list({item.passage_id for item in evidence}))
    episodes = store.episodes(list({passage.episode_id for passage in passages.values()}))
    known = query.known_in if query else None

    located = [
        (item, passage, episode)
        for item in evidence
        if (passage := passages.get(item.passage_id)) is not None
        and (episode := episodes.get(passage.episode_id)) is not None  # else deleted since
    ]

    def is_there(place: tuple[Evidence, Passage, Episode]) -> bool:
        _, passage, episode = place
        ends = [at for at in (passage.forgotten_at, episode.retired_at) if at is not None]
        if known is None:
            return not ends
        return Interval(episode.recorded_at, min(ends, default=None)).overlaps(known)

    places: dict[str, list[Place]] = {}
    told: set[tuple[str, str, int, int]] = set()
    for item, passage, episode in sorted(located, key=is_there, reverse=True):
        start, end = passage.start + item.start, passage.start + item.end
        if (item.fact_id, episode.source, start, end) in told:
            continue
        told.add((item.fact_id, episode.source, start, end))
        places.setdefault(item.fact_id, []).append(
            Place(
                passage_id=passage.id,
                episode_id=episode.id,
                source=episode.source,
                title=episode.title,
                start=start,
                end=end,
                speaker=passage.speaker,
                session=passage.session,
                occurred_at=passage.occurred_at or episode.occurred_at,
            )
        )
    return places


def scenes_of(facts: Sequence[Fact], places: Mapping[str, Sequence[Place]]) -> list[Scene]:
    """The facts with when they stand and who tells them; those without any time are left out.

    What is only planned stands where it was told, not where it is planned for.
    """
    scenes = []
    for fact in facts:
        told = places.get(fact.id, ())
        said = min((place.occurred_at for place in told if place.occurred_at), default=None)
        held = fact.valid_from
        at = (held or said) if fact.modality is Modality.ACTUAL else (said or held)
        if at is not None:
            scenes.append(Scene(fact, at, frozenset(place.episode_id for place in told)))
    return scenes


def _on_topic(store: GraphStore, query: Query) -> list[str]:
    """Facts that have all words of a topic, or their passage has and they have one of them."""
    wanted = _content(query.text)
    if not wanted:
        return []
    deep = query.model_copy(update={"k": _TOPIC_PASSAGES})
    found = store.find_text(deep, sorted(set(words(query.text)) - STOP))
    passages = store.passages([id for id, _ in found])
    whole = {id for id, passage in passages.items() if wanted <= _content(passage.text)}
    evidence = store.evidence_in(list(passages))
    facts = store.facts(list({item.fact_id for item in evidence}), members=False)
    ids: dict[str, None] = {}
    for item in evidence:
        said = _content(facts[item.fact_id].text)
        if wanted <= said or (item.passage_id in whole and wanted & said):
            ids.setdefault(item.fact_id)
    return list(ids)


def _content(text: str) -> set[str]:
    return {stem(word) for word in words(text) if word not in STOP}


def _unknown(names: KnownNames, asked: str) -> NotFoundError:
    near = names.near(asked)
    remedy = (
        f"Names like it: {', '.join(near)}"
        if near
        else "`graphmem cypher --named find --param text=PART` finds entities by name"
    )
    return NotFoundError(
        f"Namespace {names.namespace!r} tells of no entity or topic {asked!r}", remedy=remedy
    )
