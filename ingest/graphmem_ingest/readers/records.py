"""Records to items: documents, turns of chats, and whole chats, told apart by their fields.

| a record with | is |
|---|---|
| ``messages`` | a chat; a message has ``content`` or ``text``, ``role`` or ``name``, a time |
| ``speaker``, ``name`` or ``role``, a text, ``conversation`` or ``session`` | a turn |
| ``role`` and ``content`` | a turn, of a file that is one conversation |
| ``text``, ``content`` or ``body`` | a document |

Turns that follow each other in one session become one chat. A document has ``id``, ``title`` and a
time (``date``, ``time``, ``occurred_at``, ``timestamp``, ``at``); its other plain fields become
attributes, a list of plain values one with several; what is nested deeper is not kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeGuard

from graphmem.errors import GraphMemError, InvalidInputError
from graphmem.kernels.text import well_formed
from graphmem.model.change import FailedItem
from graphmem.model.source import AttributeValue, Message, SourceItem
from graphmem.model.time import parse_time
from graphmem_ingest.readers.base import ITEM_CHARS, ITEM_MESSAGES, InputFile, Note, Read
from graphmem_ingest.readers.parts import cut

TEXT: Final = ("text", "content", "body")
TIME: Final = ("time", "date", "occurred_at", "timestamp", "at", "datetime")
SPEAKER: Final = ("speaker", "name", "role")
CONVERSATION: Final = ("conversation", "conversation_id")
SESSION: Final = ("session", "session_id")
ID: Final = ("id", "_id")
_ATTRIBUTE_CHARS: Final = 1_000
_LATEST: Final = 4e9
"""Seconds since 1970 that a number is taken for; a larger one counts milliseconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read: `number` tells it from the file's others, `place` names it in a report.

    A record that is all of its file has no number.
    """

    number: str
    place: str
    fields: Mapping[str, object]
    at: int


class Items:
    """Turns the records of one file into items; holds one session's turns at a time."""

    def __init__(self, file: InputFile) -> None:
        self._file = file
        self._seen: dict[bytes, int] = {}
        self._turns: list[Message] = []
        self._chars = 0
        self._session: tuple[str, str] = ("", "")

    def read(self, records: Iterable[Record | Read]) -> Iterator[Read]:
        """Items in the order of their records; what is no record is handed through."""
        at = 0
        for record in records:
            at = record.at
            if isinstance(record, Read):
                yield record
                continue
            try:
                yield from (Read(value, at) for value in self._take(record))
            except GraphMemError as error:
                yield Read(
                    FailedItem(item=record.place, error=error.message, remedy=error.remedy), at
                )
        yield from (Read(item, at) for item in self._close_session())

    def _take(self, record: Record) -> Iterator[SourceItem | Note]:
        fields = record.fields
        text = _text_of(_first(fields, TEXT))
        if isinstance(fields.get("messages"), list):
            yield from self._close_session()
            yield from self._chat(record)
        elif text is None and any(fields.get(name) == "" for name in TEXT):
            raise InvalidInputError("its text is empty")
        elif text is None:
            raise InvalidInputError(
                "no text in it: its fields are " + (", ".join(map(repr, fields)) or "none"),
                remedy=f"Put the text into one of {', '.join(TEXT)}",
            )
        elif not text.strip():
            raise InvalidInputError("its text is empty")
        elif _is_turn(fields):
            yield from self._turn(fields, text)
        else:
            yield from self._close_session()
            yield from self._document(record, text)

    def _turn(self, fields: Mapping[str, object], text: str) -> Iterator[SourceItem]:
        message = message_of(fields, text)
        session = _label(_first(fields, CONVERSATION)), _label(_first(fields, SESSION))
        is_full = len(self._turns) >= ITEM_MESSAGES or self._chars + len(text) > ITEM_CHARS
        if session != self._session or is_full:
            yield from self._close_session()
        self._session = session
        self._turns.append(message)
        self._chars += len(text)

    def _close_session(self) -> Iterator[SourceItem]:
        if self._turns:
            conversation, session = self._session
            yield self._file.chat(
                self._source("/".join(filter(None, self._session))),
                tuple(self._turns),
                session=session or conversation or None,
                attributes={"conversation": conversation} if conversation else {},
            )
        self._turns, self._chars = [], 0

    def _document(self, record: Record, text: str) -> Iterator[SourceItem]:
        fields = record.fields
        at = time_of(fields)
        known = {*_present(fields, ID), *_present(fields, TEXT), *_present(fields, TIME), "title"}
        attributes = attributes_of({n: v for n, v in fields.items() if n not in known})
        source = self._source(_label(_first(fields, ID)) or record.number)
        for number, part in enumerate(cut([text]), start=1):
            yield self._file.document(
                source if number == 1 else f"{source}#part={number}",
                part.text,
                title=_label(fields.get("title")),
                at=at,
                attributes=attributes
                if number == 1
                else {**attributes, "part": number, "offset": part.start},
            )

    def _chat(self, record: Record) -> Iterator[SourceItem | Note]:
        fields = record.fields
        at = time_of(fields)
        conversation = _label(_first(fields, CONVERSATION))
        session = _label(_first(fields, SESSION))
        names = [_label(_first(fields, ID))] if not (conversation or session) else []
        names += [conversation, session]
        name = "/".join(filter(None, names)) or record.number
        known = {"messages", "title", *ID, *CONVERSATION, *SESSION, *TIME}
        attributes = attributes_of({n: v for n, v in fields.items() if n not in known})
        if conversation:
            attributes["conversation"] = conversation
        messages, silent = _messages_of(fields["messages"])
        if not messages:
            raise InvalidInputError("none of its messages has a text")
        for start in range(0, len(messages), ITEM_MESSAGES):
            yield self._file.chat(
                self._source(name),
                tuple(messages[start : start + ITEM_MESSAGES]),
                title=_label(fields.get("title")),
                session=session or conversation or None,
                at=at,
                attributes=attributes,
            )
        if silent:
            yield Note(record.place, f"{silent} messages without text were left out")

    def _source(self, name: str) -> str:
        """A name no other item of the file has: the second of its name gets ``~2``."""
        source = f"{self._file.source}#{name}" if name else self._file.source
        # Hashes rather than names, so that a file of millions of records stays affordable.
        key = blake2b(source.encode(errors="replace"), digest_size=8).digest()
        count = self._seen.get(key, 0) + 1
        self._seen[key] = count
        return well_formed(source if count == 1 else f"{source}~{count}")


