"""Looking for damage: the schema first, then what the model promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import neo4j

from graphmem.adapters.bolt import Bolt, listed
from graphmem.adapters.stores.neo4j.lookup import count
from graphmem.adapters.stores.neo4j.schema import MIGRATIONS, meta
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.model.change import Counts, Problem

_MAX_SHOWN: Final = 3
_AGAIN: Final = "Delete the source that it comes from and ingest it again"
_SAYS: Final = {
    "facts without evidence": "facts that no passage states",
    "facts without members": "facts that are about nothing",
    "facts left living": "facts still believed though every episode that states them is retired",
    "passages without a vector": "passages without a vector, while others have one",
    "passages without an episode": "passages that are in no episode",
    "nodes of no namespace": "nodes whose namespace is not there",
    "namespaces that cross": "nodes that are related to another namespace's",
    "mentions outside their passage": "passages with a mention beyond their end",
    "evidence outside its passage": "passages with evidence beyond their end",
}


def check(bolt: Bolt) -> list[Problem]:
    """All that is wrong with the memory; one problem per kind, with a few ids as examples."""
    held = bolt.read(meta)
    generation = 0 if held is None else held.generation
    with bolt.explained(), bolt.session(neo4j.READ_ACCESS) as session:
        problems = list(_schema(session))
        for name, says in _SAYS.items():
            found = session.run(of_generation(statements("check")[name], generation))
            problems.extend(_problem(name, says, _ids(found)))
        problems.extend(_miscounted(session))
    return problems


def _miscounted(session: neo4j.Session) -> Iterator[Problem]:
    wrong = []
    for name, space, told in listed(session, statements("lookup")["spaces"]):
        if told is not None and Counts.model_validate_json(told) != count(session, space):
            wrong.append(name)
    yield from _problem("counts", "namespaces that hold other than they tell", wrong)


def _schema(session: neo4j.Session) -> Iterator[Problem]:
    promised = {
        statement.split()[statement.split().index("IF") - 1]
        for name in MIGRATIONS
        for statement in statements(name).values()
        if statement.startswith("CREATE")
    }
    own = statements("check")
    held = {name for (name,) in session.run(own["constraints"]).values()}
    states: dict[str, str] = {
        name: str(state) for name, state in session.run(own["indexes"]).values()
    }
    missing = sorted(promised - held - states.keys())
    if missing:
        yield Problem(
            check="missing indexes",
            detail=f"The database has no {', '.join(missing)}",
            remedy="Open the memory for writing with the node _Memory's schema_version set to 0",
        )
    offline = sorted(name for name, state in states.items() if state != "ONLINE")
    if offline:
        yield Problem(
            check="indexes that do not answer",
            detail=f"Not online: {', '.join(offline)}",
            remedy="Wait until they are filled, or drop the failed ones and open the memory anew",
        )


def _ids(found: Iterable[Any]) -> Iterator[str]:
    for id_, *place in found:
        # Counted here too, as the server counts in UTF-16.
        if not place or place[1] > len(place[0]):
            yield id_


def _problem(name: str, says: str, ids: Iterable[str]) -> Iterator[Problem]:
    shown: list[str] = []
    count = 0
    for count, id_ in enumerate(ids, start=1):  # noqa: B007 - the count is what is wanted
        if len(shown) < _MAX_SHOWN:
            shown.append(id_)
    if shown:
        examples = ", ".join(map(repr, shown)) + (", ..." if count > len(shown) else "")
        yield Problem(check=name, detail=f"{count} {says}: {examples}", remedy=_AGAIN)
