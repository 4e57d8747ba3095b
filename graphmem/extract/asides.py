"""Asides: what stands in parentheses after a name, its life dates first of all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from graphmem.extract.members import with_topic
from graphmem.extract.page import Named, Page, Phrase
from graphmem.extract.phrases import phrase_of
from graphmem.extract.referents import shortens
from graphmem.extract.time import TimeSpan, find_times
from graphmem.extract.wording import finished
from graphmem.kernels.text import fold
from graphmem.model.extraction import FactDraft, MemberDraft
from graphmem.model.knowledge import EntityType, FactKind

_PARENTHESIS = re.compile(r"\(([^()]{4,500})\)")
_BORN = re.compile(r"\W*(?:born|b\.)", re.IGNORECASE)
_DIED = re.compile(r"\W*(?:died|d\.)", re.IGNORECASE)
_DASH = re.compile(r"\s*(?:[–—]|--+)\s*|\s+-\s*|(?<=\d)-(?=\d)")
_LIMIT = re.compile(r"\b(?:before|after)\b", re.IGNORECASE)
_BEFORE = re.compile(r"\([^()]*\)\s?$")
_PIECE = re.compile(
    r"(?:(?:such as|including|also called|also known as|now|then|formerly|or|and|e\.g\.|i\.e\."
    r"|see|the|an?)\s+)*(?P<piece>[^,;\s](?:[^,;]|,(?=\d{3}))*?)\s*(?=,(?!\d{3})|[;)]|\s(?:and|or)\s)"
)
_PARTICIPLE = re.compile(
    r"(?:(?:also|now|then|formerly|previously|originally|commonly|popularly|better|best) )*"
    r"([a-z]+ed|known|built|made|held|led|won|sung|written|set|given|taken) "
    r"(?:as|in|by|from|on|at|to|for|with|since|until)\b"
)
_LASTING = frozenset("known called located situated abbreviated".split())
_YEAR = re.compile(r"\d{4}")
_NOTHING = frozenset(("etc", "more", "others", "list"))
_MOST_PIECES = 4
_MOST_PLACES = 3
_LONGEST_PIECE = 7
_CONFIDENCE = 0.8
_PLACE_LEAD = re.compile(r"(?:^\W*|\b(?:in|at|near)\s+(?:the\s+)?)$")


def asides(page: Page) -> Iterator[FactDraft]:
    """What else is said in parentheses of the phrase before: "Ann Lee (vocals, guitar)"."""
    parse = page.parse
    for match in _PARENTHESIS.finditer(parse.text):
        anchored = match.start()
        while before := _BEFORE.search(parse.text, 0, anchored):
            anchored = before.start()
        token = parse.tokens_in(0, anchored)[1] - 1
        if token < 0 or not 0 <= anchored - parse.ends[token] <= 2:
            continue
        while parse.deps[token] in ("compound", "nmod") and parse.heads[token] > token:
            token = parse.heads[token]
        if parse.pos[token] not in ("NOUN", "PROPN", "NUM") or parse.starts[token] > match.start():
            continue
        anchor = phrase_of(page, token)
        pieces = list(_pieces(page, *match.span(1)))
        if anchor is None or anchor.end > match.start():
            continue
        if _is_measure(anchor.text):  # what follows is the same in another unit
            pieces = [piece for piece in pieces if not _is_measure(piece.text)]
        if not pieces or _BORN.match(match[1]) or _DIED.match(match[1]):
            continue
        subject = MemberDraft(
            role="subject",
            text=anchor.text,
            name=anchor.name,
            type=anchor.type,
            start=anchor.start,
            end=anchor.end,
        )
        for first in range(0, len(pieces), _MOST_PIECES):
            part = pieces[first : first + _MOST_PIECES]
            said = match[1] if len(part) == len(pieces) else ", ".join(p.text for p in part)
            members, frame = with_topic(page, (subject, *part), anchor, is_aside=True)
            yield FactDraft(
                text=finished(f"{frame}{anchor.shown}{_link(page, said, anchor)} {said}"),
                predicate="be",
                members=members,
                start=anchor.start,
                end=match.end(),
                kind=FactKind.ATTRIBUTE,
                confidence=_CONFIDENCE,
            )


def _link(page: Page, said: str, anchor: Phrase) -> str:
    """What joins a phrase with the aside after it: a verb, where the aside reads on from one."""
    participle = _PARTICIPLE.match(said)
    if participle:
        is_many = page.parse.tags[anchor.head] in ("NNS", "NNPS")
        forms = ("is", "are") if participle[1] in _LASTING else ("was", "were")
        return f" {forms[is_many]}"
    is_short = said.isupper() and shortens(fold(said), fold(anchor.text))
    return " is also known as" if is_short else ":"


def _is_measure(text: str) -> bool:
    return any(map(str.isdigit, text)) and not _YEAR.fullmatch(text)


def _pieces(page: Page, start: int, end: int) -> Iterator[MemberDraft]:
    """The parts of an aside, each a name, a time, a number or a short phrase."""
    text = page.parse.text
    for match in _PIECE.finditer(text, start, end + 1):
        first, last = match.span("piece")
        written = text[first:last]
        is_short = len(written.split()) <= _LONGEST_PIECE and written.strip(".") not in _NOTHING
        if not is_short or written[-1] == ":" or not any(map(str.isalnum, written)):
            continue
        named = next((n for n in page.names if first <= n.start and n.end <= last), None)
        time = next((t for t in page.times if first <= t.start and t.end <= last), None)
        name, kind = written, EntityType.CONCEPT
        if all(word[:1].isupper() for word in written.split()):
            kind = named.referent.type if named else EntityType.OTHER
        elif named is not None and 2 * (named.end - named.start) > last - first:
            name, kind = named.referent.name, named.referent.type
            first, last, written = named.start, named.end, named.referent.shown
        elif time is not None:
            name, kind = time.name, EntityType.DATE
            first, last, written = time.start, time.end, time.name
        elif written[0].isdigit():
            kind = EntityType.NUMBER
        role = "time" if kind is EntityType.DATE else "attribute"
        yield MemberDraft(role=role, text=written, name=name, type=kind, start=first, end=last)


def lifespans(page: Page, *, now: datetime | None) -> Iterator[FactDraft]:
    """Births and deaths in parentheses after a name: "(born 3 May 1920)", "(1920 – 1990)"."""
    text = page.parse.text
    for match in _PARENTHESIS.finditer(text):
        named = next((n for n in page.names if 0 <= match.start() - n.end <= 2), None)
        if named is None or named.referent.type is EntityType.PLACE:
            continue
        offset = match.start(1)
        inner = match[1]
        ends = _DASH.split(inner)
        is_life = len(ends) == 2 and _BORN.match(ends[0]) and _DIED.match(ends[1])
        if (_BORN.match(inner) or _DIED.match(inner)) and not is_life:
            is_birth = _BORN.match(inner) is not None
            yield from _life_event(page, named, inner, offset, is_birth=is_birth, now=now)
            continue
        is_born = all(re.search(r"\d \w+ \d{3,4}|\w+ \d\d?, \d{3,4}", end) for end in ends)
        if len(ends) != 2 or not (named.referent.type is EntityType.PERSON or is_born):
            continue
        born, died = ends
        yield from _life_event(page, named, born, offset, is_birth=True, now=now)
        after = offset + inner.rindex(died)
        yield from _life_event(page, named, died, after, is_birth=False, now=now)


def _life_event(
    page: Page, named: Named, part: str, offset: int, *, is_birth: bool, now: datetime | None
) -> Iterator[FactDraft]:
    times = find_times(f"in {part}", now=now)
    if not times:
        return
    time = times[0]._replace(start=times[0].start - 3 + offset, end=times[0].end - 3 + offset)
    is_topic = page.topic is not None and named.referent.name == page.topic.name
    who = page.topic if is_topic and page.topic is not None else named.referent
    members = [
        MemberDraft(
            role="object" if is_birth else "subject",
            text=who.shown,
            name=who.name,
            type=EntityType.PERSON,
            start=named.start,
            end=named.end,
        ),
        MemberDraft(
            role="time",
            text=time.name,
            name=time.name,
            type=EntityType.DATE,
            start=time.start,
            end=time.end,
        ),
    ]
    found = _LIMIT.search(part)
    limit = "" if found is None else found[0].lower()
    places = _places_in(page, offset, offset + len(part))
    members += places
    yield FactDraft(
        text=_life_text(who.shown, time, places, limit, is_birth=is_birth),
        predicate="be born" if is_birth else "die",
        members=tuple(members),
        start=named.start,
        end=offset + len(part),
        valid_from=None if limit == "before" else time.interval.start,
        valid_to=None if limit == "after" else time.interval.end,
        precision=time.interval.precision,
    )


def _places_in(page: Page, start: int, end: int) -> list[MemberDraft]:
    """The first place of a part, and those that hold it: "in Adana, Ottoman Empire"."""
    text = page.parse.text
    found: list[MemberDraft] = []
    for named in page.names:
        if not (start <= named.start and named.end <= end) or len(found) == _MOST_PLACES:
            continue
        is_led = _PLACE_LEAD.search(text[start : named.start]) is not None
        is_next = bool(found) and text[found[-1].end : named.start] == ", "
        if is_next if found else is_led or named.referent.type is EntityType.PLACE:
            found.append(
                MemberDraft(
                    role="place",
                    text=named.referent.shown,
                    name=named.referent.name,
                    type=EntityType.PLACE,
                    start=named.start,
                    end=named.end,
                )
            )
    return found


def _life_text(
    who: str, time: TimeSpan, places: Sequence[MemberDraft], limit: str, *, is_birth: bool
) -> str:
    verb = "was born" if is_birth else "died"
    if limit:
        return finished(f"{who} {verb} {limit} {time.name}{_where(places)}")
    lead = "on" if time.name[:1].isdigit() and time.name.count(" ") == 2 else "in"
    return finished(f"{who} {verb} {lead} {time.name}{_where(places)}")


def _where(places: Sequence[MemberDraft]) -> str:
    return f" in {', '.join(place.text for place in places)}" if places else ""
