"""What a question is read as, for who asks it: names, times, what it seeks, and how it is put."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Query, QuestionView
from graphmem.retrieve.dates import written
from graphmem.retrieve.kinds import asks_for_several
from graphmem.retrieve.naming import Span
from graphmem.retrieve.question import Question, analyse
from graphmem.retrieve.sought import TIME

_COMPARED: Final = re.compile(
    r"\b(?:or|both|same|either|older|younger|earlier|later|first|longer)\b", re.IGNORECASE
)
_INFERRED: Final = re.compile(
    r"\b(?:grand(?:mother|father|parent|son|daughter|child)\w*|[\w-]+-in-law|uncles?|aunts?"
    r"|nephews?|nieces?|cousins?)\b",
    re.IGNORECASE,
)
_ORDERED: Final = re.compile(r"\b(?:before|after|while|during|since|until|ago)\b", re.IGNORECASE)


def view_of(index: PassageIndex, query: Query, *, now: datetime | None) -> QuestionView:
    """What the question of a query is read as; `now` is what "last year" is told from."""
    none = np.zeros(len(index), np.float32)
    question = analyse(index, query.text, similarity=none, allowed=none > 0, now=query.as_of or now)
    return QuestionView(
        names=tuple(_named(index, span) for span in (*question.spans, *question.peoples)),
        times=tuple(map(written, question.dates)),
        about=question.sought.about,
        answers=question.sought.answers,
        cues=_cues(question),
    )


def _named(index: PassageIndex, span: Span) -> str:
    label = index.names.labels[span.name]
    return f"{span.instead}, for {label}" if span.instead else label


def _cues(question: Question) -> tuple[str, ...]:
    """How the question is put, by its words and how many it names."""
    n_names, asked, sought = len(question.names), question.masked, question.sought
    cues = {
        "comparison": n_names > 1 and _COMPARED.search(asked) is not None,
        "bridge": n_names > 0 and bool(sought.about),
        "inference": _INFERRED.search(asked) is not None,
        "temporal": bool(question.dates) or TIME in sought.answers or _ORDERED.search(asked),
        "several": asks_for_several(question.text),
    }
    return tuple(cue for cue, holds in cues.items() if holds)
