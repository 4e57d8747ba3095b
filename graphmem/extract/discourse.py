"""Discourse links: what the explicit connectives between and inside sentences say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from graphmem.extract.clauses import Clause
from graphmem.extract.page import Page
from graphmem.model.extraction import LinkDraft
from graphmem.model.knowledge import Sense


class _Reading(NamedTuple):
    """What a connective says, and whether the clause that it stands in is the source."""

    sense: Sense
    is_source: bool


_SUBORDINATE: Final = {
    "because": _Reading(Sense.CAUSE, True),
    "since": _Reading(Sense.CAUSE, True),
    "so that": _Reading(Sense.PURPOSE, True),
    "in order to": _Reading(Sense.PURPOSE, True),
    "if": _Reading(Sense.CONDITION, True),
    "unless": _Reading(Sense.CONDITION, True),
    "although": _Reading(Sense.CONTRAST, False),
    "though": _Reading(Sense.CONTRAST, False),
    "whereas": _Reading(Sense.CONTRAST, False),
    "after": _Reading(Sense.PRECEDES, True),
    "once": _Reading(Sense.PRECEDES, True),
    "before": _Reading(Sense.PRECEDES, False),
    "until": _Reading(Sense.PRECEDES, False),
}
_COORDINATE: Final = {
    "and": Sense.CONJUNCTION,
    "but": Sense.CONTRAST,
    "yet": Sense.CONTRAST,
    "so": Sense.CAUSE,
}
_OPENING: Final = {
    "as a result": Sense.CAUSE,
    "as a consequence": Sense.CAUSE,
    "therefore": Sense.CAUSE,
    "thus": Sense.CAUSE,
    "hence": Sense.CAUSE,
    "consequently": Sense.CAUSE,
    "so": Sense.CAUSE,
    "because of this": Sense.CAUSE,
    "for this reason": Sense.CAUSE,
    "that's why": Sense.CAUSE,
    "however": Sense.CONTRAST,
    "but": Sense.CONTRAST,
    "nevertheless": Sense.CONTRAST,
    "nonetheless": Sense.CONTRAST,
    "on the other hand": Sense.CONTRAST,
    "in contrast": Sense.CONTRAST,
    "instead": Sense.CONTRAST,
    "for example": Sense.ELABORATION,
    "for instance": Sense.ELABORATION,
    "in particular": Sense.ELABORATION,
    "specifically": Sense.ELABORATION,
    "in fact": Sense.ELABORATION,
    "then": Sense.PRECEDES,
    "afterwards": Sense.PRECEDES,
    "afterward": Sense.PRECEDES,
    "after that": Sense.PRECEDES,
    "later": Sense.PRECEDES,
    "subsequently": Sense.PRECEDES,
    "eventually": Sense.PRECEDES,
    "finally": Sense.PRECEDES,
    "also": Sense.CONJUNCTION,
    "moreover": Sense.CONJUNCTION,
    "furthermore": Sense.CONJUNCTION,
    "in addition": Sense.CONJUNCTION,
    "additionally": Sense.CONJUNCTION,
    "similarly": Sense.CONJUNCTION,
    "and": Sense.CONJUNCTION,
}
_LONGEST_OPENING = 4


def read_links(
    page: Page, clauses: Sequence[Clause], first_of: Mapping[int, int]
) -> list[LinkDraft]:
    """Links between the facts of clauses; `first_of` gives the first fact of each verb."""
    found = [
        *_inside_sentences(page, clauses, first_of),
        *_across_sentences(page, clauses, first_of),
    ]
    unique: dict[tuple[int, int, Sense], LinkDraft] = {}
    for link in found:
        if link.source != link.target:
            unique.setdefault((link.source, link.target, link.sense), link)
    return list(unique.values())


def _inside_sentences(
    page: Page, clauses: Sequence[Clause], first_of: Mapping[int, int]
) -> Iterator[LinkDraft]:
    parse = page.parse
    for clause in clauses:
        verb = clause.verb
        own = first_of.get(verb)
        above = _governing_fact(page, verb, first_of)
        if own is None or above is None:
            continue
        dep = parse.deps[verb]
        if dep in ("advcl", "pcomp", "xcomp", "ccomp"):
            yield from _subordinate(page, verb, own, above)
        elif dep == "conj":
            yield from _conjoined(page, verb, own, above)


def _governing_fact(page: Page, verb: int, first_of: Mapping[int, int]) -> int | None:
    """The first fact of the nearest verb above that has one."""
    above = verb
    for _ in range(4):
        if page.parse.heads[above] == above:
            return None
        above = page.parse.heads[above]
        if above in first_of:
            return first_of[above]
    return None


def _subordinate(page: Page, verb: int, own: int, above: int) -> Iterator[LinkDraft]:
    parse = page.parse
    marker = parse.child(verb, "mark", "advmod")
    if parse.deps[verb] == "pcomp":
        marker = parse.heads[verb]
    first = verb if marker is None else marker
    word = "" if marker is None else parse.words[marker].lower()
    opening = first
    if word == "that" and first > 0 and parse.words[first - 1].lower() == "so":
        word, opening = "so that", first - 1
    auxiliary = parse.child(verb, "aux")
    if word not in _SUBORDINATE and auxiliary is not None and parse.tags[auxiliary] == "TO":
        if parse.deps[verb] != "advcl":
            return
        is_in_order = auxiliary > 1 and parse.words[auxiliary - 1].lower() == "order"
        word, first = "in order to", auxiliary
        opening = auxiliary - 2 if is_in_order else auxiliary
    reading = _SUBORDINATE.get(word)
    if reading is None:
        return
    if word == "since" and _is_temporal(page, verb):
        reading = _Reading(Sense.PRECEDES, is_source=True)
    source, target = (own, above) if reading.is_source else (above, own)
    if reading.sense is Sense.CONTRAST:
        source, target = min(own, above), max(own, above)
    yield _link(page, source, target, reading.sense, opening, first)


def _is_temporal(page: Page, verb: int) -> bool:
    """Whether "since" tells a time: "since we last met", or after a perfect tense."""
    parse = page.parse
    above = parse.heads[verb]
    is_perfect = any(
        parse.deps[kid] == "aux" and parse.lemmas[kid] == "have" for kid in parse.children[above]
    )
    return is_perfect or any(parse.words[kid].lower() == "last" for kid in parse.children[verb])


def _conjoined(page: Page, verb: int, own: int, above: int) -> Iterator[LinkDraft]:
    parse = page.parse
    coordinator = parse.child(parse.heads[verb], "cc")
    if coordinator is None or coordinator > verb:
        return
    after = coordinator + 1
    word = parse.words[coordinator].lower()
    if word == "and" and after < verb and parse.words[after].lower() in ("then", "later"):
        yield _link(page, above, own, Sense.PRECEDES, coordinator, after)
    elif word in _COORDINATE:
        yield _link(page, above, own, _COORDINATE[word], coordinator, coordinator)


def _across_sentences(
    page: Page, clauses: Sequence[Clause], first_of: Mapping[int, int]
) -> Iterator[LinkDraft]:
    parse = page.parse
    before: int | None = None
    for first, last in parse.sentences:
        inside = [c.verb for c in clauses if first <= c.verb < last and c.verb in first_of]
        if not inside:
            continue
        main = min(inside, key=lambda verb: _height(page, verb))
        length, sense = _opening(page, first, last)
        if before is not None and sense is not None:
            source, target = before, first_of[main]
            if sense is Sense.ELABORATION:
                source, target = target, source
            yield _link(page, source, target, sense, first, first + length - 1)
        before = first_of[main]


def _height(page: Page, verb: int) -> int:
    heads = page.parse.heads
    height = 0
    while heads[verb] != verb:
        verb = heads[verb]
        height += 1
    return height


def _opening(page: Page, first: int, last: int) -> tuple[int, Sense | None]:
    """The connective at a sentence's start: how many tokens, and what it says."""
    parse = page.parse
    for length in range(min(_LONGEST_OPENING, last - first), 0, -1):
        words = " ".join(parse.words[t].lower() for t in range(first, first + length))
        sense = _OPENING.get(words)
        if sense is not None:
            return length, sense
    return 0, None


def _link(page: Page, source: int, target: int, sense: Sense, first: int, last: int) -> LinkDraft:
    parse = page.parse
    return LinkDraft(
        source=source,
        target=target,
        sense=sense,
        connective=" ".join(parse.slice(first, last + 1).lower().split()),
        start=parse.starts[first],
        end=parse.ends[last],
    )