def message_of(fields: Mapping[str, object], text: str) -> Message:
    """A message of `text`, with speaker, role, time and id from `fields`."""
    speaker = _label(_first(fields, ("speaker", "name")))
    return Message(
        content=text,
        role=_label(fields.get("role")) or "user",
        name=speaker or None,
        at=time_of(fields),
        id=_label(_first(fields, ID)) or None,
    )


def time_of(fields: Mapping[str, object]) -> datetime | None:
    """The record's time: written, or as seconds or milliseconds since 1970; ``None`` without one.

    Raises
    ------
    InvalidInputError
        A time that does not read as one.
    """
    value = _first(fields, TIME)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        digits = value.strip().removesuffix(".0")
        if not (digits.isdigit() and len(digits) >= 9):
            return _written(value)
        value = int(digits)
    if not _is_number(value):
        raise InvalidInputError(f"{value!r:.80} is not a time", remedy="Write it as 2024-05-01")
    # Four digits are a year, more than that are seconds.
    if isinstance(value, int) and 1000 <= value <= 9999:
        return _written(str(value))
    try:
        return datetime.fromtimestamp(value / 1000 if abs(value) > _LATEST else value, UTC)
    except (ValueError, OverflowError, OSError) as cause:
        raise InvalidInputError(f"{value!r} is not a time, nor seconds since 1970") from cause


@lru_cache(maxsize=4096)
def _written(value: str) -> datetime:
    return parse_time(value)


def attributes_of(fields: Mapping[str, object]) -> dict[str, AttributeValue]:
    """The fields that can be attributes: plain values, and lists of them as several texts."""
    attributes: dict[str, AttributeValue] = {}
    for name, value in fields.items():
        if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
            texts = tuple(filter(None, (well_formed(str(part).strip()) for part in value)))
            if texts and sum(map(len, texts)) <= _ATTRIBUTE_CHARS:
                attributes[well_formed(name)] = texts
        elif isinstance(value, str):
            text = well_formed(value.strip())
            if 0 < len(text) <= _ATTRIBUTE_CHARS:
                attributes[well_formed(name)] = text
        elif isinstance(value, bool) or _is_number(value):
            attributes[well_formed(name)] = value
    return attributes


def _is_number(value: object) -> TypeGuard[int | float]:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _messages_of(found: object) -> tuple[list[Message], int]:
    messages, silent = [], 0
    for number, fields in enumerate(found if isinstance(found, list) else [], start=1):
        if not isinstance(fields, Mapping):
            raise InvalidInputError(f"message {number} is not an object")
        text = _text_of(_first(fields, TEXT))
        if text is None or not text.strip():
            silent += 1
            continue
        try:
            messages.append(message_of(fields, text))
        except InvalidInputError as error:
            raise InvalidInputError(
                f"message {number}: {error.message}", remedy=error.remedy
            ) from error
    return messages, silent


def _is_turn(fields: Mapping[str, object]) -> bool:
    speaks = _first(fields, SPEAKER) is not None
    belongs = bool(_present(fields, (*CONVERSATION, *SESSION)))
    return (speaks and belongs) or ("role" in fields and "content" in fields)


def _text_of(value: object) -> str | None:
    """A text, or the joined text parts of a list as chat interfaces write them."""
    if isinstance(value, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in value]
        texts = [part for part in parts if isinstance(part, str)]
        return well_formed("\n".join(texts)) if texts else None
    return well_formed(value) if isinstance(value, str) else None


def _label(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str | int | float):
        return " ".join(well_formed(str(value)).split())
    return json.dumps(value, ensure_ascii=True, sort_keys=True)[:200]


def _present(fields: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if fields.get(name) not in (None, "")]


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((fields[name] for name in _present(fields, names)), None)
