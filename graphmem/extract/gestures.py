"""Gestures: what a turn says in brackets that its speaker does: "[shares an image: ...]"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graphmem.extract.page import Page
from graphmem.extract.spoken import is_talk
from graphmem.extract.wording import finished
from graphmem.model.extraction import FactDraft, MemberDraft
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

_GESTURE: Final = re.compile(r"\[(?P<verb>[a-z]{2,}s) (?P<what>[^\[\]]{2,300})\]")
_LEAD: Final = re.compile(r"(?:[\w ]{2,40}: )?(?:(?:a|an|the) )?")


def gestures(page: Page) -> Iterator[FactDraft]:
    """What the speaker of a turn is said to do in brackets, each whole and as one fact."""
    context = page.context
    if context.kind is not EpisodeKind.CHAT or context.speaker is None:
        return
    for match in _GESTURE.finditer(context.text):
        lead = _LEAD.match(match["what"])
        start = match.start("what") + (lead.end() if lead else 0)
        what = context.text[start : match.end("what")]
        if not what:
            continue
        who = MemberDraft(
            role="subject", text=context.speaker, name=context.speaker, type=EntityType.PERSON
        )
        thing = MemberDraft(role="object", text=what, name=what, start=start, end=match.end("what"))
        yield FactDraft(
            text=finished(f"{context.speaker} {match['verb']} {match['what']}"),
            predicate=match["verb"].removesuffix("s"),
            members=(who, thing),
            start=match.start("verb"),
            end=match.end("what"),
        )


def gesture_spans(page: Page) -> list[tuple[int, int]]:
    """Where gestures stand, brackets and all."""
    if not is_talk(page):
        return []
    return [match.span() for match in _GESTURE.finditer(page.context.text)]
