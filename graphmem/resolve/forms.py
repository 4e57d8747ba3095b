"""Names taken apart: the keys that they are compared by. Names themselves stay as written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from graphmem.kernels.text import words

_QUALIFIER = re.compile(r"\s*\(([^()]*)\)\s*$")
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"}
)
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
_NUMBER = re.compile(r"\d+(?:st|nd|rd|th)?")
_SUFFIXES: Final = frozenset(("jr", "sr", "junior", "senior"))
_HONORIFICS: Final = frozenset(
    """sir dame dr mr mrs ms miss prof professor rev reverend lord lady king queen prince princess
    emperor empress president pope general colonel captain lieutenant major admiral archduke
    archduchess count countess duke duchess chancellor senator governor saint""".split()
)
_LEGAL: Final = frozenset(
    "inc ltd llc llp corp corporation company co plc gmbh limited incorporated ag".split()
)
_PARTICLES: Final = frozenset(
    "of de da di du del von van der den la le el al bin ibn y the".split()
)
_SPELLED: Final = {"ibn": "bin", "de": "of"}
"""Particles that one name is written with in several ways."""
_NICKNAMES: Final[dict[str, str]] = {
    nickname: name
    for name, nicknames in {
        "william": "bill billy will willie liam",
        "robert": "bob bobby rob robbie",
        "richard": "rick ricky dick rich richie",
        "james": "jim jimmy jamie",
        "john": "johnny jack",
        "joseph": "joe joey",
        "thomas": "tom tommy",
        "charles": "charlie chuck",
        "edward": "ed eddie ted teddy ned",
        "michael": "mike mickey mick",
        "francis": "frank frankie",
        "franklin": "frank",
        "daniel": "dan danny",
        "david": "dave davy",
        "samuel": "sam sammy",
        "benjamin": "ben benny",
        "anthony": "tony",
        "christopher": "chris kit",
        "matthew": "matt",
        "nicholas": "nick nicky",
        "alexander": "alex sandy",
        "andrew": "andy drew",
        "gregory": "greg",
        "stephen": "steve",
        "steven": "steve",
        "kenneth": "ken kenny",
        "ronald": "ron ronnie",
        "donald": "don donnie",
        "gerald": "gerry jerry",
        "lawrence": "larry",
        "timothy": "tim",
        "patrick": "pat paddy",
        "peter": "pete",
        "philip": "phil",
        "raymond": "ray",
        "walter": "walt",
        "henry": "hank harry",
        "harold": "hal harry",
        "frederick": "fred freddy freddie",
        "leonard": "len lenny",
        "jeffrey": "jeff",
        "arthur": "art",
        "albert": "al bert",
        "elizabeth": "liz lizzie beth betty eliza bess",
        "margaret": "maggie peggy meg",
        "katherine": "kate kathy katie kitty",
        "catherine": "cathy kate katie kitty",
        "patricia": "pat patty tricia",
        "jennifer": "jen jenny",
        "rebecca": "becky",
        "susan": "sue susie",
        "deborah": "debbie",
        "dorothy": "dot dottie",
        "barbara": "barb",
        "melanie": "mel",
        "joanna": "jo",
        "caroline": "caro",
        "jonathan": "jon",
        "jessica": "jess",
    }.items()
    for nickname in nicknames.split()
}


class NameForm(NamedTuple):
    """A name as it is compared.

    `words` are folded, without determiner, honorific, legal suffix and qualifier; `qualifier` is
    what stands in parentheses at its end, folded; `numbers` are its ordinals and numerals. `spelt`
    are the words with honorific and suffix, which `is_titled` and `is_legal` say were there; `tail`
    is what follows a comma.
    """

    words: tuple[str, ...]
    spelt: tuple[str, ...]
    qualifier: str
    numbers: tuple[str, ...]
    tail: tuple[str, ...]
    is_legal: bool
    is_titled: bool

    @property
    def key(self) -> str:
        """What two spellings of one name share."""
        return " ".join(self.words)


@lru_cache(maxsize=1 << 16)
def form_of(name: str) -> NameForm:
    """Take a name apart."""
    found = _QUALIFIER.search(name)
    base = name[: found.start()].strip() if found else name
    if not base:
        base, found = name, None
    head, _, tail = base.partition(",")
    spelt = _folded(base)
    bare = spelt[1:] if len(spelt) > 1 and spelt[0] == "the" else spelt
    without = _without_honorifics(bare)
    is_legal = len(without) > 1 and without[-1] in _LEGAL
    while len(without) > 1 and without[-1] in _LEGAL:
        without = without[:-1]
    return NameForm(
        words=_joined(without) or _joined(spelt),
        spelt=spelt,
        qualifier=" ".join(words(found[1])) if found else "",
        numbers=tuple(sorted(word for word in spelt if is_number(word))),
        tail=_folded(tail) if head.strip() else (),
        is_legal=is_legal,
        is_titled=len(_without_honorifics(bare)) < len(bare),
    )


def is_number(word: str) -> bool:
    """Whether a word of a name is what tells it from the next one: "III", "2nd", "2017", "jr"."""
    is_numeral = word != "i" and bool(_ROMAN.fullmatch(word)) and len(word) > 0
    return is_numeral or bool(_NUMBER.fullmatch(word)) or word in _SUFFIXES


def person_words(form: NameForm) -> tuple[str, ...]:
    """First, middle and last names; nothing for a name that is not made of them."""
    if form.tail or form.numbers or not 2 <= len(form.words) <= 6:
        return ()
    parts = _without_honorifics(form.spelt)
    if any(part in ("of", "the") for part in parts):
        return ()
    return parts if len(parts) > 1 and len(parts[-1]) > 1 else ()


def given_name(word: str) -> str:
    """A given name, or the one that a nickname is short for."""
    return _NICKNAMES.get(word, word)


def initials(form: NameForm) -> str:
    """First letters of the words that acronyms are made of."""
    return "".join(word[0] for word in form.spelt if word not in _PARTICLES)


def is_acronym(name: str) -> bool:
    """Whether a name is written as an acronym: capitals only, with or without full stops."""
    letters = [c for c in name if c.isalpha()]
    return 2 < len(letters) < 8 and " " not in name and all(c.isupper() for c in letters)


def _folded(text: str) -> tuple[str, ...]:
    return tuple(_fold(word) for word in words(text) if word != "and" and _fold(word))


def _fold(word: str) -> str:
    kept = "".join(c for c in word if c != "'" and unicodedata.category(c) != "Lm")
    plain = kept if kept.isascii() else kept.translate(_LETTERS)
    return _SPELLED.get(plain, plain)


def _without_honorifics(parts: Sequence[str]) -> tuple[str, ...]:
    """Without titles of honour before two more words, or before one with a numeral."""
    kept = tuple(parts)
    while len(kept) > 2 and kept[0] in _HONORIFICS and kept[1] not in _PARTICLES:
        kept = kept[1:]
    return kept


def _joined(parts: Sequence[str]) -> tuple[str, ...]:
    """Letters that stand alone side by side as one word: "S.M." as "sm"."""
    return tuple(_runs(parts))


def _runs(parts: Sequence[str]) -> Iterator[str]:
    run = ""
    for part in parts:
        if len(part) == 1 and part.isalpha():
            run += part
            continue
        if run:
            yield run
        run = ""
        yield part
    if run:
        yield run
