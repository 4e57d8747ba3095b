"""Replies: links between the facts of a turn of a chat and those of the turn before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graphmem.model.extraction import FactDraft, OpeningDraft
from graphmem.model.knowledge import DiscourseLink, Sense
from graphmem.model.source import Passage

_ASKED = re.compile(r"\?[^.!?]*$")


class Turn(NamedTuple):
    """A turn with its facts, their ids, and the words that tie it to the turn before."""

    passage: Passage
    facts: Sequence[FactDraft]
    ids: Sequence[str]
    openings: Sequence[OpeningDraft]


def reply_links(before: Turn, turn: Turn) -> Iterator[DiscourseLink]:
    """The first fact of a turn answers the last one that another speaker ended the turn before
    with asking about; after anything else, a connective at its head says what it is to that."""
    is_same_talk = before.passage.episode_id == turn.passage.episode_id or (
        before.passage.session is not None and before.passage.session == turn.passage.session
    )
    if not is_same_talk or not turn.facts:
        return
    mark = _ASKED.search(before.passage.text)
    said = [n for n, fact in enumerate(before.facts) if mark is None or fact.start < mark.start()]
    if not said:
        return
    last = before.ids[max(said, key=lambda n: before.facts[n].start)]
    is_reply = before.passage.speaker != turn.passage.speaker
    spoken = {opening.sense: opening for opening in turn.openings}
    answering = spoken.pop(Sense.ANSWER, None)
    if mark is not None:
        if is_reply:
            yield from _link(_first(turn), last, Sense.ANSWER, turn, answering)
        return
    for opening in spoken.values():
        ends = (_first(turn, opening.end), last)
        source, target = ends if opening.is_source else ends[::-1]
        yield from _link(source, target, opening.sense, turn, opening)


def _first(turn: Turn, after: int = 0) -> str:
    """The fact that stands first, of those that go on behind a position if there are any."""
    behind = [n for n, fact in enumerate(turn.facts) if fact.end > after]
    return turn.ids[min(behind or range(len(turn.facts)), key=lambda n: turn.facts[n].start)]


def _link(
    source: str, target: str, sense: Sense, turn: Turn, opening: OpeningDraft | None
) -> Iterator[DiscourseLink]:
    if source != target:
        yield DiscourseLink(
            source_id=source,
            target_id=target,
            sense=sense,
            connective=opening.connective if opening else "",
            passage_id=turn.passage.id,
            start=opening.start if opening else None,
            end=opening.end if opening else None,
        )
