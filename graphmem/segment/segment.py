"""Segmenting: a source item becomes an episode and the passages that tile its text.

A document's text is its own; a chat's is the transcript, one line ``speaker: content`` a message.
Ids come from the content, so the same item has the same ids whenever it is segmented.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from graphmem.errors import InvalidInputError
from graphmem.extract.triples import shared_out
from graphmem.kernels.text import well_formed
from graphmem.model.extraction import EarlierTurn, PassageContext
from graphmem.model.ids import Kind, content_id, digest
from graphmem.model.source import (
    AttributeValue,
    Depth,
    Episode,
    EpisodeKind,
    Message,
    OpenTriples,
    Passage,
    SourceItem,
)
from graphmem.segment.tiles import tiles

_PREVIOUS_CHARS = 300
_EARLIER_TURNS = 3
_LONGEST_TURN = 800


class _Piece(NamedTuple):
    """A span of the episode's text, and the message that it comes from."""

    text: str
    start: int
    end: int
    message: Message | None = None


def segment(
    item: SourceItem,
    *,
    namespace: str,
    recorded_at: datetime,
    depth: Depth,
    max_chars: int = 2000,
    is_again: bool = False,
) -> tuple[Episode, list[Passage]]:
    """Cut an item into passages of at most `max_chars` characters.

    Parameters
    ----------
    is_again
        Whether it is an episode of its own beside one of the same content that is retired.

    Returns
    -------
    episode, passages
        ``episode_text(item)[p.start:p.end] == p.text`` for each passage; whatever lies between two
        is whitespace or, in a chat, a message's border.

    Raises
    ------
    InvalidInputError
        Both or neither of text and messages, or nothing but whitespace; names the source.
    """
    if (item.text is None) == (not item.messages):
        raise InvalidInputError(
            f"{item.source}: exactly one of text and messages is needed",
            remedy="Give a text, or the messages of one session",
        )
    item = _well_formed(item)
    kind = EpisodeKind.CHAT if item.messages and item.kind == "document" else item.kind
    pieces = list(_pieces_of(item, max_chars))
    if not pieces:
        raise InvalidInputError(f"{item.source}: nothing in it but whitespace")
    content = _digest_of(item)
    again = (recorded_at.isoformat(),) if is_again else ()
    episode = Episode(
        id=content_id(Kind.EPISODE, namespace, item.source, kind, content, *again),
        namespace=namespace,
        source=item.source,
        title=item.title.strip(),
        kind=kind,
        occurred_at=item.occurred_at,
        recorded_at=recorded_at,
        digest=content,
        trust=item.trust,
        depth=depth,
    )
    passages = [_passage(item, episode, ordinal, piece) for ordinal, piece in enumerate(pieces)]
    return episode, passages


def episode_text(item: SourceItem) -> str:
    """The text that offsets of an item's passages refer to."""
    if item.text is not None:
        return well_formed(item.text)
    return "".join(f"{m.speaker}: {m.content}\n" for m in _well_formed(item).messages)


def embedded_text(passage: Passage, title: str) -> str:
    """What is embedded and indexed of a passage: with its speaker, or under its title."""
    return _embedded(passage.text, passage.speaker, title)


def contexts_of(
    episodes: Sequence[Episode],
    passages: Sequence[Passage],
    *,
    triples: Mapping[str, OpenTriples] | None = None,
) -> list[PassageContext]:
    """What an extractor is told of each passage, in the order given.

    The addressee is the other speaker of a session of two, or else whoever spoke last before.
    `triples`, by the episode's id, go to the passages that they are about.
    """
    given = _triples_of(passages, triples or {})
    by_id = {episode.id: episode for episode in episodes}
    speakers: dict[str, list[str]] = {}
    for passage in passages:
        heard = speakers.setdefault(passage.episode_id, [])
        if passage.speaker and passage.speaker not in heard:
            heard.append(passage.speaker)
    contexts = []
    before: Passage | None = None
    addressee: str | None = None
    earlier: deque[EarlierTurn] = deque(maxlen=_EARLIER_TURNS)
    for passage in passages:
        episode = by_id[passage.episode_id]
        if before is None or before.episode_id != passage.episode_id:
            before, addressee = None, None
            earlier.clear()
        elif before.speaker != passage.speaker:
            addressee = before.speaker
        others = [name for name in speakers[passage.episode_id] if name != passage.speaker]
        contexts.append(
            PassageContext(
                passage_id=passage.id,
                text=passage.text,
                title=episode.title,
                ordinal=passage.ordinal,
                kind=episode.kind,
                speaker=passage.speaker,
                addressee=others[0] if len(others) == 1 else addressee,
                occurred_at=passage.occurred_at,
                previous=before.text[-_PREVIOUS_CHARS:] if before else "",
                earlier=tuple(earlier),
                triples=given.get(passage.id),
            )
        )
        before = passage
        if passage.speaker and len(passage.text) <= _LONGEST_TURN:
            earlier.append(EarlierTurn(speaker=passage.speaker, text=passage.text))
    return contexts


