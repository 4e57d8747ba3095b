"""Erasing for good: passages, all that only they support, and every word of them in what stays.

What others state too stays, in the words of those that still state it. What the erased statements
ended is believed again, and the beliefs that they brought about go with them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.kernels.text import words
from graphmem.model.change import ChangeSet, Counts, EditSet
from graphmem.model.history import reason_of
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Supersession
from graphmem.model.source import Passage
from graphmem.ports.store import GraphStore
from graphmem.resolve.states import States
from graphmem.stages.revising import revise

_ERASED: Final = "what said so was erased"
_MOST_LOOKED_AT: Final = 200
"""Passages of an entity that are looked at for whether a name of it still stands somewhere."""


class Erased(NamedTuple):
    """What was removed, of how much that stays the wording was changed, and where words are left
    that the store cannot reach."""

    removed: Counts
    reworded: int
    left: str


class _Touched(NamedTuple):
    """What the passages that go have to do with: all of it as it was before."""

    facts: Mapping[str, Fact]
    gone: frozenset[str]
    entities: tuple[str, ...]
    links: tuple[Supersession, ...]


def erase(
    store: GraphStore,
    namespace: str,
    passage_ids: Sequence[str],
    *,
    states: States,
    same: Callable[[str], Sequence[str]],
    now: datetime,
) -> Erased:
    """Remove passages for good, and their words from all that stays of the namespace."""
    touched = _touched(store, passage_ids)
    revised = revise(
        store,
        ChangeSet(namespace=namespace),
        states=states,
        same=same,
        now=now,
        also=list(touched.facts.values()),
        without=frozenset(passage_ids),
    )
    if revised.changes.facts or revised.changes.retired_facts:
        store.apply(revised.changes)
    removed = store.erase(namespace, passage_ids)
    _forget_causes(store, namespace, touched)
    reworded = _reword_facts(store, namespace, sorted(touched.facts.keys() - touched.gone))
    reworded += _reword_entities(store, namespace, touched.entities)
    return Erased(removed, reworded, store.compact())


def _touched(store: GraphStore, passage_ids: Sequence[str]) -> _Touched:
    stated = sorted({item.fact_id for item in store.evidence_in(passage_ids)})
    facts = store.facts(stated)
    going = set(passage_ids)
    elsewhere = {e.fact_id for e in store.evidence_of(stated) if e.passage_id not in going}
    gone = frozenset(id for id in facts if id not in elsewhere)
    members = {m.entity_id for fact in facts.values() for m in fact.members}
    acted_upon = [link.older_id for link in store.supersessions_of(sorted(gone))]
    links = store.supersessions_of(sorted({*acted_upon, *facts}))
    return _Touched(facts, gone, tuple(sorted(members)), tuple(links))


def _forget_causes(store: GraphStore, namespace: str, touched: _Touched) -> None:
    """Remove beliefs that only what was erased brought about, and its words from the others."""
    said = {touched.facts[id].text for id in touched.gone}
    caused = [
        link
        for link in touched.links
        if (reason := reason_of(link.reason)) and reason.is_version and reason.why in said
    ]
    held = store.facts([link.newer_id for link in caused], members=False)
    past = {id for id, fact in held.items() if fact.retired_at is not None}
    kept = [link for link in caused if link.newer_id in held and link.newer_id not in past]
    if not past and not kept:
        return
    store.edit(
        EditSet(
            namespace=namespace,
            version=store.version(namespace),
            supersessions=tuple(_without_words(link) for link in kept),
            removed_facts=tuple(sorted(past)),
        )
    )


def _without_words(link: Supersession) -> Supersession:
    reason = reason_of(link.reason)
    assert reason is not None
    return link.model_copy(update={"reason": str(reason._replace(why=_ERASED))})


def _in_words(link: Supersession, worded: Mapping[str, str]) -> Supersession:
    """A link whose reason is a fact's text, with the words that this has now."""
    reason = reason_of(link.reason)
    if reason is None or reason.why not in worded:
        return link
    return link.model_copy(update={"reason": str(reason._replace(why=worded[reason.why]))})


