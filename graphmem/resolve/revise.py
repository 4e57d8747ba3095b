"""Revision: what is to be believed of a state, given everything that was ever said of it.

A pure function of the statements and of nothing else, so that they may come in any order. Each
statement of a value holds until the next of another value begins; what was denied or corrected is
not believed; values that nothing orders in time are left side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from graphmem.model.change import Operation
from graphmem.resolve.states import Effect, same_value

_EVER: Final = datetime.min.replace(tzinfo=UTC)

JUDGED: Final = " judged"
"""How the rule ends by which a judge decided."""

Span = tuple[datetime | None, datetime | None]
Slot = tuple[str, str]
"""A state and whose it is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one fact says of one state.

    `start` and `end` are as stated. `seen` are the moments at which it was said, rising; `since`
    is when the memory learned it. `values` are the names of the value, none for any. `detail` is
    how many members the fact has, and how exactly it is dated. `is_now` says that it stands against
    what was before, `is_denied` that the value is denied, `is_correction` that it corrects another.
    """

    fact_id: str
    slot: Slot
    values: frozenset[str]
    effect: Effect
    since: datetime
    start: datetime | None = None
    end: datetime | None = None
    width: timedelta = timedelta(0)
    seen: tuple[datetime, ...] = ()
    trust: float = 0.5
    detail: tuple[int, int] = (0, 0)
    is_once: bool = False
    is_region: bool = False
    is_now: bool = False
    is_denied: bool = False
    is_correction: bool = False
    text: str = ""


class Cause(NamedTuple):
    """Why a fact is believed otherwise than stated: by which fact, and by which rule."""

    operation: Operation
    rule: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """When a fact is believed to hold, in none, one or several spans, and why not as stated."""

    spans: tuple[Span, ...]
    causes: tuple[Cause, ...] = ()


class Rules(NamedTuple):
    """What was laid down by hand or by a judge: see :func:`believe`."""

    undone: frozenset[tuple[str, str]]
    decided: Mapping[tuple[str, str], Operation]


class _Point(NamedTuple):
    """A moment from which a claim's value is known to hold, `until` it is known to have begun."""

    at: datetime
    settled: datetime
    claim: Claim


