"""Clauses that depend on another: which one, and what the connective between them says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from graphmem.extract.connectives import SUBORDINATE, Reading, phrase_at
from graphmem.extract.lexicon import AIMED_VERBS
from graphmem.extract.page import Page
from graphmem.model.extraction import LinkDraft
from graphmem.model.knowledge import Sense

VERBAL: Final = ("VERB", "AUX")
MARKS: Final = ("mark", "advmod", "prep", "cc", "dep", "punct")
_REMARKED: Final = frozenset("refer know call describe expect mention note see say".split())
_STATIVE: Final = frozenset(
    """be have know like love hate want need own belong contain consist remain believe think mean
    seem appear prefer live""".split()
)
_PARTICIPLES: Final = ("VBG", "VBN")
_HIGHEST = 8


class Sentence(NamedTuple):
    """A range of tokens, and those of its verbs that have a fact, with how deep each stands."""

    first: int
    last: int
    verbs: dict[int, int]

    @property
    def main(self) -> int | None:
        """The highest verb with a fact."""
        return min(self.verbs, key=lambda verb: (self.verbs[verb], verb)) if self.verbs else None


def subordinate(
    page: Page, words: Sequence[str], sentence: Sentence, first_of: Mapping[int, int]
) -> Iterator[LinkDraft]:
    """Links of clauses that a connective makes depend on another: "because", "before selling"."""
    token = sentence.first
    while token < sentence.last:
        phrase = phrase_at(SUBORDINATE, words, token, sentence.last)
        if not phrase or token in page.name_at:
            token += 1
            continue
        following = token + len(phrase)
        clause = _marked(page, token, following)
        own = None if clause is None else own_verb(page, clause, following, sentence)
        if clause is not None and own is not None:
            above = _other_verb(page, clause, own, token, sentence)
            if above is not None:
                reading = _reading(page, phrase, token, own, above)
                if reading is not None:
                    yield directed(page, reading, first_of[own], first_of[above], token, following)
        token = following


def purposes(
    page: Page, words: Sequence[str], sentence: Sentence, first_of: Mapping[int, int]
) -> Iterator[LinkDraft]:
    """Links of infinitives that say what for: "to avoid", "in order to avoid"."""
    parse = page.parse
    for verb in sentence.verbs:
        to = parse.child(verb, "aux")
        if to is None or parse.tags[to] != "TO":
            continue
        is_in_order = to >= 2 and tuple(words[to - 2 : to]) == ("in", "order")
        above = above_verb(page, verb, sentence)
        if above is None:
            continue
        is_aim = parse.deps[verb] == "advcl" or (
            parse.deps[verb] == "xcomp" and parse.lemmas[parse.heads[verb]] in AIMED_VERBS
        )
        if is_in_order or is_aim:
            first = to - 2 if is_in_order else to
            purpose = Reading(Sense.PURPOSE)
            yield directed(page, purpose, first_of[verb], first_of[above], first, to + 1)


def _marked(page: Page, first: int, following: int) -> int | None:
    """The verb of the clause that the words ``[first, following)`` stand before."""
    parse = page.parse
    for token in range(following - 1, first - 1, -1):
        if parse.deps[token] not in MARKS:
            continue
        inner = parse.child(token, "pcomp")
        head = parse.heads[token]
        if inner is not None and parse.pos[inner] in VERBAL:
            return inner
        if head >= following and parse.pos[head] in VERBAL:
            return None if parse.deps[head] in ("relcl", "acl") and head > first else head
        if parse.deps[token] == "advmod" and parse.pos[head] in VERBAL and head > first:
            return head
    return None


def own_verb(page: Page, clause: int, following: int, sentence: Sentence) -> int | None:
    """The verb with a fact in a clause: its own, or the highest inside it."""
    if clause in sentence.verbs:
        return clause
    parse = page.parse
    inside = [
        verb
        for verb in sentence.verbs
        if following <= verb and parse.left[clause] <= verb <= parse.right[clause]
    ]
    return min(inside, key=lambda verb: (sentence.verbs[verb], verb), default=None)


def _other_verb(
    page: Page, clause: int, own: int, connective: int, sentence: Sentence
) -> int | None:
    """The verb with a fact that a dependent clause is linked to."""
    parse = page.parse
    above = clause
    for _ in range(_HIGHEST):
        if parse.heads[above] == above:
            break
        above = parse.heads[above]
        if above in sentence.verbs and above != own:
            return above
    outside = [
        verb
        for verb in sentence.verbs
        if not min(connective, parse.left[clause]) <= verb <= parse.right[clause]
    ]
    is_opening = connective - sentence.first <= 1
    sides = [verb for verb in outside if (verb > connective) == is_opening] or outside
    if not sides:
        # The main clause hangs below its dependent one: "he ruled, before he was killed".
        if not is_opening:
            return max((verb for verb in sentence.verbs if verb < connective), default=None)
        comma = next((t for t in range(own, sentence.last) if parse.words[t] == ","), sentence.last)
        sides = [verb for verb in sentence.verbs if verb > comma]
        if not sides:
            return None
    return min(sides, key=lambda verb: (sentence.verbs[verb], abs(verb - connective)))


def above_verb(page: Page, verb: int, sentence: Sentence) -> int | None:
    """The nearest verb above another that has a fact."""
    above = verb
    for _ in range(_HIGHEST):
        if page.parse.heads[above] == above:
            return None
        above = page.parse.heads[above]
        if above in sentence.verbs:
            return above
    return None


def _reading(
    page: Page, phrase: tuple[str, ...], token: int, own: int, above: int
) -> Reading | None:
    """What a connective says here; nothing for "as it is called" or "I know when"."""
    parse = page.parse
    reading: Reading | None = SUBORDINATE[phrase]
    is_complement = parse.deps[own] == "ccomp" and parse.heads[own] < token
    match phrase[0] if len(phrase) == 1 else "":
        case "if" | "when" | "whenever" if is_complement:
            reading = None
        case "as" if parse.deps[token] not in ("mark", "advmod") or _is_remark(page, own):
            reading = None
        case "as" if not _is_state(page, own) and not follows_comma(page, token):
            reading = Reading(Sense.SYNCHRONOUS)
        case "since" if _is_temporal(page, own, above):
            reading = Reading(Sense.PRECEDES)
        case "while" | "whilst" if _is_against(page, token, own, above):
            reading = Reading(Sense.CONTRAST)
        case "thus" | "thereby" if parse.tags[own] != "VBG":
            reading = None
        case "in" | "provided" if parse.tags[own] in _PARTICIPLES:
            reading = None
    return reading


def _is_remark(page: Page, verb: int) -> bool:
    """ "As it is often called"."""
    return page.parse.lemmas[verb] in _REMARKED


def _is_state(page: Page, verb: int) -> bool:
    return page.parse.lemmas[verb] in _STATIVE


def follows_comma(page: Page, token: int) -> bool:
    """Whether a comma or semicolon stands right before a token."""
    return token > 0 and page.parse.words[token - 1] in (",", ";")


def _is_temporal(page: Page, verb: int, above: int) -> bool:
    """Whether "since" tells a time: "since we last met", or beside a perfect tense."""
    parse = page.parse
    is_perfect = any(
        parse.deps[kid] == "aux" and parse.lemmas[kid] == "have" for kid in parse.children[above]
    )
    is_past = parse.tags[verb] == "VBD"
    return (is_perfect and is_past) or any(
        parse.words[kid].lower() in ("last", "first") for kid in parse.children[verb]
    )


def _is_against(page: Page, token: int, own: int, above: int) -> bool:
    """Whether "while" sets two clauses against each other, and does not say "at the same time"."""
    parse = page.parse
    subject = parse.child(own, "nsubj", "nsubjpass")
    if subject is None:
        return parse.tags[own] == "VBN" and parse.child(own, "auxpass") is None
    is_going_on = any(parse.tags[kid] == "VBG" for kid in (own, above))
    if is_going_on or parse.pos[subject] == "PRON":
        return False
    return follows_comma(page, token) or _is_state(page, own) or token > own


def directed(
    page: Page, reading: Reading, own: int, other: int, first: int, following: int
) -> LinkDraft:
    """A link between a connective's own fact and the other, in the direction that it reads."""
    source, target = (own, other) if reading.is_source else (other, own)
    if reading.sense in (Sense.CONTRAST, Sense.CONJUNCTION, Sense.SYNCHRONOUS):
        source, target = min(own, other), max(own, other)
    return link_of(page, source, target, reading.sense, first, following)


def link_of(
    page: Page, source: int, target: int, sense: Sense, first: int, following: int
) -> LinkDraft:
    """A link between two facts by the connective of tokens ``[first, following)``."""
    parse = page.parse
    return LinkDraft(
        source=source,
        target=target,
        sense=sense,
        connective=" ".join(parse.slice(first, following).lower().split()),
        start=parse.starts[first],
        end=parse.ends[following - 1],
    )
