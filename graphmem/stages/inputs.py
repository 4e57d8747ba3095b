"""What callers hand in, as values of the model; whatever is wrong with it is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from graphmem.errors import InvalidInputError
from graphmem.extract.attributes import KINDS_OF_MEMORY
from graphmem.extract.attributes import NAMES as MINED
from graphmem.extract.fields import EVENTS, TOPICS
from graphmem.extract.intents import Intent
from graphmem.kernels.text import well_formed
from graphmem.model.forgetting import Policy
from graphmem.model.ids import digest
from graphmem.model.retrieval import FactFilter, Filter, Mode, Query, moment_or_range
from graphmem.model.source import OF_CONTENT, OF_SESSION, EpisodeKind, Message, SourceItem
from graphmem.model.time import Interval, parse_interval, parse_time

E = TypeVar("E", bound=StrEnum)
Time = str | date | datetime
"""A moment as users write it: ``"2024-05-01"``, a ``date`` or a ``datetime``."""
OF_FACT: Final = "fact."
"""How the names of what facts are filtered by begin, beside those of passages."""
_CLOSED: Final[Mapping[str, Collection[str]]] = {
    "topics": TOPICS,
    "event_types": EVENTS,
    "intent": tuple(Intent),
}
_ALONE: Final = frozenset(("intent", "kind", "modality", "polarity", "speaker"))
When = Time | tuple[Time, Time]
"""A moment, or a range: ``"2019..2021"``, or the pair of its first and its last time. A range
reaches from the beginning of the first to the end of the last."""


def query_of(
    question: str,
    *,
    namespace: str,
    k: int = 10,
    mode: Mode | str = Mode.GRAPH,
    as_of: When | None,
    known_at: When | None,
    where: Filter | Mapping[str, Any] | None = None,
    weigh: Mapping[str, float] | None = None,
) -> Query:
    """A question and its options; raises `InvalidInputError` that names what is wrong."""
    if not question.strip():
        raise InvalidInputError("The question is empty")
    for kind in sorted((weigh or {}).keys() - set(KINDS_OF_MEMORY)):
        raise InvalidInputError(f"{kind!r} is no kind of memory", remedy=_one_of(KINDS_OF_MEMORY))
    held, known = range_of(as_of), range_of(known_at)
    try:
        return Query(
            text=well_formed(question),
            k=k,
            mode=_member(Mode, mode, "mode"),
            as_of=held[0],
            as_of_until=held[1],
            known_at=known[0],
            known_until=known[1],
            where=_as_stored(where if isinstance(where, Filter) else _filter_of(where or {})),
            weigh=weigh or {},
            namespace=namespace,
        )
    except ValidationError as cause:
        raise _invalid(cause) from cause


def range_of(when: When | None) -> tuple[datetime | None, datetime | None]:
    """A moment and ``None``, or the two ends of a range; raises `InvalidInputError` for others."""
    if when is None:
        return None, None
    if isinstance(when, str) and ".." in when:
        first, _, last = when.partition("..")
        when = (first, last)
    if not isinstance(when, tuple):
        return parse_time(when), None
    start, end = parse_interval(when[0]).start, parse_interval(when[1]).end
    if start is None or end is None or end <= start:
        raise InvalidInputError(
            f"The range from {when[0]!r} to {when[1]!r} ends before it begins",
            remedy="Write it as 2019..2021",
        )
    return start, end


def interval_of(when: When | None) -> Interval | None:
    """As :func:`range_of`, as an interval; that of a moment holds nothing but it."""
    return moment_or_range(*range_of(when))


def policy_of(**fields: Any) -> Policy:
    """A policy of forgetting; raises `InvalidInputError` that names what is wrong."""
    try:
        return Policy(**fields)
    except ValidationError as cause:
        raise _invalid(cause) from cause


def _member(kind: type[E], value: E | str, what: str) -> E:
    try:
        return kind(value)
    except ValueError as cause:
        raise InvalidInputError(
            f"{value!r} is not a {what}", remedy=f"Take one of {', '.join(kind)}"
        ) from cause


def _filter_of(fields: Mapping[str, Any]) -> Filter:
    of_facts = {name: value for name, value in fields.items() if name.startswith(OF_FACT)}
    fields = {name: value for name, value in fields.items() if name not in of_facts}
    for name in sorted(fields.keys() - Filter.model_fields.keys() - set(MINED)):
        on_facts = [f"{OF_FACT}{field}" for field in FactFilter.model_fields]
        raise InvalidInputError(
            f"{name!r} is nothing to filter by",
            remedy=f"Take {', '.join((*Filter.model_fields, *MINED, *on_facts))}",
        )
    if of_facts or fields.get("fact") is not None:
        fields = {**fields, "fact": fact_filter_of({**_fields_of(fields.get("fact")), **of_facts})}
    mined = {name: fields[name] for name in MINED if name in fields}
    if mined:
        own = {name: value for name, value in fields.items() if name not in mined}
        fields = {**own, "attributes": {**mined, **fields.get("attributes", {})}}
    times = {
        name: parse_time(value)
        for name, value in fields.items()
        if name in ("since", "until") and value is not None
    }
    return Filter.model_validate({**fields, **times})


def _fields_of(fact: FactFilter | Mapping[str, Any] | None) -> Mapping[str, Any]:
    return dict(fact) if isinstance(fact, FactFilter) else fact or {}


def fact_filter_of(fields: FactFilter | Mapping[str, Any] | None) -> FactFilter | None:
    """What facts have to satisfy, ``None`` for nothing; names may begin with ``fact.``.

    Raises
    ------
    InvalidInputError
        A name that no fact has, or a value that there is not; says which there are.
    """
    given = {name.removeprefix(OF_FACT): value for name, value in _fields_of(fields).items()}
    for name in sorted(given.keys() - FactFilter.model_fields.keys()):
        raise InvalidInputError(
            f"{name!r} is nothing to filter facts by",
            remedy=f"Take {', '.join(FactFilter.model_fields)}",
        )
    try:
        # Who asks on the command line has given each as one of several.
        alone = {n: v[0] if n in _ALONE and _is_one(v) else v for n, v in given.items()}
        made = FactFilter(**{name: _put_right(value) for name, value in alone.items()})
    except ValidationError as cause:
        raise _invalid(cause) from cause
    for name, known in _CLOSED.items():
        held = getattr(made, name)
        for value in (held,) if isinstance(held, str) else held or ():
            _refuse_unknown(name, value, known)
    written = {name: tuple(map(str.lower, getattr(made, name))) for name in ("keywords", "tags")}
    made = made.model_copy(update=written)
    return None if made == FactFilter() else made


def _put_right(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return tuple(map(_put_right, value))
    return well_formed(value) if isinstance(value, str) else value


def _is_one(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 1


def _refuse_unknown(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise InvalidInputError(f"No fact has {value!r} among its {name}", remedy=_one_of(known))


def _one_of(known: Collection[str]) -> str:
    return f"Take one of {', '.join(known)}"


def _as_stored(where: Filter) -> Filter:
    """A filter whose texts are put right as those are that were ingested."""
    fields: dict[str, Any] = dict(where)
    attributes = {
        well_formed(name): well_formed(value) if isinstance(value, str) else value
        for name, value in where.attributes.items()
    }
    texts = {name: well_formed(text) for name, text in fields.items() if isinstance(text, str)}
    return where.model_copy(update={**texts, "attributes": attributes})


def item_of(
    content: str | Sequence[Message | Mapping[str, Any]],
    *,
    source: str | None,
    at: Time | None,
    session: str | None,
    kind: EpisodeKind | str | None,
    **fields: Any,
) -> SourceItem:
    """What ``add`` is to remember; raises `InvalidInputError` that names what is wrong."""
    by_shape = EpisodeKind.DOCUMENT if isinstance(content, str) else EpisodeKind.CHAT
    try:
        messages = () if isinstance(content, str) else tuple(map(_message_of, content))
        if source is None:
            source = f"{OF_SESSION}{session}" if session else f"{OF_CONTENT}{_digest_of(content)}"
        return SourceItem(
            source=source,
            text=content if isinstance(content, str) else None,
            messages=messages,
            kind=_member(EpisodeKind, kind or by_shape, "kind of episode"),
            session=session,
            occurred_at=None if at is None else parse_time(at),
            **fields,
        )
    except ValidationError as cause:
        raise _invalid(cause) from cause


def _message_of(message: Message | Mapping[str, Any]) -> Message:
    if isinstance(message, Message):
        return message
    if not isinstance(message, Mapping):
        raise InvalidInputError(
            f"{message!r:.80} is not a message",
            remedy="Give a text, or messages such as {'name': 'Ann', 'content': '...'}",
        )
    at = message.get("at")
    return Message.model_validate({**message, "at": None if at is None else parse_time(at)})


def _digest_of(content: str | Sequence[Message | Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return digest(content)
    return digest(*(_message_of(message).model_dump_json() for message in content))


def _invalid(cause: ValidationError) -> InvalidInputError:
    first = cause.errors()[0]
    where = ".".join(map(str, first["loc"])) or "input"
    return InvalidInputError(f"{where}: {first['msg']} (got {first['input']!r:.80})")


def chunked(items: Iterable[SourceItem], size: int) -> Iterator[list[SourceItem]]:
    """Items in lists of `size`, the last one with what is left."""
    if size < 1:
        raise InvalidInputError(f"A batch of {size} items holds nothing")
    chunk: list[SourceItem] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
