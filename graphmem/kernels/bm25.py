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

    `documents` are rows, rising within a term; `weights` are what a term adds to the score.
    """

    indptr: Ints
    documents: Rows
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
    lengths = np.bincount(documents, minlength=n_documents)
    mean = lengths.mean() if n_documents and len(terms) else 1.0
    keys = np.asarray(terms, np.int64) * max(n_documents, 1) + documents
    unique, counts = np.unique(keys, return_counts=True)
    term, document = np.divmod(unique, max(n_documents, 1))
    indptr = compress(term, n_terms)
    frequency = np.diff(indptr)
    idf = np.log1p((n_documents - frequency + 0.5) / (frequency + 0.5))
    norm = k1 * (1 - b + b * lengths[document] / max(mean, 1e-9))
    weights = idf[term] * counts * (k1 + 1) / (counts + norm)
    return Postings(indptr, document.astype(np.int32), weights.astype(np.float32), n_documents)


def score(postings: Postings, terms: npt.NDArray[np.integer]) -> Floats:
    """Scores of all documents, shape (n_documents,); a term given twice counts twice."""
    positions, _ = ragged(postings.indptr, np.asarray(terms, np.int64))
    return np.bincount(
        postings.documents[positions],
        weights=postings.weights[positions],
        minlength=postings.n_documents,
    ).astype(np.float32)
