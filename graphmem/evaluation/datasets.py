"""Data sets on disk: questions with gold ids over passages, or over the turns of conversations.

A folder holds ``queries.jsonl`` {id, question, gold: [ids], answer?, aliases?, type | category,
conversation?} and either ``corpus.jsonl`` {id, title?, text} or ``turns.jsonl`` {conversation,
session, time, id, speaker, text}. Further fields are let through. Both shapes become the same
thing: a corpus of source items per namespace, and questions that each ask one namespace.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from graphmem.errors import GraphMemError, InvalidInputError, ReaderError
from graphmem.model.base import Value
from graphmem.model.extraction import PassageContext
from graphmem.model.source import DEFAULT_NAMESPACE, EpisodeKind, Message, SourceItem
from graphmem.model.time import parse_time

UNTITLED_NAMESPACE = "untitled"
"""Where passages go whose titles are withheld, so that they never mix with those that have one."""


class Shape(StrEnum):
    """What the gold ids of a data set name."""

    PASSAGES = "passages"
    TURNS = "turns"


class Question(Value):
    """A question, where to ask it, the ids of what answers it, and its answer with aliases."""

    id: str
    text: str
    gold: tuple[str, ...]
    namespace: str
    answers: tuple[str, ...] = ()
    type: str | None = None


class Dataset(Value):
    """What to ingest, by namespace, and what to ask; `titles` are there or withheld.

    `items` counts what the gold ids choose from: passages or turns. `unknown_gold` are gold ids
    that the corpus lacks, as ``question: id``; they stay in the gold, so they count as missed.
    """

    name: str
    shape: Shape
    titles: bool = True
    corpora: Mapping[str, tuple[SourceItem, ...]]
    items: int
    questions: tuple[Question, ...]
    unknown_gold: tuple[str, ...] = ()


def read_dataset(folder: Path, *, titles: bool = True) -> Dataset:
    """Read the data set of a folder, whole; without `titles` every passage is left untitled.

    Raises
    ------
    InvalidInputError
        No such folder, or it lacks ``queries.jsonl`` or what the questions are about.
    ReaderError
        A line that is not what it should be; the message names file, line and field.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is not a folder", remedy="Name a data set's folder")
    queries, corpus, turns = (folder / f"{stem}.jsonl" for stem in ("queries", "corpus", "turns"))
    if not queries.is_file() or corpus.is_file() == turns.is_file():
        raise InvalidInputError(
            f"{folder} is not a data set",
            remedy="It holds queries.jsonl and either corpus.jsonl or turns.jsonl",
        )
    asked = list(read_rows(queries, _QueryRow))
    if turns.is_file():
        shape = Shape.TURNS
        corpora = _conversations(turns)
        ids = {
            name: {str(message.id) for item in items for message in item.messages}
            for name, items in corpora.items()
        }
    else:
        shape = Shape.PASSAGES
        namespace = DEFAULT_NAMESPACE if titles else UNTITLED_NAMESPACE
        corpora = {namespace: _passages(corpus, titles=titles)}
        ids = {namespace: {item.source for item in corpora[namespace]}}
    questions = tuple(_question(queries, line, row, shape, ids) for line, row in asked)
    return Dataset(
        name=folder.resolve().name,
        shape=shape,
        titles=titles,
        corpora=corpora,
        items=sum(map(len, ids.values())),
        questions=questions,
        unknown_gold=tuple(
            f"{question.id}: {gold}"
            for question in questions
            for gold in question.gold
            if gold not in ids[question.namespace]
        ),
    )


def read_passages(path: Path) -> tuple[PassageContext, ...]:
    """The rows of a ``corpus.jsonl``, each as one passage under its own id.

    Raises
    ------
    InvalidInputError
        No such file, or one without passages.
    ReaderError
        A line that is not what it should be; the message names file, line and field.
    """
    _refuse_missing(path)
    passages = tuple(
        PassageContext(passage_id=item.source, title=item.title, text=item.text)
        for item in _passages(path, titles=True)
    )
    if not passages:
        raise InvalidInputError(f"{path} holds no passage")
    return passages


