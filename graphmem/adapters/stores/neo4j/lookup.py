"""Single values by id, and what a source or a store consists of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from graphmem.adapters.bolt import Bolt, Runs, listed, rows
from graphmem.adapters.stores.merge import in_reading_order
from graphmem.adapters.stores.neo4j.rows import (
    ENTITY_FIELDS,
    EPISODE_FIELDS,
    FACT_FIELDS,
    PASSAGE_FIELDS,
    value_of,
)
from graphmem.adapters.stores.neo4j.statements import statements
from graphmem.model.base import Value
from graphmem.model.change import Counts
from graphmem.model.ids import digest
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Supersession
from graphmem.model.source import Episode, Passage
from graphmem.ports.store import Vectors

V = TypeVar("V", bound=Value)
T = TypeVar("T")

_IDS: Final = 5000
_EPISODE: Final = ("id", "namespace", *EPISODE_FIELDS)


def episodes(bolt: Bolt, ids: Sequence[str]) -> dict[str, Episode]:
    """Those that exist, in the order asked for."""
    return _by_id(bolt, "episodes", ids, Episode, EPISODE_FIELDS, _EPISODE)


def episodes_of(bolt: Bolt, namespace: str, source: str) -> list[Episode]:
    """A source's episodes, oldest first."""
    statement = _with_fields(statements("lookup")["episodes_of"], EPISODE_FIELDS)
    found = bolt.read(
        lambda tx: listed(tx, statement, key=digest(namespace), source_key=digest(source))
    )
    return [value_of(Episode, _EPISODE, row) for row in found]


def sources(bolt: Bolt, namespace: str) -> list[tuple[str, int]]:
    """Sources with living episodes, and how many passages these have."""
    found = bolt.read(lambda tx: listed(tx, statements("lookup")["sources"], key=digest(namespace)))
    # Ordered here: the server compares UTF-16.
    return sorted((source, passages) for source, passages in found)


def passages(bolt: Bolt, ids: Sequence[str]) -> dict[str, Passage]:
    """Those that exist, in the order asked for."""
    return _by_id(bolt, "passages", ids, Passage, PASSAGE_FIELDS, ("id", *PASSAGE_FIELDS))


def entities(bolt: Bolt, ids: Sequence[str]) -> dict[str, Entity]:
    """Those that exist, in the order asked for."""
    return _by_id(bolt, "entities", ids, Entity, ENTITY_FIELDS, ("id", *ENTITY_FIELDS))


def facts(bolt: Bolt, ids: Sequence[str], *, members: bool) -> dict[str, Fact]:
    """Those that exist, in the order asked for, with their members or without."""
    columns = ("id", *FACT_FIELDS, "members")
    name = "facts" if members else "facts_alone"
    return _by_id(bolt, name, ids, Fact, FACT_FIELDS, columns)


def evidence(bolt: Bolt, name: str, ids: Sequence[str]) -> list[Evidence]:
    """All of the facts or passages with these ids, unordered."""
    return [
        Evidence(fact_id=fact, passage_id=passage, start=start, end=end)
        for fact, passage, start, end in _listed(bolt, statements("lookup")[name], ids)
    ]


def passages_of(bolt: Bolt, ids: Sequence[str]) -> list[str]:
    """Passages of these episodes, in the order of the episodes and of the text."""
    return in_reading_order(ids, _listed(bolt, statements("lookup")["passages_of"], ids))


def passages_naming(bolt: Bolt, ids: Sequence[str], limit: int) -> dict[str, list[str]]:
    """The first passages that mention each of these entities."""
    found = _listed(bolt, statements("lookup")["passages_naming"], ids, limit=limit)
    return _in_order(ids, {id_: passages for id_, passages in found if passages})


def facts_with(
    bolt: Bolt, ids: Sequence[str], predicates: Sequence[str] | None
) -> dict[str, list[str]]:
    """Facts with one of the predicates, or any, that these entities are members of."""
    wanted = None if predicates is None else list(predicates)
    found = _listed(bolt, statements("lookup")["facts_with"], ids, predicates=wanted)
    return _in_order(ids, {id_: facts for id_, facts in found if facts})


