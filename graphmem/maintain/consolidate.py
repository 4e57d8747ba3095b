"""Consolidation: work on what was learned since the last time, in steps, within a budget of time.

Each step is given what changed, in pieces, and commits what it makes of a piece together with how
far it has come. So a run that was stopped, by its budget or by a kill, goes on where it was; and a
step that is given a piece again makes the same of it, which the store takes once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from graphmem.graph.threads import DERIVED
from graphmem.model.base import Value
from graphmem.model.change import ChangeSet, Checkpoint
from graphmem.model.consolidation import ConsolidationReport, StepReport
from graphmem.ports.store import GraphStore

JOB: Final = "consolidate"
_PIECE: Final = 64
"""Nodes in a piece: what is looked at between two looks at the time."""
Tick = Callable[[], float]


class Changed(NamedTuple):
    """A piece of what changed, by id: entities, of themselves or in what is told of them, or facts;
    of the other there are none in it."""

    entities: tuple[str, ...]
    facts: tuple[str, ...]


class Made(NamedTuple):
    """What a step has to say of a piece: changes to commit with the position, and its report.

    With `more`, it wants to be given the same once more, if there is time.
    """

    report: StepReport
    changes: ChangeSet | None = None
    more: bool = False


class Step(NamedTuple):
    """A step of consolidation: `run` is given a piece of what changed.

    It may commit what cannot stand in a change set by itself, before it returns; then doing so
    twice has to be the same as once. A `whole` one finds out by itself what there is to do, and is
    given nothing, once, where anything changed.
    """

    name: str
    run: Callable[[Changed], Made]
    whole: bool = False


class _Position(Value):
    """How far a run has come: `step`, and the last node of which table it has looked at.

    It works on what changed after the version `since`; `until` is the version that it began at,
    ``None`` between runs.
    """

    since: int = 0
    until: int | None = None
    step: int = 0
    table: int = 0
    after: int = 0


class _Piece(NamedTuple):
    """What a step is given at once, and where that ends: 0 for entities, 1 for facts, a ``nid``."""

    table: int
    last: int
    changed: Changed


def consolidate(
    store: GraphStore,
    namespace: str,
    steps: Sequence[Step],
    *,
    budget: float | None,
    tick: Tick,
    told: Callable[[str, int, int], None],
) -> ConsolidationReport:
    """Run the steps over what changed since the last finished run.

    What the steps themselves wrote is looked at once more by the next run, which finds nothing to
    do there.

    Parameters
    ----------
    budget
        Seconds; no piece is begun once they are over, ``None`` for as long as it takes. At least
        one piece is done.
    tick
        A clock that only goes forward, in seconds.
    told
        Is told of (step, done, total).
    """
    started = tick()
    at = _read(store, namespace)
    resumed = at.until is not None
    if at.until is None:
        at = at.model_copy(update={"until": store.version(namespace)})
    reports = {step.name: StepReport() for step in steps}
    pieces = _pieces(store, namespace, at.since)
    done = 0
    for number, step in enumerate(steps[at.step :], at.step):
        left = [piece for piece in pieces if piece[:2] > (at.table, at.after)]
        if step.whole:
            left = [_Piece(0, 0, Changed((), ()))] if pieces else []
        for count, piece in enumerate(left, 1):
            more = True
            while more:
                if done and budget is not None and tick() - started >= budget:
                    return _report(reports, tick() - started, finished=False, resumed=resumed)
                made = step.run(piece.changed)
                reports[step.name] += made.report
                more = made.more
                if not more:
                    at = at.model_copy(
                        update={"step": number, "table": piece.table, "after": piece.last}
                    )
                _write(store, namespace, at, made.changes)
                done += 1
            told(step.name, count, len(left))
        at = at.model_copy(update={"step": number + 1, "table": 0, "after": 0})
    _write(store, namespace, _Position(since=at.until or 0), None)
    return _report(reports, tick() - started, finished=True, resumed=resumed)


def _pieces(store: GraphStore, namespace: str, since: int) -> list[_Piece]:
    """What changed, in the order of ``nid``: entities, also those of which something is told anew,
    then facts; after a removal all that are derived, as what they rest on may be gone."""
    with store.read(namespace, ("entities", "facts", "roles"), since=since) as reader:
        touched = {nid for rows in reader.scan("entities", ("nid",)) for (nid,) in rows}
        facts = [row for rows in reader.scan("facts", ("nid", "id")) for row in rows]
        touched |= {nid for rows in reader.scan("roles", ("entity_nid",)) for (nid,) in rows}
        removed = reader.removed
    with store.read(namespace, ("entities", "facts")) as reader:
        scanned = reader.scan("entities", ("nid", "id")) if touched else iter(())
        entities = [row for rows in scanned for row in rows if row[0] in touched]
        if removed:
            columns = ("nid", "id", "attribution")
            known = [row for rows in reader.scan("facts", columns) for row in rows]
            facts = sorted({*facts, *((nid, id) for nid, id, by in known if by == DERIVED)})
    found = []
    for table, rows in enumerate((entities, facts)):
        for at in range(0, len(rows), _PIECE):
            here = rows[at : at + _PIECE]
            ids = tuple(id for _, id in here)
            what = Changed(ids, ()) if table == 0 else Changed((), ids)
            found.append(_Piece(table, here[-1][0], what))
    return found


def _report(
    reports: dict[str, StepReport], seconds: float, *, finished: bool, resumed: bool
) -> ConsolidationReport:
    return ConsolidationReport(
        finished=finished, resumed=resumed, seconds=seconds, steps=dict(reports)
    )


def _read(store: GraphStore, namespace: str) -> _Position:
    held = store.checkpoint(f"{JOB}:{namespace}")
    return _Position.model_validate_json(held) if held else _Position()


def _write(
    store: GraphStore, namespace: str, position: _Position, changes: ChangeSet | None
) -> None:
    checkpoint = Checkpoint(job=f"{JOB}:{namespace}", position=position.model_dump_json())
    changes = changes or ChangeSet(namespace=namespace)
    store.apply(changes.model_copy(update={"checkpoint": checkpoint}))