def read_openie(path: Path) -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Triples by passage id, in the file's order, from lines ``{"id", "triples": [[s, p, o]]}``.

    What has not exactly three parts, all of them text, is no triple and left out.

    Raises
    ------
    InvalidInputError, ReaderError
        As :func:`read_passages`.
    """
    _refuse_missing(path)
    found: dict[str, tuple[tuple[str, str, str], ...]] = {}
    for _, row in read_rows(path, _OpenieRow):
        triples = [
            (parts[0], parts[1], parts[2])
            for parts in row.triples or ()
            if len(parts) == 3 and all(isinstance(part, str) for part in parts)
        ]
        found[row.id] = (*found.get(row.id, ()), *triples)
    return found


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise InvalidInputError(f"{path} is not a file", remedy="Name a JSON lines file")


def _as_text(value: object) -> object:
    # Ids, sessions and categories are written as numbers as often as text.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


_Text = Annotated[str, BeforeValidator(_as_text)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _QueryRow(_Row):
    id: _Text
    question: str
    gold: tuple[_Text, ...]
    answer: _Text | None = None
    aliases: tuple[_Text, ...] | None = None
    type: _Text | None = None
    category: _Text | None = None
    conversation: _Text | None = None


class _PassageRow(_Row):
    id: _Text
    title: str | None = None
    text: str


class _OpenieRow(_Row):
    id: _Text
    triples: tuple[tuple[Any, ...], ...] | None = None


class _TurnRow(_Row):
    conversation: _Text
    session: _Text
    time: _Text
    id: _Text
    speaker: str
    text: str


_RowT = TypeVar("_RowT", bound=BaseModel)


def read_rows(path: Path, kind: type[_RowT]) -> Iterator[tuple[int, _RowT]]:
    """Rows with their line numbers, from 1; blank lines are passed over."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _row(path, number, line, kind)


def _row(path: Path, number: int, line: bytes, kind: type[_RowT]) -> _RowT:
    try:
        return kind.model_validate(json.loads(line.decode("utf-8-sig")))
    except UnicodeDecodeError as cause:
        raise _bad_line(path, number, "not UTF-8", "Save the file as UTF-8") from cause
    except json.JSONDecodeError as cause:
        raise _bad_line(path, number, f"not JSON ({cause})", "One JSON object a line") from cause
    except ValidationError as cause:
        first = cause.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise _bad_line(
            path, number, f"{where}: {first['msg']}", f"Fields: {', '.join(kind.model_fields)}"
        ) from cause


def _bad_line(path: Path, number: int, what: str, remedy: str) -> GraphMemError:
    return ReaderError(f"{path}, line {number}: {what}", remedy=remedy)


def _passages(path: Path, *, titles: bool) -> tuple[SourceItem, ...]:
    rows = list(read_rows(path, _PassageRow))
    _refuse_repeats(path, ((line, row.id) for line, row in rows))
    return tuple(
        SourceItem(source=row.id, title=(row.title or "") if titles else "", text=row.text)
        for _, row in rows
    )


def _conversations(path: Path) -> dict[str, tuple[SourceItem, ...]]:
    rows = list(read_rows(path, _TurnRow))
    _refuse_repeats(path, ((line, f"{row.conversation}: {row.id}") for line, row in rows))
    # Sorting is stable, so turns keep the file's order within their session, and sessions come in
    # the order in which the file first names them.
    place = {key: n for n, key in enumerate(dict.fromkeys(_session_of(row) for _, row in rows))}
    rows.sort(key=lambda numbered: place[_session_of(numbered[1])])
    corpora: dict[str, tuple[SourceItem, ...]] = {}
    for (conversation, session), turns in groupby(rows, key=lambda row: _session_of(row[1])):
        item = _session_item(path, conversation, session, list(turns))
        corpora[conversation] = (*corpora.get(conversation, ()), item)
    return corpora


def _session_of(row: _TurnRow) -> tuple[str, str]:
    return row.conversation, row.session


def _session_item(
    path: Path, conversation: str, session: str, turns: list[tuple[int, _TurnRow]]
) -> SourceItem:
    messages = []
    for line, turn in turns:
        try:
            at = parse_time(turn.time)
        except InvalidInputError as cause:
            raise _bad_line(path, line, f"time: {cause.message}", cause.remedy) from cause
        messages.append(Message(content=turn.text, name=turn.speaker, at=at, id=turn.id))
    return SourceItem(
        source=f"{conversation}/{session}",
        messages=tuple(messages),
        kind=EpisodeKind.CHAT,
        session=session,
        occurred_at=messages[0].at,
    )


def _question(
    path: Path, line: int, row: _QueryRow, shape: Shape, ids: Mapping[str, set[str]]
) -> Question:
    if not row.question.strip():
        raise _bad_line(path, line, "question: empty", "Ask something")
    if shape is Shape.PASSAGES:
        [namespace] = ids
    elif row.conversation in ids:
        namespace = str(row.conversation)
    else:
        raise _bad_line(
            path,
            line,
            f"conversation: {row.conversation!r} has no turns",
            "Each question names the conversation that it is about",
        )
    return Question(
        id=row.id,
        text=row.question,
        gold=tuple(dict.fromkeys(row.gold)),
        namespace=namespace,
        answers=tuple(filter(None, (row.answer, *(row.aliases or ())))),
        type=row.type or row.category,
    )


def _refuse_repeats(path: Path, ids: Iterable[tuple[int, str]]) -> None:
    first: dict[str, int] = {}
    for line, id in ids:
        if id in first:
            raise _bad_line(
                path, line, f"the id {id!r} is that of line {first[id]}", "Ids are unique"
            )
        first[id] = line