def believe(
    claims: Iterable[Claim],
    *,
    undone: Collection[tuple[str, str]] = (),
    decided: Mapping[tuple[str, str], Operation] | None = None,
) -> dict[str, Verdict]:
    """What is to be believed of each fact, by its id; one that is believed as stated included.

    Parameters
    ----------
    claims
        All that was said of the states in question.
    undone
        Pairs of facts, the first of which is not to act upon the second.
    decided
        Pairs of facts, the first of which ends or corrects the second, as somebody judged.
    """
    by_slot: defaultdict[Slot, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_slot[claim.slot].append(claim)
    found: dict[str, Verdict] = {}
    for slot in sorted(by_slot):
        ordered = sorted(by_slot[slot], key=lambda claim: claim.fact_id)
        rules = Rules(frozenset(undone), decided or {})
        for fact_id, verdict in _of_slot(ordered, rules).items():
            known = found.get(fact_id)
            found[fact_id] = verdict if known is None else _both(known, verdict)
    return found


def _of_slot(claims: Sequence[Claim], rules: Rules) -> dict[str, Verdict]:
    held = [c for c in claims if c.effect is not Effect.ENDS and not c.is_denied]
    verdicts: dict[str, Verdict] = {}
    wrong = _denied(claims, held, rules)
    wrong |= _corrected([c for c in held if c.fact_id not in wrong], claims, rules)
    for claim in held:
        if claim.fact_id in wrong:
            verdicts[claim.fact_id] = Verdict((), (wrong[claim.fact_id],))
    right = [_in_place(c, held, wrong) for c in held if c.fact_id not in wrong]
    ends = [c for c in claims if c.effect is Effect.ENDS]
    for claim in right:
        verdicts[claim.fact_id] = _judged(_span_of(claim, right, ends, rules), claim, claims, rules)
    return verdicts


def _judged(verdict: Verdict, claim: Claim, claims: Sequence[Claim], rules: Rules) -> Verdict:
    """The verdict with what a judge decided."""
    for actor in claims:
        operation = rules.decided.get((actor.fact_id, claim.fact_id))
        at = _moment(actor) or actor.since
        if operation is None or not _may(actor, claim, rules):
            continue
        cause = Cause(operation, f"{claim.slot[0]}{JUDGED}", actor.fact_id, actor.text)
        if operation is Operation.RETIRE:
            return Verdict((), (cause,))
        cut = tuple(
            (start, at if end is None else min(end, at))
            for start, end in verdict.spans
            if start is None or start < at
        )
        if operation is Operation.SUPERSEDE and cut:
            verdict = Verdict(cut, (*verdict.causes, cause))
    return verdict


def doubts(
    claims: Sequence[Claim], verdicts: Mapping[str, Verdict], new: Collection[str]
) -> list[tuple[Claim, Claim]]:
    """New statements, each with a known one of another value that is believed to hold beside it."""
    open_ended = {id for id, v in verdicts.items() if any(end is None for _, end in v.spans)}
    held = [
        c
        for c in claims
        if c.fact_id in open_ended and c.effect is not Effect.ENDS and not c.is_denied
    ]
    return [
        (newer, older)
        for newer in held
        if newer.fact_id in new
        for older in held
        if older.fact_id not in new
        and older.slot == newer.slot
        and older.trust <= newer.trust
        and not _is_compatible(older, newer)
    ]


def _denied(claims: Sequence[Claim], held: Sequence[Claim], rules: Rules) -> dict[str, Cause]:
    """What another statement says was never so."""
    found: dict[str, Cause] = {}
    for denial in claims:
        if not denial.is_denied:
            continue
        for claim in held:
            if (
                same_value(denial.values, claim.values)
                and _may(denial, claim, rules)
                and not _was_after(claim, denial)
            ):
                found.setdefault(
                    claim.fact_id,
                    Cause(Operation.RETIRE, f"{claim.slot[0]} denied", denial.fact_id, denial.text),
                )
    return found


def _corrected(held: Sequence[Claim], claims: Sequence[Claim], rules: Rules) -> dict[str, Cause]:
    """What a correction, or for what is so once a surer statement, puts another value for."""
    plain = [c for c in held if not c.is_correction]
    ends = [c for c in claims if c.effect is Effect.ENDS]
    found: dict[str, Cause] = {}
    for better in held:
        for claim in held:
            if claim is better or _is_compatible(better, claim) or not _may(better, claim, rules):
                continue
            if better.is_correction and not claim.is_correction:
                if _was_after(claim, better) or not _is_meant(better, claim, plain, ends, rules):
                    continue
                rule = f"{claim.slot[0]} corrected"
            elif claim.is_once and better.trust > claim.trust:
                rule = f"{claim.slot[0]} of higher trust"
            else:
                continue
            found.setdefault(
                claim.fact_id, Cause(Operation.RETIRE, rule, better.fact_id, better.text)
            )
    return found


def _in_place(claim: Claim, held: Sequence[Claim], wrong: Mapping[str, Cause]) -> Claim:
    """A correction that names no time holds from when what it corrects was said to."""
    if not claim.is_correction or claim.start is not None or claim.is_once:
        return claim
    replaced = [c for c in held if c.fact_id in wrong and wrong[c.fact_id].by == claim.fact_id]
    dated = [c for c in replaced if c.start is not None]
    if dated:
        first = min(dated, key=lambda c: (c.start or claim.since, c.fact_id))
        return replace(claim, start=first.start, end=first.end, width=first.width)
    return replace(claim, seen=tuple(sorted({*claim.seen, *(s for c in replaced for s in c.seen)})))


def _is_meant(
    better: Claim,
    claim: Claim,
    plain: Sequence[Claim],
    ends: Sequence[Claim],
    rules: Rules,
) -> bool:
    """Whether a correction is of this claim: one that held at the time that it speaks of."""
    moment = better.start or (better.seen[0] if better.seen else None)
    if claim.is_once or moment is None:
        return True
    spans = _span_of(claim, plain, ends, rules).spans
    return any(
        (start is None or start <= moment) and (end is None or moment < end) for start, end in spans
    )


def _span_of(
    claim: Claim,
    held: Sequence[Claim],
    ends: Sequence[Claim],
    rules: Rules,
) -> Verdict:
    """When a claim that is not wrong holds."""
    stated: Span = (claim.start, claim.end)
    if claim.is_once or claim.end is not None:
        return Verdict((stated,), tuple(_details(claim, held)))
    rivals = [c for c in held if not c.is_once and not _is_compatible(c, claim)]
    points = _points(claim)
    if not points:
        return _timeless(claim, rivals, ends, rules)
    spans: list[Span] = []
    causes: list[Cause] = []
    for point in points:
        start, cause = _begins(point, held, rivals)
        causes.extend(cause)
        until = _ender(point, rivals, ends, rules)
        if until is not None:
            causes.append(until[1])
        spans.append((start, None if until is None else until[0]))
    if not causes:
        causes.extend(_details(claim, held))
    return Verdict(_united(spans), tuple(dict.fromkeys(causes)))


def _points(claim: Claim) -> list[_Point]:
    """When the value is known to hold; nothing for a state that was said at no known time."""
    if claim.start is None:
        return [_Point(moment, moment, claim) for moment in claim.seen]
    settled = claim.start + claim.width
    # What was told as having happened had happened when it was told.
    told = [moment for moment in claim.seen if claim.start <= moment < settled]
    return [_Point(claim.start, min(told, default=settled), claim)]


def _begins(
    point: _Point, held: Sequence[Claim], rivals: Sequence[Claim]
) -> tuple[datetime | None, list[Cause]]:
    """When what holds at a point began: as stated, or since another value is known to have held."""
    claim = point.claim
    if claim.start is not None:
        return claim.start, []
    earlier = [(p.at, c.fact_id, c) for c in rivals for p in _points(c) if p.at < point.at]
    before = max(earlier, key=lambda found: found[:2], default=None)
    dated = [
        c
        for c in held
        if c.start is not None
        and c.start <= point.at
        and (before is None or before[0] < c.start)
        and (c.end is None or point.at < c.end)
        and c.is_region == claim.is_region
        and same_value(c.values, claim.values)
    ]
    if dated:
        first = min(dated, key=lambda c: (c.start or point.at, c.fact_id))
        rule = f"{claim.slot[0]} dated"
        return first.start, [Cause(Operation.UPDATE, rule, first.fact_id, first.text)]
    if before is None:
        return None, []
    moment, _, last = before
    rule = f"{claim.slot[0]} began"
    again = min(p.at for p in _points(claim) if moment < p.at)
    return again, [Cause(Operation.UPDATE, rule, last.fact_id, last.text)]


def _ender(
    point: _Point,
    rivals: Sequence[Claim],
    ends: Sequence[Claim],
    rules: Rules,
) -> tuple[datetime, Cause] | None:
    """The first moment after a point at which another value begins, or its own ends."""
    claim = point.claim
    found: list[tuple[datetime, Claim]] = []
    for rival in rivals:
        if _may(rival, claim, rules):
            found.extend(
                (p.at, rival) for p in _points(rival) if p.at >= point.settled and p.at > point.at
            )
    for end in ends:
        if _may(end, claim, rules) and (not end.values or same_value(end.values, claim.values)):
            moment = _moment(end)
            if moment is not None and moment >= point.at and moment != claim.start:
                found.append((moment, end))
    if not found:
        return None
    at, by = min(found, key=lambda pair: (pair[0], pair[1].fact_id))
    return at, Cause(Operation.SUPERSEDE, claim.slot[0], by.fact_id, by.text)


def _timeless(
    claim: Claim,
    rivals: Sequence[Claim],
    ends: Sequence[Claim],
    rules: Rules,
) -> Verdict:
    """What was said at no known time ends by what says that it ends, or what holds now."""
    stops = [c for c in rivals if c.is_now and not claim.is_now]
    stops.extend(e for e in ends if not e.values or same_value(e.values, claim.values))
    found = [(m, c) for c in stops if _may(c, claim, rules) and (m := _moment(c)) is not None]
    if not found or claim.effect is Effect.STARTS:
        return Verdict(((None, None),))
    at, by = min(found, key=lambda pair: (pair[0], pair[1].fact_id))
    return Verdict(((None, at),), (Cause(Operation.SUPERSEDE, claim.slot[0], by.fact_id, by.text),))


def _details(claim: Claim, held: Sequence[Claim]) -> Iterable[Cause]:
    """Who says the same in more detail."""
    more = [
        c
        for c in held
        if says_more(c, claim) and same_value(c.values, claim.values) and _overlap(c, claim)
    ]
    if more:
        best = max(more, key=lambda c: (c.detail, c.fact_id))
        rule = f"{claim.slot[0]} detailed"
        yield Cause(Operation.UPDATE, rule, best.fact_id, best.text)


def says_more(left: Claim, right: Claim) -> bool:
    """Whether one claim has all the detail of another, and some more."""
    return left.detail != right.detail and all(
        a >= b for a, b in zip(left.detail, right.detail, strict=True)
    )


def _is_compatible(left: Claim, right: Claim) -> bool:
    """Whether both may hold at once: one value, or a place and the region that it may lie in."""
    return left.is_region != right.is_region or same_value(left.values, right.values)


def _overlap(left: Claim, right: Claim) -> bool:
    return (left.start is None or right.end is None or left.start < right.end) and (
        right.start is None or left.end is None or right.start < left.end
    )


def _may(actor: Claim, claim: Claim, rules: Rules) -> bool:
    """Lower trust acts on nothing of higher, and no fact on itself."""
    return (
        actor.trust >= claim.trust
        and actor.fact_id != claim.fact_id
        and (actor.fact_id, claim.fact_id) not in rules.undone
    )


def _was_after(claim: Claim, denial: Claim) -> bool:
    """Whether something was only said after what denies it, and so is said against that."""
    return bool(claim.seen and denial.seen) and claim.seen[0] > denial.seen[-1]


def _moment(claim: Claim) -> datetime | None:
    """When a state ends: as stated, else when it was said, if either is known."""
    if claim.start is not None:
        return claim.start
    return claim.seen[0] if claim.seen else None


def _united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch as one."""
    ordered = sorted(spans, key=lambda span: (span[0] is not None, span[0] or _EVER))
    found: list[Span] = []
    for start, end in ordered:
        if found:
            first, last = found[-1]
            if last is None or start is None or start <= last:
                longer = None if last is None or end is None else max(last, end)
                found[-1] = (first, longer)
                continue
        found.append((start, end))
    return tuple(found)


def _both(left: Verdict, right: Verdict) -> Verdict:
    """What two states leave of a fact that tells of both."""
    spans = []
    for a in left.spans:
        for b in right.spans:
            start = a[0] if b[0] is None else b[0] if a[0] is None else max(a[0], b[0])
            end = a[1] if b[1] is None else b[1] if a[1] is None else min(a[1], b[1])
            if start is None or end is None or start < end:
                spans.append((start, end))
    return Verdict(tuple(spans), tuple(dict.fromkeys((*left.causes, *right.causes))))


def with_deaths(claims: Sequence[Claim], deaths: Mapping[str, Claim]) -> list[Claim]:
    """The claims, and an end by death of every state of or with those who died.

    `deaths` are by the key and by the name of who died.
    """
    found = list(claims)
    for slot in {claim.slot for claim in claims}:
        held = [c for c in claims if c.slot == slot and c.effect is not Effect.ENDS]
        if any(c.is_once for c in held):
            continue
        named = {name for c in held for name in c.values}
        for key, death in deaths.items():
            if key == slot[1]:
                found.append(replace(death, slot=slot, values=frozenset()))
            elif key in named:
                found.append(replace(death, slot=slot, values=frozenset((key,))))
    return found
