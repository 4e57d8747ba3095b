"""What a turn opens with: answering words and connectives, with where they stand."""

from __future__ import annotations

import pytest

from graphmem.extract.replies import openings
from graphmem.model.extraction import PassageContext
from graphmem.model.knowledge import Sense
from graphmem.model.source import EpisodeKind


def opened(text: str, kind: EpisodeKind = EpisodeKind.CHAT) -> list[tuple[Sense, str, bool]]:
    """Senses and connectives; the connectives are checked to stand where they are said to."""
    found = openings(PassageContext(passage_id="p", text=text, kind=kind))
    for opening in found:
        said = text[opening.start : opening.end].lower().replace("’", "'")
        assert said == opening.connective
    return [(opening.sense, opening.connective, opening.is_source) for opening in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes, I did.", [(Sense.ANSWER, "yes", True)]),
        ("Oh Bob, of course I will.", [(Sense.ANSWER, "of course", True)]),
        ("Hmm... not yet, sorry.", [(Sense.ANSWER, "not yet", True)]),
        ("No, but Kim did.", [(Sense.ANSWER, "no", True), (Sense.CONTRAST, "but", False)]),
        (
            "Because she married.",
            [(Sense.ANSWER, "because", True), (Sense.CAUSE, "because", True)],
        ),
        ("But I like it.", [(Sense.CONTRAST, "but", False)]),
        ("Well, on the other hand it is cheap.", [(Sense.CONTRAST, "on the other hand", False)]),
        ("That’s why I left.", [(Sense.CAUSE, "that's why", False)]),
        ("For example, Kim moved.", [(Sense.ELABORATION, "for example", True)]),
        ("So how are you?", []),
        ("And then we left.", []),
        ("Nobody likes it.", []),
        ("Buttons are sewn.", []),
        ("I like it, but not much.", []),
        ("", []),
        ("...", []),
    ],
)
def test_first_words_are_read_for_what_they_say(
    text: str, expected: list[tuple[Sense, str, bool]]
) -> None:
    assert opened(text) == expected


def test_documents_reply_to_nothing() -> None:
    assert opened("But Kim moved.", EpisodeKind.DOCUMENT) == []
