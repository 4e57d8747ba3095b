"""Spoken: what only talk does: calls who listens by name, exclaims, leaves out who speaks."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from graphmem.extract.lexicon import EXCLAIMED, GREETINGS
from graphmem.extract.page import Page, Referent
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

if TYPE_CHECKING:
    from graphmem.extract.clauses import Clause

_PAUSES: Final = ("!", "-", "–", "—", "...", "…", ":")
_CALLED: Final = (",", "!", "-", "–", "—")
_BEFORE: Final = frozenset(("intj", "punct", "cc", "advmod", "neg", "npadvmod"))
_OF_OTHERS: Final = frozenset(
    """be look sound feel seem take mean remind make turn happen come help work cost bring give
    keep see thank smell taste appear depend base speak""".split()
)
"""Verbs that talk uses without a subject of something other than who speaks: "Sounds good"."""
_ME: Final = frozenset(("me", "us", "you"))
_WHEN: Final = frozenset(("when", "whenever", "if", "once", "unless"))
_AGES: Final = frozenset("young younger little old older small kid child teen teenager".split())
_MEETING: Final = frozenset("talk speak chat meet see".split())
_WISHING: Final = frozenset("wish hope bet guess imagine".split())
_PARTNERS: Final = frozenset(("i", "we", "you"))


def is_talk(page: Page) -> bool:
    """Whether the page is a turn of a chat."""
    return page.context.kind is EpisodeKind.CHAT


def left_out(page: Page) -> Referent | None:
    """Who a verb without a subject is said of: what a page is about, or who speaks."""
    if page.topic is not None or not is_talk(page) or page.context.speaker is None:
        return page.topic
    return Referent(page.context.speaker, page.context.speaker, EntityType.PERSON)


def is_addressed(page: Page, subject: int, verb: int) -> bool:
    """Whether a name only calls whom it names: "Sounds great, Ann!", "Hey Ann, I moved"."""
    parse = page.parse
    if is_talk(page) and parse.words[subject].lower() in _called_out(page, subject):
        return True
    if is_talk(page) and "!" in parse.words[subject:verb]:
        return True  # "Awesome, Ann! Sounds like fun"
    if subject not in page.name_at or not is_talk(page):
        return False
    before = parse.left[subject] - 1
    if subject > verb:
        return parse.words[before] == ","
    named = page.name_at[subject]
    if named.referent.name != page.context.addressee:
        return False
    is_plural = parse.tags[verb] == "VBP" and parse.child(verb, "aux") is None
    return parse.words[subject + 1] in _CALLED or is_plural  # "Thanks, Ann - really appreciate it"


def _called_out(page: Page, subject: int) -> Collection[str]:
    """The words that are no subject: "Thanks, appreciate it", and "Love trying it" at the start."""
    parse = page.parse
    is_first = any(first == subject for first, _ in parse.sentences)
    return EXCLAIMED if is_first and parse.left[subject] == parse.right[subject] else GREETINGS


def is_exclaimed(page: Page, token: int, verb: int) -> bool:
    """Whether a word only exclaims: "Thanks, I will", "Big news! I moved"."""
    parse = page.parse
    if not is_talk(page):
        return False
    if parse.words[token].lower() in GREETINGS and parse.left[token] == token:
        return True
    last = parse.right[token]
    if token > verb or parse.tags[token][:1] == "W" or last + 1 >= len(parse):
        return False
    return parse.words[last] in _PAUSES or parse.words[last + 1] in _PAUSES


def leaves_speaker_out(page: Page, clause: Clause) -> bool:
    """Whether a sentence's main verb is said of who speaks: "Went camping", "Been busy baking".

    Asking leaves "have you" out instead, what is felt or seen "it": "Got any?", "Looks great".
    """
    parse = page.parse
    first = clause.group[0]
    is_been = parse.words[first].lower() == "been" and first != clause.verb
    if not is_talk(page) or not (is_been or parse.tags[first] in ("VBD", "VBG")):
        return False
    follows = parse.words[clause.verb + 1].lower() if clause.verb + 1 < len(parse) else ""
    lemma = parse.lemmas[clause.verb].lower()
    if lemma in _OF_OTHERS and (lemma, follows) != ("look", "forward"):
        return False
    begin, end = next(span for span in parse.sentences if first < span[1])
    before = (t for t in range(begin, first) if parse.deps[t] not in _BEFORE)
    if any(True for _ in before) or "?" in parse.words[clause.verb : end]:
        return False
    said = [*clause.objects, *clause.times, *clause.extents, *(role.head for role in clause.roles)]
    is_said = bool(said) or is_been or parse.child(clause.verb, "xcomp", "advmod") is not None
    return is_said and not any(parse.words[token].lower() in _ME for token in clause.objects)


def is_aside(page: Page, clause: Clause) -> bool:
    """Whether a clause of talk states nothing of its own.

    So does one of anyone ("hard when you have no faith"), what is wished ("wish I had time"), and
    one that only tells when: "when I was younger", "since we last talked".
    """
    return is_talk(page) and (
        _is_of_anyone(page, clause) or _is_only_when(page, clause) or _is_wished(page, clause.verb)
    )


def _is_only_when(page: Page, clause: Clause) -> bool:
    parse = page.parse
    lemma = parse.lemmas[clause.verb]
    if parse.deps[clause.verb] != "advcl":
        return False
    is_age = lemma == "be" and any(parse.lemmas[t].lower() in _AGES for t in clause.attributes)
    we = {parse.words[token].lower() for token in clause.subjects} == {"we"}
    return is_age or (we and lemma in _MEETING and not clause.objects)


def _is_wished(page: Page, verb: int) -> bool:
    """Whether a clause is inside of what is wished, or is wished by who speaks without a word."""
    parse = page.parse
    token = verb
    while parse.heads[token] != token:
        above = parse.heads[token]
        if parse.deps[token] == "ccomp" and _is_seen_to(page, above):
            return True
        if parse.deps[token] == "ccomp" and parse.lemmas[above].lower() in _WISHING:
            is_told = parse.child(above, "nsubj") is not None
            return not is_told or (token != verb and parse.lemmas[above].lower() == "wish")
        token = above
    return False


def _is_seen_to(page: Page, above: int) -> bool:
    """Whether who listens is to see to what follows: "make sure you rest"."""
    parse = page.parse
    verb = parse.heads[above] if parse.lemmas[above].lower() == "sure" else above
    is_told = parse.tags[verb] == "VB" and parse.child(verb, "nsubj", "aux") is None
    return is_told and verb != above and parse.deps[verb] in ("ROOT", "ccomp", "conj", "advcl")


def _is_of_anyone(page: Page, clause: Clause) -> bool:
    """Whether "you" is anyone: "it is hard when you have no faith", not "I'll pay if you come"."""
    parse = page.parse
    words = {parse.words[token].lower() for token in clause.subjects}
    if "you" not in words or parse.deps[clause.verb] != "advcl":
        return False
    opening = parse.words[parse.left[clause.verb]].lower()
    kids = parse.children[parse.heads[clause.verb]]
    partners = (parse.words[kid].lower() in _PARTNERS for kid in kids)
    if opening == "whenever":
        return True
    is_now = parse.tags[clause.group[0]] in ("VBP", "VB", "MD")
    return is_now and opening in _WHEN and not any(partners)
