"""BM25 against the formula written out term by term, document by document."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.kernels.bm25 import K1, B, build_postings, score

N_TERMS = 6
documents = st.lists(st.lists(st.integers(0, N_TERMS - 1), max_size=12), min_size=1, max_size=8)


def by_the_book(collection: list[list[int]], query: list[int]) -> list[float]:
    n = len(collection)
    mean = sum(map(len, collection)) / n
    scores = []
    for document in collection:
        total = 0.0
        for term in query:
            df = sum(term in other for other in collection)
            tf = document.count(term)
            idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
            if tf:
                norm = K1 * (1 - B + B * len(document) / mean)
                total += idf * tf * (K1 + 1) / (tf + norm)
        scores.append(total)
    return scores


@settings(max_examples=200, deadline=None)
@given(collection=documents, query=st.lists(st.integers(0, N_TERMS - 1), max_size=5))
def test_scores_are_those_of_the_formula(collection: list[list[int]], query: list[int]) -> None:
    terms = np.array([term for document in collection for term in document], np.int64)
    owners = np.repeat(np.arange(len(collection)), [len(d) for d in collection])
    postings = build_postings(terms, owners, n_terms=N_TERMS, n_documents=len(collection))
    found = score(postings, np.array(query, np.int64))
    assert np.allclose(found, by_the_book(collection, query), rtol=1e-5, atol=1e-6)