def discourse_of(bolt: Bolt, ids: Sequence[str]) -> set[DiscourseLink]:
    """Links that start or end at the facts."""
    columns = tuple(DiscourseLink.model_fields)
    found = _listed(bolt, statements("lookup")["discourse_of"], ids)
    return {value_of(DiscourseLink, columns, row) for row in found}


def supersessions_of(bolt: Bolt, ids: Sequence[str]) -> set[Supersession]:
    """Where one of the facts is the newer or the older one."""
    columns = tuple(Supersession.model_fields)
    found = _listed(bolt, statements("lookup")["supersessions_of"], ids)
    return {value_of(Supersession, columns, row) for row in found}


def vectors_of(bolt: Bolt, keys: Sequence[str]) -> dict[str, Vectors]:
    """Those of `keys` that have a vector, with it."""
    found = _listed(bolt, statements("lookup")["vectors_of"], keys)
    return {key: np.array(vector, np.float32) for key, vector in found if vector is not None}


def namespaces(bolt: Bolt) -> list[str]:
    """Those with an episode, entity or fact, sorted."""
    found = bolt.read(lambda tx: listed(tx, statements("lookup")["namespaces"]))
    told = {name: _counts(text) for name, text in found}
    return sorted(name for name, held in told.items() if held != Counts())


def version(bolt: Bolt, namespace: str) -> int:
    """The namespace's change counter."""
    found = _rows(bolt, "version", namespace)
    return int(found[0][0]) if found else 0


def checkpoint(bolt: Bolt, job: str) -> str | None:
    """The position that the job last committed."""
    found = _rows(bolt, "checkpoint", job)
    return str(found[0][0]) if found else None


def counts(bolt: Bolt, namespace: str) -> Counts:
    """How much of each kind the namespace holds, as its writers keep it."""
    found = _rows(bolt, "counts", namespace)
    return _counts(found[0][0]) if found else Counts()


def count(tx: Runs, space: int) -> Counts:
    """How much of each kind a namespace holds, counted."""
    own = statements("lookup")
    ((episodes, passages, entities, facts),) = rows(tx, own["count_nodes"], space=space)
    ((mentions, evidence),) = rows(tx, own["count_of_passages"], space=space)
    ((discourse, supersessions),) = rows(tx, own["count_of_facts"], space=space)
    ((same_as,),) = rows(tx, own["count_of_entities"], space=space)
    return Counts(
        episodes=episodes,
        passages=passages,
        entities=entities,
        mentions=mentions,
        facts=facts,
        evidence=evidence,
        discourse=discourse,
        supersessions=supersessions,
        same_as=same_as,
    )


def _counts(text: str | None) -> Counts:
    return Counts.model_validate_json(text) if text else Counts()


def _rows(bolt: Bolt, name: str, key: str) -> list[list[Any]]:
    return bolt.read(lambda tx: rows(tx, statements("lookup")[name], key=digest(key)))


def _by_id(
    bolt: Bolt,
    name: str,
    ids: Sequence[str],
    kind: type[V],
    fields: Sequence[str],
    columns: Sequence[str],
) -> dict[str, V]:
    statement = _with_fields(statements("lookup")[name], fields)
    found = {row[0]: value_of(kind, columns, row) for row in _listed(bolt, statement, ids)}
    return _in_order(ids, found)


def _listed(bolt: Bolt, statement: str, ids: Iterable[str], **more: Any) -> list[Any]:
    wanted = list(dict.fromkeys(ids))
    found: list[Any] = []
    for at in range(0, len(wanted), _IDS):
        part = wanted[at : at + _IDS]
        found += bolt.read(lambda tx, part=part: listed(tx, statement, ids=part, **more))  # type: ignore[misc]
    return found


def _with_fields(statement: str, fields: Sequence[str]) -> str:
    return statement.replace("{fields}", ", ".join(f"n.`{name}`" for name in fields))


def _in_order(ids: Sequence[str], found: Mapping[str, T]) -> dict[str, T]:
    return {id_: found[id_] for id_ in dict.fromkeys(ids) if id_ in found}
