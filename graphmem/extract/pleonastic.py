"""Pleonastic pronouns: "it" that stands for nothing that is named, or for all that was told."""

from __future__ import annotations

from typing import Final

from graphmem.extract.lexicon import PARTNER_PRONOUNS
from graphmem.extract.mentions import SUBJECTS
from graphmem.extract.page import Page
from graphmem.extract.spoken import is_talk
from graphmem.kernels.text import fold

_EMPTY_VERBS: Final = frozenset(
    """be seem appear turn happen become take remain prove make rain snow pour drizzle hail
    freeze""".split()
)
_FELT: Final = frozenset(
    """great good awesome amazing incredible wonderful fantastic cool nice fun hard tough difficult
    challenging rough scary exciting inspiring rewarding worth crazy wild sad frustrating annoying
    stressful experience time journey ride road moment pressure feeling special important lot
    powerful eye-opening unforgettable surreal fulfilling true reminder jump relief honor honour
    day night evening weekend pleasure chance decision blast peaceful humbling way
    outlet blessing step""".split()
)
_SPENT: Final = frozenset("time bit lot while effort work courage strength practice year".split())
_UNKNOWN: Final = ("unknown", "unclear", "uncertain")
_MOVING: Final = frozenset("help make let keep teach mean break motivate show inspire".split())
_LIKING: Final = frozenset(("love", "like", "hate", "enjoy"))
_WEATHER: Final = frozenset("rain snow pour drizzle hail".split())
_SAID: Final = frozenset(
    """believe know think estimate suggest discover say report claim consider decide argue note
    find speculate expect hope assume rumour rumor announce reveal confirm propose accept agree
    recommend require understand state show prove document allege""".split()
)


def is_pleonastic(page: Page, token: int) -> bool:
    """Whether "it" refers to no entity: "it rained", and in talk "it was great"."""
    return _is_empty(page, token) or _is_what_happened(page, token)


def is_sentential(page: Page, token: int) -> bool:
    """Whether "which" is all that was told: "I could run again, which was a relief"."""
    parse = page.parse
    if not is_talk(page) or parse.deps[token] not in SUBJECTS:
        return False
    felt = parse.child(parse.heads[token], "acomp", "attr")
    is_apart = parse.words[token].lower() == "which" and parse.words[token - 1] == ","
    return is_apart and felt is not None and parse.lemmas[felt].lower() in _FELT


def _is_empty(page: Page, token: int) -> bool:
    """Whether "it" refers to nothing: "it is known that", "it rained", "made it hard to"."""
    parse = page.parse
    verb = parse.heads[token]
    if parse.deps[token] == "expl" or parse.lemmas[verb] in _WEATHER:
        return True
    if parse.deps[token] not in SUBJECTS:
        return False
    is_said = parse.deps[token] == "nsubjpass" and parse.lemmas[verb] in _SAID
    if parse.lemmas[verb] not in _EMPTY_VERBS and not is_said:
        return False
    kids = [kid for kid in parse.children[verb] if kid > verb]
    if parse.lemmas[verb] in ("become", "remain", "make") and parse.child(verb, "acomp") is None:
        return False
    said = [kid for kid in kids if parse.deps[kid] == "acomp"]
    below = [kid for adjective in said for kid in parse.children[adjective]]
    is_gerund = any(_is_gerund(page, kid) for kid in (*kids, *below))
    is_unknown = any(parse.lemmas[kid].lower() in _UNKNOWN for kid in said)
    is_told = any(_is_clause(page, kid) for kid in (*kids, *below))
    if is_unknown or is_told or (said and is_gerund):
        return True  # "it was special having these moments"
    return bool(said or is_said) and any(
        parse.deps[kid] == "advcl" and parse.child(kid, "aux", "mark") is not None for kid in kids
    )


def _is_what_happened(page: Page, token: int) -> bool:
    """Whether "it" is all that was told before, as in talk: "It was great", "It helped me grow"."""
    parse = page.parse
    verb = parse.heads[token]
    lemma = parse.lemmas[verb]
    if not is_talk(page):
        return False
    if parse.deps[token] not in SUBJECTS:
        return _is_of_idiom(page, token)
    touched = parse.child(verb, "dobj", "dative", "ccomp")
    if lemma in _MOVING and touched is not None and _is_of_partner(page, touched):
        return True
    spent = parse.child(verb, "dobj", "attr", "oprd", "npadvmod")
    if lemma == "take":
        return spent is not None and parse.lemmas[spent] in _SPENT
    felt = parse.child(verb, "acomp", "attr")
    is_felt = felt is not None and parse.lemmas[felt].lower() in _FELT
    return is_felt and lemma in ("be", "feel", "sound", "look", "get")


def _is_of_idiom(page: Page, token: int) -> bool:
    """Whether "it" only fills a place: "worth it", "keep it up", "will make it", "take it easy"."""
    parse = page.parse
    verb = parse.heads[token]
    lemma = parse.lemmas[verb]
    before, after = (
        parse.words[at].lower() for at in (max(token - 1, 0), min(token + 1, len(parse) - 1))
    )
    if parse.deps[token] != "dobj" or before == "worth":
        return before == "worth"
    return (
        lemma in ("appreciate", "do", "kill")
        or (lemma == "keep" and parse.child(verb, "prt") is not None)
        or (lemma == "make" and parse.child(verb, "aux") is not None)
        or (lemma == "take" and after in ("slow", "easy"))
        or (lemma in _LIKING and after == "when")
    )


def _is_of_partner(page: Page, token: int) -> bool:
    """Whether an object is who speaks or listens, or what they are made to do."""
    parse = page.parse
    subject = parse.child(token, *SUBJECTS)
    return fold(parse.words[token if subject is None else subject]) in PARTNER_PRONOUNS


def _is_clause(page: Page, token: int) -> bool:
    parse = page.parse
    if parse.deps[token] == "xcomp":
        auxiliary = parse.child(token, "aux")
        return auxiliary is not None and parse.tags[auxiliary] == "TO"
    return parse.deps[token] in ("ccomp", "csubj")


def _is_gerund(page: Page, token: int) -> bool:
    parse = page.parse
    leads = ("mark", "prep", "nsubj")
    is_open = parse.deps[token] in ("xcomp", "advcl", "ccomp") and parse.tags[token] == "VBG"
    return is_open and parse.child(token, *leads) is None and parse.words[token - 1] != ","
