"""Summaries by a language model, of which only what its sources bear out is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graphmem.context.answer import CitedAnswer, checked
from graphmem.context.fence import citation_of, fenced, safe
from graphmem.context.summarise import Digest, Told, sentences_of
from graphmem.kernels.text import words
from graphmem.model.retrieval import Citation, Context, Hit
from graphmem.model.summary import SummarySource
from graphmem.ports.llm import LLM
from graphmem.prompts import filled

_PROMPT: Final = "summary.v1"
_MOST_WORDS: Final = 1500
"""Of the items that the model is shown."""


def abstract_of(hits: Sequence[Hit], name: str, llm: LLM) -> tuple[Digest, int]:
    """Have the model sum passages up; also how many of its sentences nothing bore out.

    Every sentence is held against the words that it quotes of a passage, and dropped where they are
    not there, or where it has names or numbers that are not in what it cites. What the passages say
    is fenced as data.

    Raises
    ------
    LLMError
        There is no usable answer.
    ConfigurationError
        The model's endpoint refuses the key, or does not know the model.
    """
    context = _numbered(hits, name)
    reply = llm.complete(filled(_PROMPT, context=context.text), CitedAnswer)
    answer = checked(context, reply.value, by=llm.name, dropped=reply.dropped)
    sources = [
        SummarySource(
            sentence=place,
            passage_id=citation.passage_id,
            start=citation.start,
            end=citation.end,
            fact_id=_fact_at(hits, citation),
        )
        for place, statement in enumerate(answer.statements)
        for citation in statement.citations
    ]
    told = tuple(" ".join(statement.text.split()) for statement in answer.statements)
    return Digest(name, told, tuple(sources)), answer.dropped


def _numbered(hits: Sequence[Hit], name: str) -> Context:
    """The passages' sentences as numbered items, as many as the model is shown."""
    items, left = [], _MOST_WORDS
    for told in sentences_of(hits):
        left -= told.end - told.start and len(words(hits[told.hit].text[told.start : told.end]))
        if left < 0:
            break
        items.append(_item(hits[told.hit], told))
    lines = [
        f"[{number}] {' · '.join(filter(None, (item.title, item.speaker)))}: {item.text}"
        for number, item in enumerate(items, 1)
    ]
    return Context(
        question=name,
        text=fenced(map(safe, lines)),
        tokens=0,
        budget=0,
        citations=tuple(citation_of(item, number) for number, item in enumerate(items, 1)),
        hits=tuple(items),
    )


def _item(hit: Hit, told: Told) -> Hit:
    """A sentence; its `start` and `end` are characters of the passage, not of the source."""
    update = {"text": hit.text[told.start : told.end], "start": told.start, "end": told.end}
    return hit.model_copy(update=update)


def _fact_at(hits: Sequence[Hit], citation: Citation) -> str | None:
    """The fact that is stated where the citation points, if there is one."""
    for hit in hits:
        if hit.id == citation.passage_id:
            for fact in hit.facts:
                if fact.start < citation.end and citation.start < fact.end:
                    return fact.id
    return None
