"""Names: what a passage is about, under which aliases, and which names stand in its text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final, NamedTuple

from graphmem.extract.lexicon import (
    CALENDAR,
    CONNECTORS,
    EXCLAIMED,
    FIRM_NOUNS,
    GREETINGS,
    HONORIFICS,
    NOT_A_HEAD,
    PLACE_NOUNS,
    STOP,
)
from graphmem.kernels.text import Token, normalise_name, tokenise
from graphmem.model.knowledge import EntityType

_LONGEST = 8
_LOOSE: Final = (EntityType.OTHER, EntityType.PERSON)
_BUILT: Final = frozenset(
    """lighthouse cathedral abbey monastery museum airport stadium library hospital bridge harbour
    harbor quay dam river""".split()
)
"""Last words of a name that no person's ends with, whatever a tagger says."""
_SUBJECT_WEIGHT: Final = 0.9
_HEAD_CHARS = 300
_NAME = r"[^\W\d_][^\s,;:()\"“”]*"
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
_LEADS = re.compile(r" (?:of|in) (?:the )?")
_POLITIES = PLACE_NOUNS | set("commonwealth principality duchy empire isle colony".split())
_OF = re.compile(r"(.+?)\s+of\s+(?=\S)")
_SUBJECT = re.compile(r"\s*([^(,.;:!?\n]{2,120}?)\s*(?:\(|,|\s(?:is|was|are|were)\s)")
_INITIAL = re.compile(rf"({_NAME})\s+\w\.?\s+({_NAME})")
_KNOWN_AS = re.compile(
    r"\b(?:(?:also|better|commonly|formerly|professionally|popularly)?\s*known"
    r"(?:\s+(?:professionally|mononymously|simply|also|commonly))?\s+as|born|née|nee|nicknamed)"
    r"\s+(?:the\s+)?[\"“”'`]*\s*(" + _NAME + r"(?:\s+(?:(?:of|the|de|la|van|von|da|di)\s+)*"
    r"[A-ZÀ-ÖØ-ÞĀ-Ž0-9][^\s,;:()\"“”]*){0,5})"
)
_GAP = re.compile(r"[^\S\n]|\s?[-–&]\s?|['’/]|\.\s?")
_QUOTED = re.compile(r"(?<![^\s(\[—–-])[\"“]\s?([^\W_][^\"“”\n]{0,58}[^\s\"“”.,])[.,]?\s?[\"”]")
_SENTENCE_END = re.compile(r"[.!?:;•\n\"“”‘(\[]|^\s*$")
_SUFFIXES: Final = ("jr", "sr")
_IN = re.compile(r"\b(?:in|near|from)(?:\s+the)?\s$")
_PLACE_OF = re.compile(
    r"\b(?:city|town|village|hamlet|municipality|commune|borough|suburb|county|province) of\s$"
)
_NEXT_SENTENCE = re.compile(r"(?<=\w{3})[.!?]\s")
_ABBREVIATION = re.compile(r"[^\W\d_]|st|mr|mrs|ms|dr|jr|sr|mt|ft|no|prof", re.IGNORECASE)


name_key: Final = lru_cache(maxsize=1 << 16)(normalise_name)
"""`normalise_name`, kept for the names that come again and again in one document."""


class NameSpan(NamedTuple):
    """A name in a text: characters ``[start, end)``, its type, and the title if it means that."""

    start: int
    end: int
    type: EntityType
    title: str | None = None


def title_names(title: str, text: str) -> list[tuple[str, float]]:
    """Aliases of what a document is about, each with how surely it means that, best first.

    The title itself counts 1; the first sentence's subject, and forms derived from the title,
    less. Without a title, only the first sentence's subject is left.
    """
    found: list[tuple[str, float]] = []
    base = _PARENTHESIS.sub("", title).strip() or title
    if title:
        found += [(title, 1.0), (base, 1.0), *_derived(base)]
    subject = _first_subject(text)
    is_verb_taken = subject.rpartition(" ")[2].islower()  # "Henry Art Gallery opened"
    if subject and not (is_verb_taken and name_key(subject.rpartition(" ")[0]) == name_key(base)):
        found.append((subject, _SUBJECT_WEIGHT if " " in subject else 0.5))
    if title:
        found += [(alias, 0.8) for alias in _known_as(text[:_HEAD_CHARS])]
    best: dict[str, tuple[str, float]] = {}
    for alias, weight in found:
        key = name_key(alias)
        if key and weight > best.get(key, ("", 0.0))[1]:
            best[key] = (alias, weight)
    return sorted(best.values(), key=lambda pair: -pair[1])


