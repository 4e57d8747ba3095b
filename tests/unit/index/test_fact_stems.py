"""Content words that facts share with a question, passage by passage."""

from __future__ import annotations

import numpy as np
import pytest

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import OPEN_END, Facts
from graphmem.index.fact_stems import FactStems
from graphmem.index.lexical import content_stems
from graphmem.kernels.arrays import compress

TEXTS = ("Ann founded the mill.", "Ann, who founded mills, left.", "of the", "Bo sold Ann's boats.")
STANDING = ((0, 3), (1, 1), (1, 0), (3, 2), (3, 1))
"""Which fact stands in which passage: (passage, fact), by passage; the third passage has none."""


@pytest.fixture
def stems() -> FactStems:
    n = len(TEXTS)
    passages, rows = (np.array(column, np.int32) for column in zip(*STANDING, strict=True))
    facts = Facts(
        ids=Strings.of(f"fa_{row}" for row in range(n)),
        texts=Strings.of(TEXTS),
        valid_from=np.zeros(n, np.int64),
        valid_to=np.full(n, OPEN_END),
        recorded_at=np.zeros(n, np.int64),
        retired_at=np.full(n, OPEN_END),
        member_indptr=np.zeros(n + 1, np.int64),
        members=np.empty(0, np.int32),
        evidence_facts=rows,
        evidence_passages=passages,
        evidence_starts=np.zeros(len(rows), np.int64),
        evidence_ends=np.ones(len(rows), np.int64),
    )
    return FactStems(facts, compress(passages, 4), np.arange(len(rows)))


@pytest.mark.parametrize("passages", [[0, 1, 2, 3], [3, 1], [2], [1, 1]])
@pytest.mark.parametrize("question", ["Who founded the mills?", "What did Ann sell?", "Why?"])
def test_as_many_words_are_shared_as_the_texts_have(
    stems: FactStems, question: str, passages: list[int]
) -> None:
    asked = content_stems(question)
    texts = [TEXTS[fact] for passage in passages for held, fact in STANDING if held == passage]
    wanted = [len(asked & content_stems(text)) for text in texts]
    for _ in range(2):  # read, and then kept
        assert stems.shared(asked, np.array(passages)).tolist() == wanted


def test_no_passages_share_nothing(stems: FactStems) -> None:
    assert stems.shared({"mill"}, np.empty(0, np.int64)).tolist() == []
