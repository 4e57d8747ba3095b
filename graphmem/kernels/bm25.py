"""BM25 over a compressed term-by-document layout.

Robertson & Zaragoza (2009), *The Probabilistic Relevance Framework*; the idf is Lucene's, which is
never negative: ``ln(1 + (N - df + 0.5) / (df + 0.5))``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphmem.kernels.arrays import Floats, Ints, Rows, compress, ragged

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class Postings:
    """Weights by term: those of term ``t`` are at ``indptr[t]:indptr[t + 1]``.

    `documents` are rows, rising within a term; `counts` say how often the term stands there, and
    `weights` what it adds to the score.
    """

    indptr: Ints
    documents: Rows
    counts: Rows
    weights: Floats
    n_documents: int


def build_postings(
    terms: npt.NDArray[np.integer],
    documents: npt.NDArray[np.integer],
    *,
    n_terms: int,
    n_documents: int,
    k1: float = K1,
    b: float = B,
) -> Postings:
    """Postings of a collection given one (term, document) pair per token.

    Parameters
    ----------
    terms, documents : arrays, shape (n_tokens,)
        Which term stands in which document, once per occurrence.
    """
    term, document, counts = _counted(terms, documents, n_documents)
    return _weighed(compress(term, n_terms), document, counts, n_documents, k1=k1, b=b)


def extend_postings(
    postings: Postings,
    terms: npt.NDArray[np.integer],
    documents: npt.NDArray[np.integer],
    *,
    n_terms: int,
    n_documents: int,
    k1: float = K1,
    b: float = B,
) -> Postings:
    """As :func:`build_postings` of all, where `terms` are those of the documents that are new."""
    term, document, counts = _counted(terms, documents, n_documents)
    more = np.full(n_terms + 1 - len(postings.indptr), postings.indptr[-1])
    indptr = np.concatenate((postings.indptr, more))
    # New documents have higher rows, so they come last within each term.
    at = indptr[term + 1]
    return _weighed(
        indptr + np.concatenate(([0], np.cumsum(np.bincount(term, minlength=n_terms)))),
        np.insert(postings.documents, at, document),
        np.insert(postings.counts, at, counts),
        n_documents,
        k1=k1,
        b=b,
    )


def _counted(
    terms: npt.NDArray[np.integer], documents: npt.NDArray[np.integer], n_documents: int
) -> tuple[Ints, Ints, Ints]:
    keys = np.asarray(terms, np.int64) * max(n_documents, 1) + documents
    unique, counts = np.unique(keys, return_counts=True)
    term, document = np.divmod(unique, max(n_documents, 1))
    return term, document, counts


def _weighed(
    indptr: Ints,
    documents: npt.NDArray[np.integer],
    counts: npt.NDArray[np.integer],
    n_documents: int,
    *,
    k1: float,
    b: float,
) -> Postings:
    lengths = np.bincount(documents, weights=counts, minlength=n_documents)
    mean = lengths.mean() if n_documents and len(documents) else 1.0
    frequency = np.diff(indptr)
    idf = np.log1p((n_documents - frequency + 0.5) / (frequency + 0.5))
    norm = k1 * (1 - b + b * lengths / max(mean, 1e-9))
    weights = np.repeat(idf, frequency) * counts * (k1 + 1) / (counts + norm[documents])
    return Postings(
        indptr,
        documents.astype(np.int32),
        counts.astype(np.int32),
        weights.astype(np.float32),
        n_documents,
    )


def score(postings: Postings, terms: npt.NDArray[np.integer]) -> Floats:
    """Scores of all documents, shape (n_documents,); a term given twice counts twice."""
    positions, _ = ragged(postings.indptr, np.asarray(terms, np.int64))
    return np.bincount(
        postings.documents[positions],
        weights=postings.weights[positions],
        minlength=postings.n_documents,
    ).astype(np.float32)
