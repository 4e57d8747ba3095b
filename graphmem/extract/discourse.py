"""Discourse links: what connectives say of the facts of two clauses, and what dates say of two.

An explicit connective is found by its words, its own clause by the parse; the other clause is the
one above it or, where the parse has none, the nearest one. Without a connective, a dated fact that
ends before the next sentence's begins precedes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphmem.extract.connectives import ADVERBS, COORDINATE, MEDIAL, SUBORDINATE, phrase_at
from graphmem.extract.page import Page
from graphmem.extract.subordination import (
    MARKS,
    VERBAL,
    Sentence,
    above_verb,
    directed,
    follows_comma,
    link_of,
    own_verb,
    purposes,
    subordinate,
)
from graphmem.model.extraction import FactDraft, LinkDraft
from graphmem.model.knowledge import FactKind, Sense


def read_links(
    page: Page, facts: Sequence[FactDraft], first_of: Mapping[int, int]
) -> list[LinkDraft]:
    """Links between facts; `first_of` gives the first fact of each verb by its position."""
    words = [word.lower() for word in page.parse.words]
    unique: dict[tuple[int, int, Sense], LinkDraft] = {}
    before: Sentence | None = None
    for first, last in page.parse.sentences:
        verbs = {verb: _depth(page, verb) for verb in first_of if first <= verb < last}
        sentence = Sentence(first, last, verbs)
        found = [
            *subordinate(page, words, sentence, first_of),
            *purposes(page, words, sentence, first_of),
            *_coordinate(page, words, sentence, first_of),
            *_adverbial(page, words, sentence, before, first_of),
        ]
        if before is not None and not any(_crosses(link, before, first_of) for link in found):
            found += _in_order(facts, sentence, before, first_of)
        for link in found:
            if link.source != link.target:
                unique.setdefault((link.source, link.target, link.sense), link)
        before = sentence
    return list(unique.values())


def _coordinate(
    page: Page, words: Sequence[str], sentence: Sentence, first_of: Mapping[int, int]
) -> Iterator[LinkDraft]:
    """Links of clauses side by side: "and", "but", "so"."""
    parse = page.parse
    for token in range(sentence.first + 1, sentence.last):
        word = words[token]
        if word not in COORDINATE or token in page.name_at or parse.deps[token] not in MARKS:
            continue
        if word == "so":
            yield from _so(page, words, token, sentence, first_of)
            continue
        left = parse.heads[token]
        right = next(
            (k for k in parse.children[left] if k > token and parse.deps[k] == "conj"), None
        )
        if right is None or parse.pos[right] not in VERBAL:
            continue
        own = own_verb(page, right, token, sentence)
        above = left if left in sentence.verbs else above_verb(page, right, sentence)
        if own is None or above is None or above > token:
            continue
        sense, last = COORDINATE[word], token + 1
        if word == "and" and words[last] in ("then", "later", "subsequently", "eventually"):
            sense, last = Sense.PRECEDES, last + 1
        elif word == "and" and words[last] in ("thus", "therefore", "so", "hence"):
            sense, last = Sense.CAUSE, last + 1
        yield link_of(page, first_of[above], first_of[own], sense, token, last)


def _so(
    page: Page,
    words: Sequence[str],
    token: int,
    sentence: Sentence,
    first_of: Mapping[int, int],
) -> Iterator[LinkDraft]:
    """ "So" before a clause is what came of the one before; with "can" it is what it was for."""
    parse = page.parse
    if tuple(words[token : token + 2]) in SUBORDINATE or words[token + 1 : token + 2] == ["as"]:
        return
    before = [verb for verb in sentence.verbs if verb < token]
    after = [verb for verb in sentence.verbs if verb > token]
    if not before or not after:
        return
    degree = parse.heads[token]
    if parse.deps[token] == "advmod" and parse.pos[degree] in ("ADJ", "ADV") and degree > token:
        that = next((t for t in range(degree, sentence.last) if words[t] == "that"), None)
        after = [verb for verb in after if that is not None and verb > that]
        if not after:
            return
    elif not follows_comma(page, token) and parse.deps[token] not in ("mark", "cc"):
        return
    own = min(after, key=lambda verb: (sentence.verbs[verb], verb))
    above = max(before, key=lambda verb: (-sentence.verbs[verb], verb))
    helps = {words[kid] for kid in parse.children[own] if parse.deps[kid] == "aux"}
    if not follows_comma(page, token) and helps & {"can", "could", "may", "might", "will"}:
        yield link_of(page, first_of[own], first_of[above], Sense.PURPOSE, token, token + 1)
    else:
        yield link_of(page, first_of[above], first_of[own], Sense.CAUSE, token, token + 1)


def _adverbial(
    page: Page,
    words: Sequence[str],
    sentence: Sentence,
    before: Sentence | None,
    first_of: Mapping[int, int],
) -> Iterator[LinkDraft]:
    """Links of connective adverbs to the clause before: "However, ...", "he later ..."."""
    parse = page.parse
    for token in range(sentence.first, sentence.last):
        is_opening = token == sentence.first or words[token - 1] in (";", "—", "–")
        phrase = phrase_at(ADVERBS, words, token, sentence.last) if is_opening else ()
        if not phrase and words[token] in MEDIAL and parse.deps[token] in ("advmod", "cc"):
            phrase = (words[token],)
        if not phrase or token in page.name_at:
            continue
        following = token + len(phrase)
        own = _said_with(page, words, token, following, sentence, is_opening=is_opening)
        if own is None:
            continue
        start = _clause_start(words, token, sentence)
        earlier = [verb for verb in sentence.verbs if verb < start]
        if earlier:
            above = min(earlier, key=lambda verb: (sentence.verbs[verb], verb))
        elif start == sentence.first and before is not None and before.main is not None:
            above = before.main
        else:
            continue
        if own != above:
            reading = ADVERBS[phrase]
            yield directed(page, reading, first_of[own], first_of[above], token, following)


def _said_with(
    page: Page,
    words: Sequence[str],
    token: int,
    following: int,
    sentence: Sentence,
    *,
    is_opening: bool,
) -> int | None:
    """The verb of the clause that a connective adverb belongs to."""
    parse = page.parse
    if words[following : following + 1] in (["to"], ["of"], ["than"]):
        return None  # "in addition to"
    verb = parse.heads[token]
    if is_opening:
        if parse.deps[verb] in ("advcl", "acl") and parse.tags[verb] == "VBN" and verb > token:
            return None  # "also called X, he"
        rest = [v for v in sentence.verbs if v > token]
        end = next((t for t in range(following, sentence.last) if words[t] == ";"), sentence.last)
        return min((v for v in rest if v < end), key=lambda v: (sentence.verbs[v], v), default=None)
    if parse.pos[verb] not in VERBAL or parse.deps[verb] not in ("ROOT", "conj", "ccomp"):
        return None
    return verb if verb in sentence.verbs else own_verb(page, verb, following, sentence)


def _clause_start(words: Sequence[str], token: int, sentence: Sentence) -> int:
    """Where the part of a sentence begins that a token is in: after a semicolon or a dash."""
    while token > sentence.first and words[token - 1] not in (";", "—"):
        token -= 1
    return token


def _crosses(link: LinkDraft, before: Sentence, first_of: Mapping[int, int]) -> bool:
    earlier = {first_of[verb] for verb in before.verbs}
    return link.source in earlier or link.target in earlier


def _in_order(
    facts: Sequence[FactDraft],
    sentence: Sentence,
    before: Sentence,
    first_of: Mapping[int, int],
) -> Iterator[LinkDraft]:
    """A link without a connective: dates say that the sentence before tells what came first."""
    if sentence.main is None or before.main is None:
        return
    earlier, later = first_of[before.main], first_of[sentence.main]
    end, start = facts[earlier].valid_to, facts[later].valid_from
    is_event = FactKind.ATTRIBUTE not in (facts[earlier].kind, facts[later].kind)
    if is_event and end is not None and start is not None and end <= start:
        yield LinkDraft(source=earlier, target=later, sense=Sense.PRECEDES)


def _depth(page: Page, verb: int) -> int:
    """How deep a verb stands; a clause that depends on another stands below its other parts."""
    heads, deps = page.parse.heads, page.parse.deps
    depth = 0
    while heads[verb] != verb:
        depth += 2 if deps[verb] in ("advcl", "relcl", "acl") else 1
        verb = heads[verb]
    return depth
