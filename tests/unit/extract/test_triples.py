"""Ready-made triples become the facts that the text bears out, placed where it has them."""

from __future__ import annotations

from graphmem.extract.triples import placed, shared_out
from graphmem.model.extraction import PassageContext
from graphmem.model.knowledge import EntityType
from graphmem.model.source import OpenTriples

TEXT = "Ann Lee led Acme. In 1999 Acme was founded in Oslo by Ann Lee with $5,000."
PASSAGE = PassageContext(passage_id="p1", title="Acme (company)", text=TEXT)
TRIPLES = OpenTriples(
    entities=("Ann Lee", "Acme", "Oslo", "1999", "$5,000"),
    triples=(
        ("Acme", "founded by", "Ann Lee"),
        ("Acme", "founded in", "1999"),
        ("Acme", "has capital of", "$5,000"),
        ("Ann Lee", "is", "founding of Acme"),
        ("Oslo Ann", "met", "Lee of Acme"),
        ("Ann Lee", "is", "director"),
        ("Bo", "led", "Acme"),
        ("Acme", "founded in", "1998"),
        ("Acme", "sold to Globex in", "Oslo"),
    ),
)


def test_each_triple_is_one_fact_in_its_words() -> None:
    extraction = placed(PASSAGE, TRIPLES).extraction
    assert [fact.text for fact in extraction.facts] == [
        "Acme founded by Ann Lee.",
        "Acme founded in 1999.",
        "Acme has capital of $5,000.",
        "Ann Lee is founding of Acme.",
        "Oslo Ann met Lee of Acme.",
    ]
    first = extraction.facts[0]
    assert first.predicate == "founded by"
    assert [(m.role, m.name) for m in first.members] == [
        ("subject", "Acme (company)"),
        ("object", "Ann Lee"),
    ]
    types = [m.type for fact in extraction.facts[1:3] for m in fact.members]
    assert types[1::2] == [EntityType.DATE, EntityType.NUMBER]


def test_members_are_placed_where_they_stand_closest_together() -> None:
    extraction, _, not_found = placed(PASSAGE, TRIPLES)
    founded, dated, *_, is_, met = extraction.facts
    assert TEXT[founded.start : founded.end] == "Ann Lee led Acme"
    assert TEXT[dated.start : dated.end] == "1999 Acme"
    for fact in extraction.facts:
        for member in fact.members:
            if member.start is not None:
                assert TEXT[member.start : member.end] == member.text
    assert is_.members[1].start is None
    assert (met.start, met.end) == (0, len(TEXT))
    assert not_found == {"subject not in the text": 1, "object not in the text": 2}


def test_what_the_text_does_not_bear_out_is_rejected_and_counted() -> None:
    found = placed(PASSAGE, TRIPLES)
    assert len(found.extraction.facts) == len(TRIPLES.triples) - 4
    assert found.rejected == {"member not in the text": 3, "sentence says more than the text": 1}
    before = PASSAGE.model_copy(update={"previous": "Bo was there.", "speaker": "Director"})
    assert placed(before, TRIPLES).rejected == {
        "member not in the text": 1,
        "sentence says more than the text": 1,
    }


def test_names_are_mentioned_with_the_title_and_without_repeats() -> None:
    extraction = placed(PASSAGE, TRIPLES).extraction
    assert any(m.name == "Acme (company)" and m.about == 1.0 for m in extraction.mentions)
    spans = [(m.start, m.end) for m in extraction.mentions if m.start is not None]
    assert len(spans) == len(set(spans))
    assert {"Ann Lee", "Oslo", "1999"} <= {m.name for m in extraction.mentions}


def test_passages_of_a_document_share_its_triples_out() -> None:
    texts = ["Ann Lee was born in Oslo.", "Acme was founded by Ann Lee in 1999."]
    triples = OpenTriples(
        entities=("Ann Lee", "Oslo"),
        triples=(("Acme", "founded in", "1999"), ("Ann Lee", "born in", "Oslo"), ("X", "is", "Y")),
    )
    first, second = shared_out(triples, texts)
    assert first.triples == (("Ann Lee", "born in", "Oslo"), ("X", "is", "Y"))
    assert second.triples == (("Acme", "founded in", "1999"),)
    assert (first.entities, second.entities) == (("Ann Lee", "Oslo"), ("Ann Lee",))
    assert shared_out(triples, texts[:1]) == [triples]
