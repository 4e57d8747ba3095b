"""Prepositions: the phrases that they lead, as arguments of a verb or descriptions of a noun."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from graphmem.extract.page import Page
from graphmem.extract.phrases import conjuncts, object_of

PREPOSITIONS: Final = ("ADP", "SCONJ", "VERB")
_DEEPEST = 3
_FIXED: Final = frozenset(
    {
        *(("in", noun) for noun in "order fact addition turn case contrast particular".split()),
        *(("by", noun) for noun in ("way", "comparison")),
        *(("for", noun) for noun in ("example", "instance")),
        ("of", "course"),
        ("in", "general"),
        ("on", "hand"),
    }
)
"""Phrases that join or hedge what is said and name nothing."""


class Role(NamedTuple):
    """A prepositional argument: the words that lead to it, the preposition, its object's head.

    `name` is the preposition alone where the words are more: "of" of "12 miles north of".
    """

    word: str
    preposition: int
    head: int
    name: str = ""


def roles_under(page: Page, head: int, *, with_of: bool, depth: int = 0) -> Iterator[Role]:
    """Prepositional phrases that describe a noun, and those that describe their objects."""
    parse = page.parse
    own = page.name_at.get(head)
    for kid in parse.children[head]:
        if parse.pos[kid] == "ADJ" and kid > head:
            yield from roles_of_adverb(page, kid)
        if parse.deps[kid] != "prep" or kid < head or parse.pos[kid] not in PREPOSITIONS:
            continue
        if own is not None and page.name_at.get(kid) is own:
            continue
        word = preposition_of(page, kid)
        inner = object_of(page, kid)
        if inner is None:
            continue
        is_part = word == "of" and kid == head + 1 and not (with_of and depth == 0)
        if not is_part:
            yield Role(word, kid, inner)
        for beside in conjuncts(page, inner) if depth < _DEEPEST else ():
            yield from roles_under(page, beside, with_of=False, depth=depth + 1)
        for other in parse.children[kid]:  # "from A and later to B"
            if parse.deps[other] == "conj" and parse.pos[other] == "ADP":
                yield from roles_of_preposition(page, other)


def roles_of_preposition(page: Page, preposition: int) -> Iterator[Role]:
    """The phrase that a preposition leads, those under its object, and those conjoined with it."""
    parse = page.parse
    inner = object_of(page, preposition)
    if inner is not None and not is_fixed(page, preposition, inner):
        yield Role(preposition_of(page, preposition), preposition, inner)
        for head in conjuncts(page, inner):
            yield from roles_under(page, head, with_of=False, depth=1)
    for kid in parse.children[preposition]:
        if parse.deps[kid] == "conj" and parse.pos[kid] == "ADP":
            yield from roles_of_preposition(page, kid)


def is_fixed(page: Page, preposition: int, inner: int) -> bool:
    """Whether a phrase joins or hedges what is said: "in order to", "by the way"."""
    parse = page.parse
    words = parse.words[preposition].lower(), parse.words[inner].lower()
    is_alone = inner - preposition <= 2 and parse.child(inner, "prep", "amod", "poss") is None
    return words in _FIXED and is_alone


def roles_of_adverb(page: Page, adverb: int) -> Iterator[Role]:
    """Where an adverb leads to a phrase: "northwest of Chicago", "12 miles north of McDermitt"."""
    parse = page.parse
    if parse.pos[adverb] not in ("ADV", "NOUN", "ADJ") or adverb in page.time_at:
        return
    for kid in parse.children[adverb]:
        inner = object_of(page, kid) if parse.deps[kid] == "prep" and kid > adverb else None
        if inner is not None:
            first = parse.left[adverb] if parse.left[adverb] > adverb - 4 else adverb
            yield Role(parse.slice(first, kid + 1), kid, inner, preposition_of(page, kid))
            yield from roles_under(page, inner, with_of=False, depth=1)


def preposition_of(page: Page, token: int) -> str:
    """A preposition with what belongs to it: "because of", "due to", "such as"."""
    parse = page.parse
    word = parse.words[token].lower()
    if word == "as" and parse.words[token - 1].lower() == "such":
        return "such as"
    following = parse.child(token, "pcomp")
    if following == token + 1 and parse.pos[following] == "ADP":  # "because of", "due to"
        return f"{word} {parse.words[following].lower()}"
    if parse.child(token, "pobj") is None:
        nested = parse.child(token, "prep")
        if nested == token + 1:  # "according to", "as of"
            return f"{word} {parse.words[nested].lower()}"
    return word
