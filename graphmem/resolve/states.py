"""States: which facts say that something holds, begins or ends of someone, one value at a time.

What is known of states stands in ``states.toml``, by predicates and roles, and can be added to: see
:mod:`graphmem.resolve.states_file`.
Whatever is not listed there is read as no state, so that it never ends or denies anything.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Modality, Polarity
from graphmem.model.states import LearnedState, StateRule

LIFE: Final = "life"
"""The state whose end ends all others."""
OFFICE: Final = "office"
ATTRIBUTE: Final = "attribute"

_OF: Final = re.compile(
    r"(?:the |its |his |her )?(?P<noun>.+?) of (?:the )?(?P<owner>.+)", re.IGNORECASE
)
_POSSESSIVE: Final = re.compile(r"(?P<owner>.+?)(?:['’]s|(?<=s)['’]) (?P<noun>.+)")
_LATEST: Final = re.compile(r"(?:new|current|latest|present|updated|official) ")
_COPULA: Final = re.compile(
    r"(?P<verb>is|are|became|becomes|was appointed|was elected|was named|serves as|has been)"
    r"(?: the| its)?(?: (?P<rest>.+))?"
)
_TRIPLE_NOUN: Final = re.compile(r"(?:has |['’]s )?(?:a |the )?(?P<noun>.+?)(?: is| are)?")
_PLAIN_ROLES: Final = frozenset(("subject", "attribute", "time", "topic"))
_STARTING_OFFICE: Final = frozenset(
    ("become", "appoint", "elect", "name", "replace", "succeed", "promote", "inaugurate")
)
_TAKEN_IN: Final = frozenset(("appoint", "elect", "name", "promote", "inaugurate"))
_HOLDING_OFFICE: Final = frozenset(("be", "serve", "remain"))
_ENDING_OFFICE: Final = frozenset(("step", "resign", "retire", "oust", "remove"))
_SPEAKERS: Final = frozenset(("user", "assistant"))


class Effect(StrEnum):
    """What a fact says of a state: that it holds, that it begins, or that it ends."""

    HOLDS = "holds"
    STARTS = "starts"
    ENDS = "ends"


class Part(NamedTuple):
    """A member of a fact: its role, and the name and id of the entity."""

    role: str
    name: str
    id: str


class Reading(NamedTuple):
    """A state that a fact tells of.

    `holder` is the key of whose state it is, `values` the names of its value, none for whatever it
    is. `anchors` are names, and ids, of entities that all facts of the same state have as members.
    """

    state: str
    holder: str
    values: frozenset[str]
    effect: Effect
    anchors: tuple[str, ...]
    is_once: bool = False


class Pattern(NamedTuple):
    """What facts of a predicate say of a state, by the roles of whose it is and of its value."""

    state: str
    effect: Effect
    holder_roles: tuple[str, ...]
    value_roles: tuple[str, ...]
    is_once: bool


@dataclass(frozen=True, slots=True)
class States:
    """All states that are known, by what they are told with."""

    patterns: Mapping[str, tuple[Pattern, ...]]
    mutual: frozenset[str] = frozenset()
    not_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    titles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nouns: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    adjectives: Mapping[str, str] = field(default_factory=dict)
    participles: Mapping[str, str] = field(default_factory=dict)
    regions: frozenset[str] = frozenset()
    never_learned: frozenset[tuple[str, str, str]] = frozenset()

    def with_learned(self, learned: Sequence[LearnedState]) -> States:
        """These states, and those that a memory shows by itself."""
        patterns = dict(self.patterns)
        for state in learned:
            pattern = Pattern(
                state.name, Effect.HOLDS, (state.holder,), (state.value,), state.is_once
            )
            patterns[state.predicate] = (*patterns.get(state.predicate, ()), pattern)
        return replace(self, patterns=patterns)

    @property
    def shapes(self) -> frozenset[tuple[str, str, str]]:
        """Predicates with the roles of holder and value that are known, or are not to be learned.

        A verb of the offices or attributes stands there with whatever roles it has.
        """
        known = {
            (predicate, holder, value)
            for predicate, patterns in self.patterns.items()
            for pattern in patterns
            for holder in pattern.holder_roles
            for value in pattern.value_roles
        }
        return self.never_learned | known

    def rules(self, learned: Sequence[LearnedState] = ()) -> list[StateRule]:
        """All states by name, with the patterns that tell of them; those that were learned last."""
        told: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
        for predicate, patterns in self.patterns.items():
            for p in patterns:
                roles = (" ".join(p.holder_roles), " ".join(p.value_roles))
                told[p.state, p.is_once].append(f"{predicate} | {' | '.join(roles)} ({p.effect})")
        told[OFFICE, False] += self.titles
        told[ATTRIBUTE, False] += [*self.nouns, *(f"{prefix} ..." for prefix in self.prefixes)]
        told["being", False] += self.adjectives
        known = [
            StateRule(name=name, is_once=is_once, patterns=tuple(sorted(patterns)))
            for (name, is_once), patterns in sorted(told.items())
        ]
        shown = [
            StateRule(
                name=state.name,
                is_once=state.is_once,
                patterns=(f"{state.predicate} | {state.holder} | {state.value}",),
                learned=state,
            )
            for state in learned
        ]
        return [*known, *shown]

    @property
    def predicates(self) -> tuple[str, ...]:
        """Predicates of facts that tell of someone's or something's own states, sorted."""
        named = {f"be {word}" for word in self.adjectives}
        offices = {
            f"{verb} {title.split()[-1]} of"
            for verb in (*_STARTING_OFFICE, *_HOLDING_OFFICE, *_ENDING_OFFICE)
            for title in self.titles
        }
        stated = {
            f"{verb} {the}{title} of"
            for verb in ("is", "became", "was appointed", "was elected", "was named", "serves as")
            for the in ("", "the ")
            for title in self.titles
        }
        verbs = {*_STARTING_OFFICE, *_HOLDING_OFFICE, *_ENDING_OFFICE, *self.changes, "is"}
        told = {*self.patterns, *self.participles, *named, *offices, *stated, *verbs}
        return tuple(sorted(told))

    @property
    def ending_life(self) -> tuple[str, ...]:
        """Predicates that tell of a death, sorted."""
        return tuple(
            sorted(
                predicate
                for predicate, patterns in self.patterns.items()
                if any(p.state == LIFE and p.effect is Effect.ENDS for p in patterns)
            )
        )

    def readings(
        self,
        predicate: str,
        parts: Sequence[Part],
        *,
        polarity: Polarity = Polarity.POSITIVE,
        modality: Modality = Modality.ACTUAL,
        attribution: str | None = None,
    ) -> list[Reading]:
        """The states that a fact tells of; none for what is merely possible or someone's word."""
        if modality is not Modality.ACTUAL or attribution:
            return []
        found = [
            *self._of_patterns(predicate, parts),
            *self._of_office(predicate, parts),
            *self._of_attribute(predicate, parts),
            *self._of_adjective(predicate, parts),
        ]
        if polarity is Polarity.NEGATIVE:
            return [r for r in found if r.effect is not Effect.ENDS]
        return found

    def opens(self, predicate: str, parts: Sequence[Part], *, has_begun: bool = False) -> bool:
        """Whether a fact is the beginning of a state, which goes on after it.

        `has_begun` says that the state itself is said to begin: "started to work there".
        """
        return any(
            not reading.is_once
            and (reading.effect is Effect.STARTS or (has_begun and reading.effect is Effect.HOLDS))
            for reading in self.readings(predicate, parts)
        )

    def level(self, values: frozenset[str]) -> bool:
        """Whether the value is a region rather than a place in one."""
        return bool(values) and values <= self.regions

    def _of_patterns(self, predicate: str, parts: Sequence[Part]) -> Iterable[Reading]:
        for pattern in self.patterns.get(predicate, ()):
            holders = [part for part in parts if part.role in pattern.holder_roles]
            # "Moved back to" is "to".
            values = [part for part in parts if part.role.split()[-1] in pattern.value_roles]
            is_unnamed = not holders or not _is_name(holders[0].name)
            if is_unnamed or (pattern.value_roles and not values):
                continue
            # "Moved the court to Raqqa" tells of the court.
            roles = (*pattern.holder_roles, *pattern.value_roles)
            if "object" not in roles and _first(parts, "object"):
                continue
            names = frozenset(normalise_name(part.name) for part in values)
            if self._is_of_many(pattern.state, names):
                continue
            yield self._reading(pattern, holders[0], names)
            if pattern.state in self.mutual and values and _is_name(values[0].name):
                yield self._reading(
                    pattern, values[0], frozenset((normalise_name(holders[0].name),))
                )

    @staticmethod
    def _reading(pattern: Pattern, holder: Part, values: frozenset[str]) -> Reading:
        return Reading(
            pattern.state, holder.id, values, pattern.effect, (holder.id,), pattern.is_once
        )

    def _is_of_many(self, state: str, values: frozenset[str]) -> bool:
        several = self.not_of.get(state, frozenset())
        return any(not several.isdisjoint(name.split()) for name in values)

    def _of_office(self, predicate: str, parts: Sequence[Part]) -> Iterable[Reading]:
        verb = predicate.split(" ", 1)[0]
        copula = _COPULA.fullmatch(predicate)
        if copula and copula["rest"] and copula["rest"].endswith(" of"):
            person, owner = _first(parts, "subject"), _first(parts, "object")
            effect = Effect.HOLDS if verb in ("is", "serves", "has") else Effect.STARTS
            title = copula["rest"][:-3]
        elif verb in _HOLDING_OFFICE | _STARTING_OFFICE | _ENDING_OFFICE:
            person = _first(parts, "object" if verb in _TAKEN_IN else "subject")
            effect = (
                Effect.HOLDS
                if verb in _HOLDING_OFFICE
                else Effect.STARTS
                if verb in _STARTING_OFFICE
                else Effect.ENDS
            )
            named = _first(parts, "attribute") or _first(parts, "as")
            title, owner = (named.name if named else ""), _first(parts, "of")
            whole = _OF.fullmatch(title)
            if whole:
                title = whole["noun"]
                owner = Part("of", whole["owner"], "")
        else:
            return
        titles = self.titles.get(normalise_name(title))
        if not titles or person is None or owner is None or not _is_name(person.name):
            return
        if not _is_name(owner.name):
            return
        place = owner.name
        anchors = (owner.id or place, *(f"{each} of {place}" for each in titles))
        holder = f"{titles[0]} of {normalise_name(place)}"
        values = frozenset((normalise_name(person.name),))
        yield Reading(OFFICE, holder, values, effect, anchors)

    def _of_attribute(self, predicate: str, parts: Sequence[Part]) -> Iterable[Reading]:
        verb = predicate.split(" ", 1)[0]
        effect = Effect.STARTS if verb in self.changes else Effect.HOLDS
        for part in parts:
            if part.role == "subject" or (part.role == "object" and verb in self.changes):
                owned = self._owned(part.name)
                roles = ("to",) if verb in self.changes else ("attribute", "place", "object", "on")
                value = next((p for role in roles if (p := _first(parts, role))), None)
                if owned and value is not None and (verb == "be" or verb in self.changes):
                    yield _attribute(*owned, value, effect, part.name)
        noun = _TRIPLE_NOUN.fullmatch(predicate)
        subject, value = _first(parts, "subject"), _first(parts, "object")
        if noun and subject and value and _is_name(subject.name) and self._is_single(noun["noun"]):
            yield _attribute(subject.name, noun["noun"], value, Effect.HOLDS, subject.name)

    def _owned(self, name: str) -> tuple[str, str] | None:
        """The owner and the noun of "Ann's phone number", if a noun that has one value."""
        match = _POSSESSIVE.fullmatch(name) or _OF.fullmatch(name)
        if match is None or not _is_name(match["owner"]) or not self._is_single(match["noun"]):
            return None
        return match["owner"], match["noun"]

    def _is_single(self, noun: str) -> bool:
        plain = normalise_name(_LATEST.sub("", noun))
        return plain in self.nouns or plain.split(" ", 1)[0] in self.prefixes

    def _of_adjective(self, predicate: str, parts: Sequence[Part]) -> Iterable[Reading]:
        roles = _PLAIN_ROLES
        subject, value = _first(parts, "subject"), _first(parts, "attribute")
        word = predicate.removeprefix("be ")
        if predicate == "be" and value:
            word = normalise_name(value.name)
        elif predicate == "is":
            value = _first(parts, "object")
            word, roles = (normalise_name(value.name) if value else ""), roles | {"object"}
        elif predicate in self.participles and subject is None:
            subject = _first(parts, "object")
            word, roles = self.participles[predicate], roles | {"object"}
        family = self.adjectives.get(word)
        is_plain = all(part.role in roles for part in parts)
        if family and subject and is_plain and _is_name(subject.name):
            yield Reading(
                f"being {family}", subject.id, frozenset((word,)), Effect.HOLDS, (subject.id,)
            )


def same_value(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether two values may be one: a name in common, or one that holds all words of another."""
    if not left.isdisjoint(right):
        return True
    words = [[set(name.split()) for name in side] for side in (left, right)]
    return any(a <= b or b <= a for a in words[0] for b in words[1])


def _attribute(owner: str, noun: str, value: Part, effect: Effect, anchor: str) -> Reading:
    plain = normalise_name(_LATEST.sub("", noun))
    anchors = (
        anchor,
        *(f"{owner}'s {kind}{plain}" for kind in ("", "new ", "current ")),
        f"{plain} of {owner}",
    )
    return Reading(
        ATTRIBUTE,
        f"{plain} of {normalise_name(owner)}",
        frozenset((normalise_name(value.name),)),
        effect,
        anchors,
    )


def _first(parts: Sequence[Part], role: str) -> Part | None:
    return next((part for part in parts if part.role == role), None)


def _is_name(text: str) -> bool:
    """Whether a phrase names someone or something, as descriptions such as "his sister" do not."""
    return text[:1].isupper() or any(w[:1].isupper() for w in text.split()) or text in _SPEAKERS
