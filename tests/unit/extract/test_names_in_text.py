from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.extract.names import NameSpan, find_names, meaning_title, title_names
from graphmem.kernels.text import tokenise
from graphmem.model.knowledge import EntityType


def names_in(text: str, *, proper: set[int] | None = None) -> list[str]:
    spans = find_names(text, tokenise(text), proper=proper)
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Panda (song)", "", {"Panda (song)": 1.0, "Panda": 1.0}),
        ("Springfield, Illinois", "", {"Springfield, Illinois": 1.0, "Springfield": 0.8,
                                       "SpringfieldIllinois": None}),
        ("Adolf I of Lotharingia", "", {"Adolf I of Lotharingia": 1.0, "Adolf I": 0.5}),
        ("List of kings of Spain", "", {"List of kings of Spain": 1.0, "List": None}),
        ("Battle Royale of Spain", "", {"Battle Royale of Spain": 1.0, "Battle Royale": None}),
        ("Face Book", "", {"Face Book": 1.0, "FaceBook": 0.5}),
        ("George T. Solomon", "", {"George T. Solomon": 1.0, "George Solomon": 0.6}),
        (
            "Nicki Minaj",
            "Onika Tanya Maraj (born 1982), known professionally as Nicki Minaj, is a rapper.",
            {"Nicki Minaj": 1.0, "Onika Tanya Maraj": 0.9},
        ),
        ("Elizabeth I", "Elizabeth was queen.", {"Elizabeth I": 1.0, "Elizabeth": 0.5}),
        (
            "Mary Lee",
            "Mary Lee, née Ann Smith, nicknamed \"Red\", born in 1900, was a nurse.",
            {"Mary Lee": 1.0, "Ann Smith": 0.8, "Red": 0.8, "1900": None},
        ),
        ("", "Ann Lee is a nurse.", {"Ann Lee": 0.9}),
        ("", "In 1931, the company was sold.", {"In 1931": None, "1931": None}),
        ("", "It was a cold day.", {"It": None}),
    ],
)  # fmt: skip
def test_aliases_of_what_a_document_is_about(
    title: str, text: str, expected: dict[str, float | None]
) -> None:
    found = dict(title_names(title, text))
    assert {alias: found.get(alias) for alias in expected} == expected


@given(title=st.text(max_size=40), text=st.text(max_size=80))
def test_every_alias_is_a_name_with_a_weight(title: str, text: str) -> None:
    found = title_names(title, text)
    assert all(alias.strip() and 0 < weight <= 1 for alias, weight in found)
    assert [weight for _, weight in found] == sorted((w for _, w in found), reverse=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We met Adalbert II of Tuscany there.", ["Adalbert II of Tuscany"]),
        ("We saw Vincent van Gogh and Ann.", ["Vincent van Gogh", "Ann"]),
        ("He works for Marks & Spencer in London.", ["Marks & Spencer", "London"]),
        ("She read J. R. R. Tolkien.", ["J. R. R. Tolkien"]),
        ("It was May 2021 on a Monday.", []),
        ("In 1931 Lambert left.", ["Lambert"]),
        ("I went to the U.S. Army base.", ["U.S. Army"]),
        ("We saw Guy's Marozia.", ["Guy", "Marozia"]),
        ("They watched The Godfather.", ["The Godfather"]),
        ("Thanks Mel! Great idea.", ["Mel"]),
        ("Slowly it moved. Running helps.", []),
        ('He sang "Changed it" for us.', ["Changed it"]),
        ("He said \"I know what you want, really.\" to us.", []),
        ("AND THEN IT ENDED: 1999.", ["ENDED"]),
    ],
)  # fmt: skip
def test_names_without_a_model(text: str, expected: list[str]) -> None:
    assert names_in(text) == expected


def test_a_run_is_at_most_eight_words() -> None:
    [name, *_] = names_in("We met " + " ".join(["Abc"] * 12) + ".")
    assert len(name.split()) == 8


def test_a_tagger_decides_about_single_words_that_open_a_sentence() -> None:
    text = "Anvils fell. Ann ran."
    ann = text.index("Ann ran")
    assert names_in(text, proper={ann}) == ["Ann"]


def test_the_longest_reading_wins_and_keeps_the_taggers_type() -> None:
    text = "We love New York City."
    start = text.index("York")
    entity = NameSpan(start, start + len("York City"), EntityType.PLACE)
    [name] = find_names(text, tokenise(text), entities=[entity])
    assert text[name.start : name.end] == "New York City"
    assert name.type is EntityType.PLACE


def test_occurrences_of_an_alias_mean_the_title() -> None:
    text = "Person - centered therapy began early. Person-centered therapy went on."
    title = "Person-centered therapy"
    spans = find_names(text, tokenise(text), aliases=[(title, 1.0)], title=title)
    assert [span.title for span in spans] == [title, title]


def test_another_subject_of_the_first_sentence_does_not_mean_the_title() -> None:
    text = "Karl Renner and Adolf Schärf (of Vienna) declared it."
    aliases = title_names("Austria", text)
    assert ("Karl Renner and Adolf Schärf", 0.9) in aliases
    assert meaning_title(aliases, "Austria", text) == [("Austria", 1.0)]


@given(st.text(alphabet="Ab .'\"-&1é(", max_size=60))
def test_names_are_in_order_and_do_not_overlap(text: str) -> None:
    spans = find_names(text, tokenise(text), aliases=[("A b", 1.0)], title="A b")
    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        position = span.end