def _triples_of(
    passages: Sequence[Passage], triples: Mapping[str, OpenTriples]
) -> dict[str, OpenTriples]:
    """Each passage's share of its episode's triples, by the passage's id."""
    found: dict[str, OpenTriples] = {}
    for episode, stated in triples.items():
        own = [passage for passage in passages if passage.episode_id == episode]
        shares = shared_out(stated, [passage.text for passage in own])
        found.update((p.id, share) for p, share in zip(own, shares, strict=True))
    return found


def _embedded(text: str, speaker: str | None, title: str) -> str:
    if speaker is not None:
        return f"{speaker}: {text}"
    return f"{title}\n{text}" if title else text


def _pieces_of(item: SourceItem, max_chars: int) -> Iterator[_Piece]:
    if item.text is not None:
        for start, end in tiles(item.text, max_chars=max_chars):
            yield _Piece(item.text[start:end], start, end)
        return
    offset = 0
    for message in item.messages:
        offset += len(message.speaker) + 2
        for start, end in tiles(message.content, max_chars=max_chars):
            yield _Piece(message.content[start:end], offset + start, offset + end, message)
        offset += len(message.content) + 1


def _passage(item: SourceItem, episode: Episode, ordinal: int, piece: _Piece) -> Passage:
    speaker = piece.message.speaker if piece.message else None
    return Passage(
        id=content_id(Kind.PASSAGE, episode.id, str(ordinal), str(piece.start), str(piece.end)),
        episode_id=episode.id,
        text=piece.text,
        start=piece.start,
        end=piece.end,
        ordinal=ordinal,
        speaker=speaker,
        session=item.session,
        occurred_at=(piece.message and piece.message.at) or item.occurred_at,
        external_id=piece.message.id if piece.message else None,
        attributes=item.attributes,
        vector_key=Passage.key_of(_embedded(piece.text, speaker, episode.title)),
    )


def _digest_of(item: SourceItem) -> str:
    """What makes an item's content the same content: all but its source, trust and attributes."""
    head = [item.title, _or_empty(item.session), _or_empty(item.occurred_at)]
    if item.triples is not None:
        head.append(item.triples.model_dump_json())
    if item.text is not None:
        return digest("text", *head, item.text)
    parts = ((_or_empty(m.id), m.speaker, _or_empty(m.at), m.content) for m in item.messages)
    return digest("messages", *head, *(part for message in parts for part in message))


def _or_empty(value: str | datetime | None) -> str:
    """A text for a value that may be missing; a missing one differs from an empty one."""
    if value is None:
        return ""
    return "=" + (value.isoformat() if isinstance(value, datetime) else value)


def _well_formed(item: SourceItem) -> SourceItem:
    """The item with every string of it well formed; the same object where all are already."""
    changed: dict[str, Any] = {}
    for name in ("source", "text", "title", "session"):
        value = getattr(item, name)
        if value is not None and (fixed := well_formed(value)) != value:
            changed[name] = fixed
    messages = tuple(_well_formed_message(message) for message in item.messages)
    if messages != item.messages:
        changed["messages"] = messages
    attributes = {well_formed(k): _well_formed_value(v) for k, v in item.attributes.items()}
    if attributes != item.attributes:
        changed["attributes"] = attributes
    return item.model_copy(update=changed) if changed else item


def _well_formed_message(message: Message) -> Message:
    fixed = {
        name: well_formed(value)
        for name in ("content", "role", "name", "id")
        if (value := getattr(message, name)) is not None
    }
    if all(getattr(message, name) == value for name, value in fixed.items()):
        return message
    return message.model_copy(update=fixed)


def _well_formed_value(value: AttributeValue) -> AttributeValue:
    return well_formed(value) if isinstance(value, str) else value