def meaning_title(
    aliases: Sequence[tuple[str, float]], title: str, text: str
) -> list[tuple[str, float]]:
    """Those of the aliases that surely mean the title: what shares no word with it may not.

    A first sentence can begin with another subject than the document's, unless it goes on to name
    the title ("Onika Maraj, known as Nicki Minaj"). Greece is not the "Economy of Greece".
    """
    of_title = set(name_key(title).split(" ")) - STOP
    opening = name_key(text[:_HEAD_CHARS])
    is_named = name_key(_PARENTHESIS.sub("", title)) in opening
    return [
        (alias, weight)
        for alias, weight in aliases
        if (
            not _is_led(name_key(alias), name_key(title))
            and of_title & set(name_key(alias).split(" "))
        )
        or (is_named and weight == _SUBJECT_WEIGHT)
    ]


def _is_led(alias: str, title: str) -> bool:
    """Whether an alias is what a title is of or in, unless that is a place: "Republic of Malta"."""
    head, *rest = _LEADS.split(title, maxsplit=1)
    return bool(rest) and rest[0] == alias and head.rpartition(" ")[2] not in _POLITIES


def find_names(
    text: str,
    tokens: Sequence[Token],
    *,
    aliases: Sequence[tuple[str, float]] = (),
    title: str = "",
    entities: Sequence[NameSpan] = (),
    proper: Collection[int] | None = None,
) -> list[NameSpan]:
    """Names in a text, in order, without overlaps; the longest reading wins.

    Parameters
    ----------
    tokens
        ``tokenise(text)``.
    aliases, title
        Those whose occurrences are names of the title; see :func:`meaning_title`.
    entities
        What a tagger found, with types.
    proper
        Characters at which a tagger sees a proper noun begin; ``None`` without a tagger. It decides
        whether a single word at a sentence's start is a name.
    """
    candidates: list[tuple[int, int, NameSpan]] = []
    for first, last in _occurrences(tokens, aliases):
        start, end = _characters(text, tokens, first, last)
        span = NameSpan(start, end, EntityType.OTHER, title or None)
        candidates.append((first, last, span))
    starts = {token.start: position for position, token in enumerate(tokens)}
    for entity in entities:
        found = _trimmed(tokens, *_token_range(tokens, starts, entity.start, entity.end))
        if found:
            first, last = found
            span = NameSpan(*_characters(text, tokens, first, last), entity.type)
            candidates.append((first, last, span))
    for match in _QUOTED.finditer(text):
        first, last = _token_range(tokens, starts, *match.span(1))
        if _is_quoted_name(tokens[first:last], match[1]):
            candidates.append((first, last, NameSpan(*match.span(1), EntityType.WORK)))
    for first, last in _capital_runs(text, tokens, proper):
        span = NameSpan(*_characters(text, tokens, first, last), EntityType.OTHER)
        candidates.append((first, last, span))
    return _longest(candidates, len(tokens))


def with_places(names: Sequence[NameSpan], text: str) -> list[NameSpan]:
    """The names, with those taken for places that a tagger took for else: "in Xalapa, Mexico"."""
    return [_placed(name, after, text) for name, after in zip_longest(names, names[1:])]


