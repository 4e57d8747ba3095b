"""What lasts of somebody, and what they have in hand: kinds of memory told from their timeline."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.timeline import Entry, Task, TaskState, Way

_ASPECTS: Final[Mapping[str, str]] = {
    predicate: aspect
    for aspect, predicates in {
        "origin": "be born|come from|be from|grow up|originate",
        "home": "live|reside|move|settle|stay",
        "family": "marry|be married|be spouse|be wife|be husband|be mother|be father|be parent"
        "|be son|be daughter|be child|be brother|be sister|be sibling|be grandparent|be grandmother"
        "|be grandfather|have child|have son|have daughter",
        "work": "work|lead|run|manage|join|found|be founder|be director|be chief|be head"
        "|be president|be chairman|be member|employ|hire|own|be owner|teach|be professor",
        "education": "study|graduate|attend|major|be student|earn",
        "likes": "like|love|enjoy|prefer|adore|be fan|be fond|be interested|be passionate",
        "dislikes": "dislike|hate|avoid|be allergic|be afraid|fear",
        "skills": "play|speak|practise|practice|can|be able|be good|know",
        "has": "have|keep|own pet|adopt",
    }.items()
    for predicate in predicates.split("|")
}
"""The aspect that a predicate tells of, by its first one or two words."""
_IS: Final = "is"
_HABITS: Final = frozenset(("likes", "dislikes", "skills", "home", "work", "education"))
"""Aspects that verbs which happen tell of too."""
_BY_ITSELF: Final = re.compile(
    r"\b(?:work(?:ing|s)? on|halfway|half way|in the middle of|partway)\b", re.IGNORECASE
)
"""How what is under way is told of, whether it was planned or not."""
_UNDER_WAY: Final = re.compile(
    rf"{_BY_ITSELF.pattern}|\b(?:start(?:ed|ing)?|began|begun|beginning)\b", re.IGNORECASE
)
_FINISHING: Final = frozenset("finish complete submit publish deliver achieve accomplish".split())
_ONWARD: Final = (Way.FULFILLED, Way.EXTENDED, Way.CHANGED)
_PLANS: Final = (Modality.INTENDED, Modality.NECESSARY)


def aspects_of(
    entries: Sequence[Entry], ids: frozenset[str], *, is_of_now: bool = True
) -> dict[str, tuple[Entry, ...]]:
    """What lasts, by aspect, in the order of the entries.

    Left out is what was planned or denied (but for dislikes), what somebody else does, and, unless
    the entries are of another time than now, what is over, was superseded or is not believed.
    """
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        aspect = _aspect(entry)
        is_there = aspect and _lasts(entry, aspect) and not (is_of_now and _is_over(entry, aspect))
        if is_there and set(entry.entity_ids[:1]) & ids:
            if entry.polarity is Polarity.NEGATIVE:
                aspect = "dislikes"
            found[aspect].append(entry)
    order = [*dict.fromkeys(_ASPECTS.values()), _IS]
    return {aspect: tuple(found[aspect]) for aspect in order if aspect in found}


def tasks_of(entries: Sequence[Entry]) -> tuple[Task, ...]:
    """Plans, and what is under way without one, as trees: what is done in order to do another thing
    is a step of it.

    A plan is under way once somebody works on it, done once what was planned came about or was
    finished, and dropped once it was denied or ended.
    """
    told = {entry.fact_id: entry for entry in entries}
    plans = {entry.fact_id: entry for entry in entries if _is_plan(entry)}
    of_plan = {id for entry in plans.values() for id in _course(entry, told)}
    plans |= {
        entry.fact_id: entry
        for entry in entries
        if entry.fact_id not in of_plan and _is_under_way(entry, _BY_ITSELF)
    }
    steps: defaultdict[str, list[str]] = defaultdict(list)
    for entry in plans.values():
        for tie in entry.ties:
            if tie.way is Way.IN_ORDER_TO and tie.fact_id in plans:
                steps[tie.fact_id].append(entry.fact_id)
    below = {step for found in steps.values() for step in found}
    tasks: list[Task] = []
    seen: set[str] = set()
    # Plans that only serve each other have none above them: the first of them is taken for it.
    for id in (*(id for id in plans if id not in below), *plans):
        if id not in seen:
            tasks.append(_task(_Told(told, plans, steps), id, frozenset()))
            seen |= _ids(tasks[-1])
    return tuple(tasks)


class _Told(NamedTuple):
    entries: Mapping[str, Entry]
    plans: Mapping[str, Entry]
    steps: Mapping[str, Sequence[str]]


def _ids(task: Task) -> set[str]:
    return {task.plan.fact_id}.union(*map(_ids, task.steps))


def _task(told: _Told, id: str, above: frozenset[str]) -> Task:
    entry = told.plans[id]
    state, by = _state(entry, told.entries)
    return Task(
        plan=entry,
        state=state,
        ended_by=by,
        steps=tuple(
            _task(told, step, above | {id})
            for step in told.steps.get(id, ())
            if step not in above | {id}
        ),
    )


def _state(entry: Entry, told: Mapping[str, Entry]) -> tuple[TaskState, str]:
    """How far a plan has come by the last that tells of it, and which that is."""
    state, by = TaskState.PLANNED, ""
    if not _is_plan(entry):
        state, by = TaskState.DOING, entry.fact_id
    for id, way in _course(entry, told).items():
        later = told.get(id)
        if later is not None and _is_under_way(later, _UNDER_WAY):
            state, by = TaskState.DOING, id
        elif way is Way.FULFILLED or (way is Way.CHANGED and later and _is_finishing(later)):
            state, by = TaskState.DONE, id
        elif way is Way.CHANGED:
            state, by = TaskState.DROPPED, id
    if entry.superseded_by and state in (TaskState.PLANNED, TaskState.DOING):
        return TaskState.DROPPED, entry.superseded_by
    return state, by


def _course(entry: Entry, told: Mapping[str, Entry]) -> dict[str, Way]:
    """What became of a plan: the facts that go on from it, and from these, in their order."""
    found: dict[str, Way] = {}
    at: Entry | None = entry
    while at is not None:
        ties = [tie for tie in at.ties if tie.way in _ONWARD and tie.fact_id not in found]
        for tie in ties:
            found[tie.fact_id] = tie.way
        later = [told[tie.fact_id] for tie in ties if tie.fact_id in told]
        at = later[-1] if later and later[-1] is not entry else None
    return found


def _is_under_way(entry: Entry, words: re.Pattern[str]) -> bool:
    is_so = entry.modality is Modality.ACTUAL and entry.polarity is Polarity.POSITIVE
    return is_so and words.search(entry.text) is not None


def _is_finishing(entry: Entry) -> bool:
    verb = entry.predicate.partition(" ")[0]
    return verb in _FINISHING and entry.polarity is Polarity.POSITIVE


def _is_plan(entry: Entry) -> bool:
    return entry.modality in _PLANS and entry.polarity is Polarity.POSITIVE


def _aspect(entry: Entry) -> str:
    words = entry.predicate.split()
    for count in (2, 1):
        aspect = _ASPECTS.get(" ".join(words[:count]))
        if aspect:
            return aspect
    return _IS if words[:1] == ["be"] and entry.kind is FactKind.ATTRIBUTE else ""


def _lasts(entry: Entry, aspect: str) -> bool:
    is_event = entry.kind is FactKind.EVENT and aspect not in _HABITS | {"origin", "family"}
    return (
        entry.modality is Modality.ACTUAL
        and (entry.polarity is Polarity.POSITIVE or aspect == "likes")
        and not is_event
    )


def _is_over(entry: Entry, aspect: str) -> bool:
    has_ended = entry.valid_to is not None and aspect not in ("origin", "education", "family")
    return has_ended or entry.superseded_by is not None or entry.retired_at is not None
