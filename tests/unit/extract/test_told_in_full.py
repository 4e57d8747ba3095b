"""What a small parser leaves out or takes for something else, in sentences of documents."""

from __future__ import annotations

import pytest

from graphmem.adapters.extractors.spacy import SpacyExtractor
from graphmem.model.extraction import Extraction, PassageContext


@pytest.fixture(scope="module")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


def read(extractor: SpacyExtractor, text: str, title: str) -> Extraction:
    [found] = extractor.extract([PassageContext(passage_id="d", text=text, title=title)])
    return found


@pytest.mark.parametrize(
    ("title", "text", "told", "never"),
    [
        (  # what is left is told in the text's words
            "Ann Lee",
            "Ann Lee received a Bachelor of Arts degree from Marlow College in 1922 and a Bachelor"
            " of Laws from Kestrel Law School in 1925.",
            "Ann Lee received a Bachelor of Arts degree from Marlow College in 1922 and a Bachelor"
            " of Laws from Kestrel Law School in 1925.",
            "Arts a Bachelor",
        ),
        (  # a list, not a description
            "Ann Lee",
            "Ann Lee moved to Oslo with her father, her mother and her younger brother.",
            "Ann Lee's father and Ann Lee's mother",
            "is Ann Lee's mother",
        ),
        (  # too little said alone
            "Ann Lee",
            "Ann Lee grew up speaking English, German, and Persian.",
            "Ann Lee grew up speaking English",
            "grew up.",
        ),
        ("Deep Creek", "Deep Creek may refer to:\nDeep Creek is in Kent.", "Kent", "refer"),
        (  # nobody plays in a scholar
            "Ann Lee",
            "Ann Lee studied at Oxford University as a Marlow scholar, where she played chess.",
            "Ann Lee played chess in Oxford University.",
            "in a Marlow",
        ),
        (
            "Ann Lee",
            "Ann Lee died during the construction of Greywick Hall, where she lived.",
            "Ann Lee lived in Greywick Hall.",
            "lived in the construction",
        ),
        (  # the arts were not founded
            "Greywick Society",
            "Greywick Society was an organization of visual arts founded in Saltmere in 1915.",
            "Greywick Society was founded in Saltmere in 1915.",
            "Visual arts were",
        ),
        (  # who claims it
            "Ann Lee",
            "In 1999 Ann Lee refused to leave, claiming that fraud occurred in Saltmere.",
            "Ann Lee claimed that fraud occurred in Saltmere.",
            "refused that",
        ),
        (  # what is shared by two verbs, after what stands before them
            "",
            "In Norway, the Kestrel Institute encourages and supports public education.",
            "The Kestrel Institute encourages public education in Norway.",
            "encourages in Norway",
        ),
        (
            "Ann Lee",
            "Ann Lee produced some of her strangest films in Norway.",
            "Ann Lee produced some of Ann Lee's strangest films in Norway.",
            "produced in",
        ),
        (
            "Ann Lee",
            "Ann Lee was the first European to reach Saltmere.",
            "Ann Lee was the first European to reach Saltmere.",
            "is European",
        ),
        (
            "Ann Lee",
            "Her films were less successful in Norway.",
            "Ann Lee's films were less successful in Norway.",
            "were successful",
        ),
        (
            "Ann Lee",
            "Ann Lee loved the house. That's why she bought the house.",
            "Ann Lee bought the house.",
            "why",
        ),
        ("", "The turbines stand still. Because there is no wind.", "There is no wind.", "because"),
        (  # a country is not its economy
            "Economy of Norway",
            "Norway is classified as an advanced economy. In 2001 Norway adopted the euro.",
            "Norway adopted the euro in 2001.",
            "Economy of Norway adopted",
        ),
        (
            "Ann Lee",
            "Ann Lee (born before 1264 – died after September 1332) was a poet.",
            "Ann Lee was born before 1264.",
            "born in",
        ),
        (  # by whom is not said
            "Rain",
            "Rain is a film written, directed and starring Ann Lee.",
            "Rain is a film starring Ann Lee.",
            "film written.",
        ),
        (  # no airport is in another
            "Heron Air",
            "It has bases at Galeão International Airport in Rio de Janeiro, Brasília International"
            " Airport, Macaé Airport.",
            "Galeão International Airport is located in Rio de Janeiro.",
            "located in Brasília",
        ),
        (
            "Ann Lee",
            "She was a fugitive and included in the list until 2005.",
            "Ann Lee was included in the list until 2005.",
            "Lee included",
        ),
    ],
)
def test_a_fact_says_what_the_sentence_says(
    extractor: SpacyExtractor, title: str, text: str, told: str, never: str
) -> None:
    found = [fact.text for fact in read(extractor, text, title).facts]
    assert any(told in fact for fact in found), found
    assert not any(never in fact for fact in found), found


def test_what_follows_a_name_without_a_pause_does_not_describe_it(
    extractor: SpacyExtractor,
) -> None:
    text = "The treaty accorded the colonies of Saltmere a political status of free association."
    found = [fact.text for fact in read(extractor, text, "Treaty of Oslo").facts]
    assert not any("Saltmere is" in fact for fact in found), found


def test_a_free_role_is_its_preposition_alone(extractor: SpacyExtractor) -> None:
    text = "Saltmere lies 13 miles north of Greywick. Ann Lee visits Saltmere 13 times per year."
    roles = {m.role for fact in read(extractor, text, "").facts for m in fact.members}
    assert {"of", "per"} <= roles
    assert all(role.isalpha() and role.islower() for role in roles), roles


def test_no_two_facts_have_the_same_words(extractor: SpacyExtractor) -> None:
    text = "Ann Lee is noted for being the second wife of Bob Hale."
    found = [fact.text for fact in read(extractor, text, "Ann Lee").facts]
    assert found.count(text) == 1
