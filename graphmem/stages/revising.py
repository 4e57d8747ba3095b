"""Reconciling what is written with what is known: a batch's statements and the beliefs they change.

A fact's row is its statement and is never written over. Where it comes to be believed otherwise,
the row is retired and a version of it comes in, with the same members and evidence and its own
valid time, linked to the statement by a supersession that says so (:mod:`graphmem.model.history`).
So whatever was believed at any moment is still there to be asked for.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.errors import LLMError
from graphmem.kernels.text import normalise_name
from graphmem.model.change import ChangeSet, Operation, Revision
from graphmem.model.history import UNDONE, reason_of
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Fact
from graphmem.ports.reviser import Doubt, Reviser
from graphmem.ports.store import GraphStore
from graphmem.resolve.claims import deaths_in, readings_of
from graphmem.resolve.revise import (
    JUDGED,
    Claim,
    Slot,
    Verdict,
    believe,
    doubts,
    says_more,
    with_deaths,
)
from graphmem.resolve.states import LIFE, Effect, Reading, States, same_value
from graphmem.stages.belief_edit import BeliefEdit
from graphmem.stages.known_states import (
    Around,
    Same,
    claims_around,
    facts_stated_in,
    forgotten,
    learn_names,
    look_around,
    stated,
)
from graphmem.stages.retelling import linked_as, retell, twins_of

_log = logging.getLogger(__name__)
_BEGAN: Final = " began"
_RANK: Final = (Operation.RETIRE, Operation.SUPERSEDE, Operation.UPDATE)


class Revised(NamedTuple):
    """A batch with what it changes of what is known."""

    changes: ChangeSet
    revisions: tuple[Revision, ...]
    operations: Mapping[Operation, int]


def revise(
    store: GraphStore,
    changes: ChangeSet,
    *,
    states: States,
    same: Same,
    now: datetime,
    also: Sequence[Fact] = (),
    restated: Collection[str] = (),
    reviser: Reviser | None = None,
    without: frozenset[str] = frozenset(),
) -> Revised:
    """The batch as it is to be committed: with versions of what it changes, and what is retired.

    Parameters
    ----------
    now
        When the batch is recorded.
    also
        Facts whose states are looked at again, as something else than the batch has changed them.
    restated
        Ids of statements that are believed as they are stated, unless they tell of a state.
    reviser
        Decides between statements that no rule orders; without one they are left side by side.
    without
        Ids of passages that are passed over, as they are about to go.
    """
    around = Around(names={entity.id: entity.name for entity in changes.entities}, without=without)
    given = {fact.id: fact for fact in changes.facts}
    held = store.facts(list(given), members=False)
    around.held.update(held)
    outdated = [id for id, fact in held.items() if fact.retired_at is not None]
    twins = twins_of(store, outdated)
    again = {*outdated, *restated} - twins.keys()
    looked_at = [*given.values(), *facts_stated_in(store, changes.retired_episodes), *also]
    learn_names(store, around, looked_at)
    told = {fact.id: readings_of(fact, states, around.names) for fact in looked_at}
    readings = [reading for found in told.values() for reading in found]
    fresh = [f for id, f in given.items() if id not in held and not told[id]]
    retold = retell(
        store,
        _again_by(changes, twins),
        [fact for fact in fresh if fact.retired_at is None],
        names=around.names,
        states=states,
    )
    if not readings and not again:  # as for most batches
        by_fact = {id: Operation.NOOP if id in held else Operation.ADD for id in given}
        changes = retold.changes.model_copy(
            update={"reinforced": (*retold.changes.reinforced, *(held.keys() - twins.keys()))}
        )
        counts = Counter({**by_fact, **retold.operations}.values())
        return Revised(changes, retold.revisions, counts)
    changes, stated_now = retold.changes, tuple(given)
    given = {fact.id: fact for fact in changes.facts}

    def canonical(key: str) -> str:
        return min(same(key)) if key.startswith(f"{Kind.ENTITY.value}_") else key

    look_around(store, around, changes, readings, states=states, same=same, again=again)
    claims = claims_around(around, changes, states, canonical)
    touched = _touched(readings, claims, canonical, around.names)
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
        if id not in verdicts and stated(around, changes, id):
            fact = around.facts[id]
            verdicts[id] = Verdict(((fact.valid_from, fact.valid_to),))
    edit = BeliefEdit(around, changes, given, now)
    for id in sorted(verdicts.keys() - forgotten(around)):
        edit.settle(id, verdicts[id])
    edit.reinforce(id for id in held.keys() - again - twins.keys() if id not in verdicts)
    edit.reinforce(changes.reinforced)
    edit.link_discourse(store)
    known = [c for c in chosen if c.fact_id in held or c.fact_id not in given]
    by_fact = {id: _operation(id, edit.revisions, chosen, known, held) for id in stated_now}
    operations = Counter({**by_fact, **retold.operations}.values())
    return Revised(edit.changes(), (*edit.revisions, *retold.revisions), operations)


def _again_by(changes: ChangeSet, twins: Mapping[str, str]) -> ChangeSet:
    """The batch, in which what is told in words for which others stand is told by these."""
    if not twins:
        return changes
    evidence = [
        item.model_copy(update={"fact_id": twins[item.fact_id]})
        for item in changes.evidence
        if item.fact_id in twins
    ]
    return changes.model_copy(
        update={
            "facts": tuple(fact for fact in changes.facts if fact.id not in twins),
            "evidence": (*changes.evidence, *evidence),
            "discourse": tuple(linked_as(changes.discourse, twins)),
            "reinforced": tuple(sorted({*changes.reinforced, *twins.values()})),
        }
    )


def _decided_before(around: Around) -> dict[tuple[str, str], Operation]:
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


def _touched(
    readings: Iterable[Reading],
    claims: Iterable[Claim],
    canonical: Callable[[str], str],
    names: Mapping[str, str],
) -> set[Slot]:
    """The states that the batch says something of, by what it tells or by whose death."""
    slots = {(reading.state, canonical(reading.holder)) for reading in readings}
    dead = {key for state, key in slots if state == LIFE}
    dead_names = {normalise_name(names[key]) for key in dead if key in names}
    slots.update(
        claim.slot
        for claim in claims
        if claim.slot[1] in dead or not dead_names.isdisjoint(claim.values)
    )
    return slots


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
