from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from graphmem.extract.tense import direction_at
from graphmem.model.extraction import Extraction

Reading = Callable[..., Extraction]
SAID = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("I met her on X.", -1),
        ("We moved on X.", -1),
        ("I'll meet her on X.", 1),
        ("The show is on X.", 1),
        ("They said they will come on X.", 1),
        ("It was fine. We meet on X because it is due.", 1),
        ("On X!", 0),
        ("We run every year on X.", None),
    ],
)
def test_the_verbs_of_a_sentence_say_where_its_time_lies(text: str, direction: int | None) -> None:
    at = text.index("X")
    assert direction_at(text, at, at + 1) == direction


CLAUSE = """
Ann   ann   PROPN NNP nsubj {at}
{verb}
Acme  acme  PROPN NNP dobj  {at}
.     .     PUNCT .   punct {at}
"""


@pytest.mark.parametrize(
    ("verb", "at", "valid_from", "valid_to"),
    [
        ("owned own VERB VBD ROOT 1", 1, None, SAID),
        ("owns own VERB VBZ ROOT 1", 1, None, None),
        ("founded found VERB VBD ROOT 1", 1, None, None),
        ("will will AUX MD aux 2\nbuy buy VERB VB ROOT 2", 2, SAID, None),
    ],
)
def test_without_a_time_the_tense_says_what_is_over_and_what_is_to_come(
    reading: Reading,
    verb: str,
    at: int,
    valid_from: datetime | None,
    valid_to: datetime | None,
) -> None:
    table = CLAUSE.format(verb=verb, at=at)
    names = [(0, 1, "PERSON"), (at + 1, at + 2, "ORG")]
    [fact] = reading(table, names, at=SAID).facts
    assert (fact.valid_from, fact.valid_to) == (valid_from, valid_to)
    [undated] = reading(table, names).facts
    assert undated.valid_from is undated.valid_to is None
