"""Listings: what stands without a verb, or in rows of names and numbers, is said of the topic."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.extract.members import extent_of, members_of, with_topic
from graphmem.extract.page import Page
from graphmem.extract.phrases import phrase_of, written
from graphmem.extract.wording import Slot, finished
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import EntityType, FactKind

_CONFIDENCE = 0.6
_LEAD, _REGARDING = "Listed under {}: {}", "Regarding {}, {}"
_MOST_ITEMS = 5
_SHORTEST_TABLE = 30
_MOST_VERBS = 0.04
_LEAST_NAMES = 0.65
_OPENING = 12
_INSIDE = ("compound", "nmod", "amod", "poss", "nummod", "det")


def listings(page: Page) -> list[tuple[int, int]]:
    """The sentences that are none, as token ranges; none where nothing is the topic of them.

    Rows of a table read like one long sentence in which hardly a word is a verb and most are names
    or numbers.
    """
    if page.topic is None:
        return []
    return [(first, last) for first, last in page.parse.sentences if _is_listing(page, first, last)]


def items(page: Page, ranges: list[tuple[int, int]]) -> Iterator[FactDraft]:
    """The items of listings, a few to a fact, in the words of the text."""
    for first, last in ranges:
        slots = list(_slots(page, first, last))
        if all(slot.phrase.type is EntityType.CONCEPT for slot in slots):
            continue  # a heading
        lead = _REGARDING if _is_prose(page, first, last) else _LEAD
        told = first
        for start in range(0, len(slots), _MOST_ITEMS):
            part = slots[start : start + _MOST_ITEMS]
            members, frame = with_topic(page, members_of(page, part), None)
            if len(members) < 2 or not frame or page.topic is None:
                continue
            begin, end = extent_of(members, part[0].phrase.start, part[0].phrase.end)
            stop = last
            if start + _MOST_ITEMS < len(slots):
                stop = page.parse.tokens_in(begin, end)[1]
            listed = written(page, told, stop).lstrip(",;: ")
            yield FactDraft(
                text=finished(lead.format(page.topic.shown, listed)),
                predicate="be",
                members=members,
                start=begin,
                end=end,
                kind=FactKind.ATTRIBUTE,
                confidence=_CONFIDENCE,
            )
            told = stop


def _is_prose(page: Page, first: int, last: int) -> bool:
    """Whether it reads like a sentence, whose verb a tagger may have taken for a noun."""
    words = [word for word in page.parse.words[first:last] if word[0].isalnum()]
    small = sum(word.islower() for word in words)
    return page.parse.words[last - 1] == "." and 2 * small >= len(words)


def _is_listing(page: Page, first: int, last: int) -> bool:
    parse = page.parse
    verbs = sum(parse.pos[token] in ("VERB", "AUX") for token in range(first, last))
    if verbs == 0:
        return True
    size = last - first
    if size < _SHORTEST_TABLE or verbs > _MOST_VERBS * size or _is_told(page, first, last):
        return False
    words = [word for word in parse.words[first:last] if word[0].isalnum()]
    named = sum(not word[0].islower() for word in words)
    return named >= _LEAST_NAMES * len(words)


def _is_told(page: Page, first: int, last: int) -> bool:
    """Whether a sentence begins with a subject and its verb, as none of a table does."""
    parse = page.parse
    for token in range(first, min(first + _OPENING, last)):
        if parse.tags[token] in ("VBZ", "VBP", "VBD") and parse.deps[token] == "ROOT":
            return parse.child(token, "nsubj", "nsubjpass") is not None
    return False


def _slots(page: Page, first: int, last: int) -> Iterator[Slot]:
    parse = page.parse
    seen: set[int] = set()
    for token in range(first, last):
        named = page.name_at.get(token) or page.time_at.get(token)
        is_head = parse.pos[token] in ("NOUN", "PROPN", "NUM") and parse.deps[token] not in _INSIDE
        if named is not None and named.start not in seen:
            seen.add(named.start)
        elif named is not None or not is_head:
            continue
        phrase = phrase_of(page, token)
        if phrase is not None:
            role = "time" if phrase.type is EntityType.DATE else "attribute"
            yield Slot(role, phrase, token)