def _placed(name: NameSpan, after: NameSpan | None, text: str) -> NameSpan:
    if name.type is EntityType.PLACE or name.title is not None:
        return name
    is_held = (
        after is not None
        and after.type is EntityType.PLACE
        and text[name.end : after.start] == ", "
        and _IN.search(text, max(0, name.start - 12), name.start) is not None
    )
    is_called = _PLACE_OF.search(text, max(0, name.start - 24), name.start) is not None
    own = text[name.start : name.end].rpartition(" ")
    kinds = PLACE_NOUNS if name.type is EntityType.OTHER else _BUILT
    is_typed = name.type in _LOOSE and bool(own[0]) and own[2].lower() in kinds
    if name.type in _LOOSE and own[0] and own[2].lower() in FIRM_NOUNS:
        return name._replace(type=EntityType.ORGANISATION)
    is_place = is_held or is_called or is_typed
    return name._replace(type=EntityType.PLACE) if is_place else name


def _characters(text: str, tokens: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """The characters of a range of tokens, with the last full stop of "U.S."."""
    end = tokens[last - 1].end
    is_initial = last - first > 1 and end - tokens[last - 1].start == 1
    if is_initial and text[end : end + 1] == "." and text[end - 2] == ".":
        end += 1
    return tokens[first].start, end


def _longest(candidates: list[tuple[int, int, NameSpan]], size: int) -> list[NameSpan]:
    taken: list[int] = [-1] * size
    kept: list[NameSpan] = []
    order = sorted(range(len(candidates)), key=lambda i: (candidates[i][0] - candidates[i][1], i))
    for index in order:
        first, last, span = candidates[index]
        holders = {taken[position] for position in range(first, last)}
        if holders == {-1}:
            for position in range(first, last):
                taken[position] = len(kept)
            kept.append(span)
        elif span.type is not EntityType.OTHER and len(holders) == 1:
            # A tagger's name that makes up most of a longer run, to its end, tells the run's type.
            [holder] = holders
            whole = kept[holder]
            is_most = 2 * (span.end - span.start) > whole.end - whole.start
            if whole.type is EntityType.OTHER and whole.end == span.end and is_most:
                kept[holder] = whole._replace(type=span.type)
    return sorted(kept)


def _derived(base: str) -> Iterator[tuple[str, float]]:
    if "," in base:
        yield base.partition(",")[0].strip(), 0.8
    head = _OF.match(base)
    if (
        head
        and " " in head[1]
        and "," not in head[1]
        and name_key(head[1]).split(" ")[0] not in NOT_A_HEAD
    ):
        yield head[1], 0.5
    parts = base.split()
    if len(parts) == 2:
        yield "".join(parts), 0.5
    initial = _INITIAL.fullmatch(base)
    if initial:
        yield f"{initial[1]} {initial[2]}", 0.6


def _first_subject(text: str) -> str:
    """The subject of the first sentence as far as it reads as a name, or nothing."""
    match = _SUBJECT.match(text[:_HEAD_CHARS])
    if not match:
        return ""
    tokens = tokenise(match[1])
    found = _trimmed(tokens, 0, len(tokens))
    if not found or found[1] - found[0] > _LONGEST:
        return ""
    first, last = found
    capitals = sum(token.is_capital for token in tokens[first:last])
    is_clause = any(_is_common(token) for token in tokens[first : last - 1])
    if 2 * capitals < last - first or is_clause or not tokens[first].is_capital:
        return ""
    return match[1][tokens[first].start : tokens[last - 1].end]


def _is_common(token: Token) -> bool:
    """Whether a word is neither capitalised nor one that joins names."""
    return not (token.is_capital or token.text in CONNECTORS or token.text in STOP)


def _known_as(text: str) -> Iterator[str]:
    for match in _KNOWN_AS.finditer(text):
        alias = _NEXT_SENTENCE.split(match[1])[0].strip(" .'’`")
        tokens = tokenise(alias)
        if tokens and alias[0].isupper() and tokens[0].text not in CALENDAR | STOP:
            yield alias


def _occurrences(
    tokens: Sequence[Token], aliases: Sequence[tuple[str, float]]
) -> Iterator[tuple[int, int]]:
    by_first: dict[str, list[list[str]]] = {}
    for alias, _ in aliases:
        parts = name_key(alias).split(" ")
        by_first.setdefault(parts[0], []).append(parts)
    for position, token in enumerate(tokens):
        for parts in by_first.get(token.text, ()):
            last = position + len(parts)
            if (token.is_capital or len(parts) > 2) and parts == [
                t.text for t in tokens[position:last]
            ]:
                yield position, last


def _token_range(
    tokens: Sequence[Token], starts: dict[int, int], start: int, end: int
) -> tuple[int, int]:
    """The tokens inside a span of characters."""
    first = starts.get(start)
    if first is None:
        first = next((i for i, t in enumerate(tokens) if t.start >= start), len(tokens))
    last = first
    while last < len(tokens) and tokens[last].start < end:
        last += 1
    return first, last


def _is_quoted_name(inside: Sequence[Token], written: str) -> bool:
    """Whether what stands in quotes is a title: short, capitalised, and no sentence."""
    if not inside or not inside[0].is_capital or len(inside) > _LONGEST:
        return False
    content = [token for token in inside if token.text not in STOP]
    capitals = sum(token.is_capital for token in content)
    if len(inside) == 1 and (not content or inside[0].text in CALENDAR):
        return False
    return 5 * capitals >= 3 * len(content) or (len(inside) <= 5 and written[-1] not in ".,!?")


def _capital_runs(
    text: str, tokens: Sequence[Token], proper: Collection[int] | None
) -> Iterator[tuple[int, int]]:
    lower = {token.text for token in tokens if not token.is_capital}
    position = 0
    while position < len(tokens):
        if not tokens[position].is_capital:
            position += 1
            continue
        end = _run_end(text, tokens, position)
        start = position
        if _opens_sentence(text, tokens, position) and not _is_proper(
            tokens[position], proper, lower, is_alone=end == position + 1
        ):
            start += 1
        found = _trimmed(tokens, start, end)
        if found:
            first, last = found
            if first > start and text[tokens[first - 1].start : tokens[first].start] == "The ":
                first -= 1
            if last - first > _LONGEST:
                first, last = _trimmed(tokens, first, first + _LONGEST) or (first, last)
            yield first, last
        position = end


def _run_end(text: str, tokens: Sequence[Token], position: int) -> int:
    """Where the run of capitalised words that begins at `position` ends."""
    end = position + 1
    look = end
    while look < len(tokens) and _is_joined(text, tokens[look - 1], tokens[look]):
        if tokens[look].is_capital:
            end = look + 1
        elif tokens[look].text not in CONNECTORS:
            break
        look += 1
    return end


def _is_joined(text: str, left: Token, right: Token) -> bool:
    gap = text[left.end : right.start]
    if gap == " " or (gap == ", " and right.text in _SUFFIXES):
        return True
    if not _GAP.fullmatch(gap):
        return False
    return not gap.startswith(".") or _ABBREVIATION.fullmatch(left.text) is not None


def _opens_sentence(text: str, tokens: Sequence[Token], position: int) -> bool:
    before = text[tokens[position - 1].end : tokens[position].start] if position else ""
    return before != " " and _SENTENCE_END.search(before) is not None


def _is_proper(
    token: Token, proper: Collection[int] | None, lower: Collection[str], *, is_alone: bool
) -> bool:
    if token.text in (EXCLAIMED if is_alone else GREETINGS):
        return False
    if proper is not None:
        return token.start in proper
    return not is_alone or not (token.text in lower or token.text.endswith(("ly", "ing")))


def _trimmed(tokens: Sequence[Token], first: int, last: int) -> tuple[int, int] | None:
    """Without the stop words, honorifics and bare numbers at its borders; nothing if none left."""
    while first < last and (
        tokens[first].text in STOP
        or tokens[first].text in HONORIFICS
        or (tokens[first].text.isdigit() and (last - first < 2 or len(tokens[first].text) > 2))
    ):
        first += 1
    while last > first and (tokens[last - 1].text in STOP or _is_year(tokens[last - 1].text)):
        last -= 1
    inner = tokens[first:last]
    if not inner or all(t.text in CALENDAR or t.text[0].isdigit() for t in inner):
        return None
    if not any(t.is_capital and not t.text[0].isdigit() for t in inner):
        return None
    if len(inner) == 1 and len(inner[0].text) == 1:
        return None
    return first, last


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isdigit() and "1000" <= word < "2100"