def _reword_facts(store: GraphStore, namespace: str, fact_ids: Sequence[str]) -> int:
    """Facts whose words stand in none of the passages that still state them get those of one."""
    facts = store.facts(fact_ids)
    evidence = store.evidence_of(list(facts))
    passages = store.passages([item.passage_id for item in evidence])
    names = store.entities([m.entity_id for fact in facts.values() for m in fact.members])
    changed = []
    for fact in facts.values():
        stated = [item for item in evidence if item.fact_id == fact.id]
        reworded = _reworded(fact, stated, passages, names)
        if reworded != fact:
            changed.append(reworded)
    if not changed:
        return 0
    ids = [fact.id for fact in changed]
    worded = {facts[fact.id].text: fact.text for fact in changed}
    links = [_in_words(link, worded) for link in store.supersessions_of(ids)]
    discourse = store.discourse_of(ids)
    again = [item for item in evidence if item.fact_id in set(ids)]
    store.edit(
        EditSet(namespace=namespace, version=store.version(namespace), removed_facts=tuple(ids))
    )
    store.apply(_as_before(namespace, changed, again, discourse, links, names))
    return len(changed)


def _as_before(
    namespace: str,
    facts: Sequence[Fact],
    evidence: Sequence[Evidence],
    discourse: Sequence[DiscourseLink],
    links: Sequence[Supersession],
    entities: Mapping[str, Entity],
) -> ChangeSet:
    """Facts with all that hung on them; an entity that was nothing but their member included."""
    needed = {m.entity_id for fact in facts for m in fact.members}
    return ChangeSet(
        namespace=namespace,
        entities=tuple(entities[id] for id in sorted(needed)),
        facts=tuple(facts),
        evidence=tuple(evidence),
        discourse=tuple(discourse),
        supersessions=tuple(links),
    )


def _reworded(
    fact: Fact,
    stated: Sequence[Evidence],
    passages: Mapping[str, Passage],
    names: Mapping[str, Entity],
) -> Fact:
    here = {item.passage_id: passages[item.passage_id].text for item in stated}
    said = {word for text in here.values() for word in words(text)}
    known = {
        *said,
        *(word for m in fact.members for word in words(names[m.entity_id].name)),
    }
    first = stated[0]
    is_own = set(words(fact.text)) <= known
    text = fact.text if is_own else here[first.passage_id][first.start : first.end]
    members = tuple(
        m
        if set(words(m.text)) <= said
        else m.model_copy(update={"text": names[m.entity_id].name, "start": None, "end": None})
        for m in fact.members
    )
    mined = {
        name: tuple(value for value in getattr(fact, name) if set(words(value)) <= said)
        for name in ("keywords", "tags")
    }
    return fact.model_copy(update={"text": text, "members": members, **mined})


def _reword_entities(store: GraphStore, namespace: str, entity_ids: Collection[str]) -> int:
    """Names of entities that stand nowhere any more are theirs no longer; nor is their profile."""
    entities = store.entities(sorted(entity_ids))
    where = store.passages_naming(list(entities), limit=_MOST_LOOKED_AT)
    passages = store.passages(sorted({id for ids in where.values() for id in ids}))
    titles = {
        episode.id: episode.title
        for episode in store.episodes(
            sorted({passage.episode_id for passage in passages.values()})
        ).values()
    }
    changed = []
    for entity in entities.values():
        here = [passages[id] for id in where.get(entity.id, ()) if id in passages]
        told = [f"{titles.get(p.episode_id, '')} {p.speaker or ''} {p.text}" for p in here]
        aliases = tuple(alias for alias in entity.aliases if _stands(alias, told))
        if (aliases, "") != (entity.aliases, entity.profile):
            changed.append(entity.model_copy(update={"aliases": aliases, "profile": ""}))
    if changed:
        store.edit(
            EditSet(namespace=namespace, version=store.version(namespace), entities=tuple(changed))
        )
    return len(changed)


def _stands(name: str, texts: Iterable[str]) -> bool:
    wanted = " ".join(words(name))
    return any(f" {wanted} " in f" {' '.join(words(text))} " for text in texts)
