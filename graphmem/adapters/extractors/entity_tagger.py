"""spaCy's entity recogniser, decoded for all documents of a batch at once.

Its transitions (begin, in, last, unit, out) take one token each, so documents go side by side, one
token a step, as rows of arrays. The model and its choices are those of the component, which spends
more time between its steps than in its network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_FEATURES: Final = 3
"""This token, the first one of the open entity, and the last one before this, if one is open."""

Span = tuple[int, int, str]
"""Tokens ``[first, last)`` and their label."""


class EntityTagger:
    """The component "ner" of a pipeline that runs without it."""

    def __init__(self, language: Language) -> None:
        component: Any = language.get_pipe("ner")
        self._tok2vec = component.model.get_ref("tok2vec")
        self._lower = component.model.get_ref("lower")
        upper = component.model.get_ref("upper")
        self._bias = self._lower.get_param("b").reshape(-1)
        self._pieces = self._lower.get_dim("nP")
        self._weights, self._offsets = upper.get_param("W").T, upper.get_param("b")
        system = component.moves
        moves = [system.get_class_name(n).partition("-") for n in range(system.n_moves)]
        self._moves = np.array([move for move, _, _ in moves])
        self._labels = sorted({label for _, _, label in moves if label})
        self._label_of = np.array([self._labels.index(n[2]) if n[2] else -1 for n in moves])
        self._allowed = self._rules()

    @staticmethod
    def fits(language: Language) -> bool:
        """Whether the component is of the kind that is known here."""
        component: Any = language.get_pipe("ner")
        model = component.model
        is_known = model.name == "parser_model" and model.attrs["has_upper"]
        return (
            is_known
            and not model.attrs["unseen_classes"]
            and (model.get_ref("lower").get_dim("nF") == _FEATURES)
        )

    def spans(self, docs: Sequence[Doc]) -> list[list[Span]]:
        """The entities of each document, which is parsed already."""
        found: list[list[Span]] = [[] for _ in docs]
        order = sorted((n for n in range(len(docs)) if len(docs[n])), key=lambda n: -len(docs[n]))
        if not order:
            return found
        chosen = [docs[n] for n in order]
        vectors = self._tok2vec.predict(chosen)
        states = self._lower.predict(vectors)
        columns = [doc.to_array(["SENT_START", "IS_SPACE"]).view(np.int64) for doc in chosen]
        for row, span in self._decoded(states.reshape(len(states), _FEATURES, -1), columns):
            found[order[row]].append(span)
        return found

    def _rules(self) -> npt.NDArray[np.bool_]:
        """Which transitions are allowed, by row.

        0: nothing may begin; 1: only what ends here too; 2: anything; then for each label, while it
        is open, 3 + 2 * label where it has to end and one more where it may go on.
        """
        begin, inside, last, unit, out = (self._moves == move for move in "BILUO")
        rows = [out, out | (unit & (self._label_of >= 0)), out]
        rows[2] = rows[1] | begin
        for label in range(len(self._labels)):
            own = self._label_of == label
            rows += [own & last, own & (last | inside)]
        return np.array(rows)

    def _decoded(
        self, states: npt.NDArray[np.float32], columns: Sequence[npt.NDArray[np.int64]]
    ) -> list[tuple[int, Span]]:
        """Each entity with the document's row; `states` are by token, the first one for none."""
        lengths = np.array([len(column) for column in columns])
        firsts = np.concatenate(([0], np.cumsum(lengths)[:-1])) + 1
        starts_sentence = np.concatenate([column[:, 0] == 1 for column in columns] + [[False]])
        is_blank = np.concatenate([column[:, 1] == 1 for column in columns])
        opened = np.full(len(columns), -1)
        label = np.full(len(columns), -1)
        found: list[tuple[int, Span]] = []
        for at in range(int(lengths[0])):
            n = int(np.searchsorted(-lengths, -at))  # the documents that have such a token
            rows = firsts[:n] + at
            is_open = opened[:n] >= 0
            context = states[rows, 0] + self._bias
            context += states[np.where(is_open, firsts[:n] + opened[:n], 0), 1]
            context += states[np.where(is_open, rows - 1, 0), 2]
            hidden = context.reshape(n, -1, self._pieces).max(axis=2)
            scores = hidden @ self._weights + self._offsets
            goes_on = (at + 1 < lengths[:n]) & ~starts_sentence[rows]
            closed = np.where(is_blank[rows - 1], 0, 1 + goes_on)
            rule = np.where(is_open, 3 + 2 * label[:n] + goes_on, closed)
            scores[~self._allowed[rule]] = -np.inf
            best = scores.argmax(axis=1)
            moves = self._moves[best]
            begun = moves == "B"
            opened[:n][begun], label[:n][begun] = at, self._label_of[best[begun]]
            for row in np.flatnonzero((moves == "L") | (moves == "U")):
                first = at if moves[row] == "U" else int(opened[row])
                name = self._labels[self._label_of[best[row]]]
                found.append((int(row), (first, at + 1, name)))
                opened[row] = -1
        return found
