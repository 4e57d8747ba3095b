"""States that a memory shows by itself: predicates that turn out to have one value at a time.

That most subjects have one value shows nothing where most are told of once. What counts is where a
second value had the chance to show. A predicate has

* **one value for good**, if those of whom it is told in several places are told the same in all of
  them;
* **one value at a time**, if among those who had several values one after another, whatever is told
  again is the latest value, and values with both ends stated do not overlap. A value that is told
  again after another one was, or beside it at one time, is against it.

Either is taken for so where the share of what agrees is at least :data:`LEAST` by the lower bound
of Clopper and Pearson at 95 % (29 of 29, or 46 of 47). One value for good is only ever corrected,
never superseded.

Clopper & Pearson (1934), *The use of confidence or fiducial limits illustrated in the case of the
binomial*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scipy.special import betaincinv

from graphmem.model.states import LearnedState
from graphmem.resolve.states import same_value

LEAST: Final = 0.9
"""The share of what could have shown several values that has to agree, at least."""
_DOUBT: Final = 0.05
_CHANGES: Final = 5
"""Holders that have changed, from which on a state is taken to be one that changes."""
_EMPTY: Final = frozenset("be have do get go make say tell mean".split())
"""Predicates that alone say too little to be a state."""

Shape = tuple[str, str, str]
"""A predicate, the role of whose state it is, and the role of its value."""


class Observation(NamedTuple):
    """A place that tells a value: whose, in which passage, and when it was said if that is known.

    `start` and `end` are when it held as stated. All times are of one unit.
    """

    holder: str
    value: frozenset[str]
    passage: str
    at: int | None = None
    start: int | None = None
    end: int | None = None


class _Count(NamedTuple):
    agreeing: int
    trials: int
    examples: int

    @property
    def bound(self) -> float:
        """What the share is at least, but for one case in twenty."""
        if not self.agreeing:
            return 0.0
        return float(betaincinv(self.agreeing, self.trials - self.agreeing + 1, _DOUBT))


def learn(
    observed: Mapping[Shape, Sequence[Observation]], *, never: Collection[Shape] = ()
) -> list[LearnedState]:
    """The states that the observations show, in order of predicate and roles.

    Parameters
    ----------
    never
        Shapes that are not to be learned, as they are known already or somebody said so.
    """
    found = []
    for shape in sorted(observed.keys() - set(never)):
        predicate, holder, value = shape
        if predicate in _EMPTY:
            continue
        for_good, in_time = _counted(observed[shape])
        is_once = in_time.examples < _CHANGES
        count = for_good if is_once else in_time
        if count.bound >= LEAST:
            found.append(
                LearnedState(
                    predicate=predicate,
                    holder=holder,
                    value=value,
                    is_once=is_once,
                    agreeing=count.agreeing,
                    trials=count.trials,
                    bound=count.bound,
                    examples=count.examples,
                )
            )
    return found


def _counted(observed: Iterable[Observation]) -> tuple[_Count, _Count]:
    """How often values were one for good, and one at a time."""
    held: defaultdict[str, list[Observation]] = defaultdict(list)
    for each in observed:
        held[each.holder].append(each)
    same = several = 0
    agreeing = trials = changed = 0
    for told in held.values():
        if len({each.passage for each in told}) < 2:
            continue
        numbered = _numbered(told)
        several += 1
        if len(set(numbered)) == 1:
            same += 1
            continue
        counts = [_sequence(told, numbered), _spans(told, numbered)]
        agreeing += sum(agrees for agrees, _ in counts)
        trials += sum(of for _, of in counts)
        changed += 1
    return _Count(same, several, several), _Count(agreeing, trials, changed)


def _numbered(told: Sequence[Observation]) -> list[int]:
    """A number per observation, the same for those that may tell one value."""
    values: list[frozenset[str]] = []
    found = []
    for each in told:
        at = next((n for n, value in enumerate(values) if same_value(value, each.value)), None)
        if at is None:
            at = len(values)
            values.append(each.value)
        found.append(at)
    return found


def _sequence(told: Sequence[Observation], numbered: Sequence[int]) -> tuple[int, int]:
    """Of what is told again, or beside another value: how much is the latest, and of how much."""
    by_time: defaultdict[int, set[int]] = defaultdict(set)
    for each, number in zip(told, numbered, strict=True):
        if each.at is not None:
            by_time[each.at].add(number)
    agreeing = trials = 0
    seen: set[int] = set()
    latest: int | None = None
    for moment in sorted(by_time):
        values = by_time[moment]
        if len(values) > 1:
            trials += 1
            latest = None
        else:
            [value] = values
            if value in seen:
                trials += 1
                agreeing += value == latest
            latest = value
        seen |= values
    return agreeing, trials


def _spans(told: Sequence[Observation], numbered: Sequence[int]) -> tuple[int, int]:
    """Of values that follow each other with both ends stated: how many are apart, and of how
    many."""
    spans = sorted(
        {
            (each.start, each.end, number)
            for each, number in zip(told, numbered, strict=True)
            if each.start is not None and each.end is not None
        }
    )
    pairs = [(left, right) for left, right in pairwise(spans) if left[2] != right[2]]
    return sum(left[1] <= right[0] for left, right in pairs), len(pairs)
