"""What is taken over from spaCy's pipeline, held against the pipeline itself."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from graphmem.adapters.extractors.entity_tagger import EntityTagger
from graphmem.adapters.extractors.morphology import Morphology
from graphmem.adapters.extractors.spacy import _installed, _load

if TYPE_CHECKING:
    from spacy.language import Language

TEXTS = (
    "Ann Lee, who had been leaving Oslo since 2019, isn't going to move there again.",
    "There is no doubt that it's gonna rain; let's go, y'all! I've gotta: what did they do?",
    "He has had better days, but the geese' children did what children do.",
    "Marie Curie won the Nobel Prize in Physics in 1903 with Pierre Curie and Henri Becquerel.",
    "  Two   blanks,\ta tab. That which is that, is that; these said those were better ones.",
)


@pytest.fixture(scope="module")
def whole() -> Language:
    """The pipeline as it comes, with all its components."""
    language: Language = importlib.import_module(_installed()[0]).load()
    return language


@pytest.fixture(scope="module")
def ours() -> Language:
    """The pipeline that the extractor runs."""
    return _load()


def test_rules_asked_for_single_words_say_what_they_say_of_the_sentence(
    whole: Language, ours: Language
) -> None:
    morphology = Morphology(ours)
    for text in TEXTS * 2:  # the second time from what was kept
        doc = ours(text)
        columns = [[getattr(t, name) for t in doc] for name in ("text", "tag_", "dep_")]
        expected = whole(text)
        pos, lemmas = morphology.of(doc, *columns)
        assert pos == [token.pos_ for token in expected]
        content = ("VERB", "AUX", "NOUN", "ADJ")
        told = [lemma for lemma, kind in zip(lemmas, pos, strict=True) if kind in content]
        assert told == [t.lemma_.lower() for t in expected if t.pos_ in content]


def test_entities_of_all_documents_at_once_are_those_of_each(
    whole: Language, ours: Language
) -> None:
    texts = [
        *TEXTS,
        "",
        *(" ".join(TEXTS[:n]) for n in (2, 4)),
        "Oslo",
        "On Monday Ann Lee paid $5.",
    ]
    found = EntityTagger(ours).spans([ours(text) for text in texts])
    expected = [[(e.start, e.end, e.label_) for e in whole(text).ents] for text in texts]
    assert found == expected
    assert sum(map(len, found)) > 20


def test_other_matrix_products_parse_alike(whole: Language, ours: Language) -> None:
    for text in TEXTS:
        one, other = whole(text), ours(text)
        assert [(t.tag_, t.dep_, t.head.i) for t in one] == [
            (t.tag_, t.dep_, t.head.i) for t in other
        ]
