"""Sentences parsed by hand, so that no rule needs a model to be tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from graphmem.extract.parse import Parse
from graphmem.extract.read import read
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import EpisodeKind

_NO_SPACE_BEFORE = (".", ",", "?", "!", ")", "'s", "n't")
_NO_SPACE_AFTER = ("(",)


def parse_of(table: str, entities: Sequence[tuple[int, int, str]] = ()) -> Parse:
    """A parse from one line a token: word, lemma, part of speech, tag, relation, head.

    Heads count tokens of the whole text from 0. A blank line ends a sentence.
    """
    rows: list[list[str]] = []
    sentences: list[tuple[int, int]] = []
    first = 0
    for line in [*table.strip().splitlines(), ""]:
        if line.strip():
            rows.append(line.split())
        elif first < len(rows):
            sentences.append((first, len(rows)))
            first = len(rows)
    text, starts = "", []
    for position, (word, *_) in enumerate(rows):
        glued = word in _NO_SPACE_BEFORE or (position and rows[position - 1][0] in _NO_SPACE_AFTER)
        text += word if glued or not position else f" {word}"
        starts.append(len(text) - len(word))
    words, lemmas, pos, tags, deps, heads = (list(column) for column in zip(*rows, strict=True))
    return Parse(
        text=text,
        words=words,
        lemmas=lemmas,
        pos=pos,
        tags=tags,
        deps=deps,
        heads=[int(head) for head in heads],
        starts=starts,
        ends=[start + len(word) for start, word in zip(starts, words, strict=True)],
        sentences=sentences,
        entities=entities,
    )


Reading = Callable[..., Extraction]


@pytest.fixture
def reading() -> Reading:
    """From a table as in :func:`parse_of` to what is read in it."""

    def run(
        table: str,
        entities: Sequence[tuple[int, int, str]] = (),
        *,
        title: str = "",
        speaker: str | None = None,
        addressee: str | None = None,
        at: datetime | None = None,
    ) -> Extraction:
        parse = parse_of(table, entities)
        context = PassageContext(
            passage_id="pa_1",
            text=parse.text,
            title=title,
            kind=EpisodeKind.CHAT if speaker else EpisodeKind.DOCUMENT,
            speaker=speaker,
            addressee=addressee,
            occurred_at=at,
        )
        return read(context, parse)

    return run
