"""Answers: what a context says to a question, with every statement tied to its words.

With a language model, its statements are held against the items that they cite; without one, the
sentences that fit the question best stand as they are, and are said to be that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints

from graphmem.context.fitting import Likeness, fitting
from graphmem.context.worked import Worked
from graphmem.errors import LLMError
from graphmem.extract.locate import Locator, beyond
from graphmem.kernels.text import words
from graphmem.model.retrieval import Answer, Citation, Context, Hit, Statement
from graphmem.model.timeline import Entry
from graphmem.ports.llm import LLM
from graphmem.prompts import filled

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_PROMPT: Final = "answer.v1"
_MOST_STATEMENTS = 5
_MOST_PLACES = 3
"""Places that tell one fact, as many as are cited."""
_NO_MODEL: Final = "No language model is set up"


class CitedSource(BaseModel):
    """Words of an item that bear a statement out."""

    item: int
    quote: Words


class CitedStatement(BaseModel):
    """A sentence of an answer."""

    text: Words
    sources: list[CitedSource]


class CitedAnswer(BaseModel):
    """An answer as a model gives it."""

    known: bool
    statements: list[CitedStatement] = []


def answer(context: Context, llm: LLM | None, likeness: Likeness | None = None) -> Answer:
    """Answer the context's question, by the model if there is one.

    Without one, sentences are ordered by words and, where it is given, by `likeness`.

    A model that fails is told of in the answer's `note`, and the facts that fit best stand in.

    Raises
    ------
    ConfigurationError
        The model's endpoint refuses the key, or does not know the model.
    """
    if llm is None:
        return _from_facts(context, _NO_MODEL, likeness)
    if not context.hits:
        return Answer(question=context.question, by=llm.name, note="Nothing was recalled")
    prompt = filled(_PROMPT, context=context.text, question=context.question)
    try:
        reply = llm.complete(prompt, CitedAnswer)
    except LLMError as error:
        return _from_facts(context, f"{llm.name} gave no answer ({error.reason})", likeness)
    return checked(context, reply.value, by=llm.name, dropped=reply.dropped)


def from_times(question: str, worked: Worked) -> Answer:
    """What was worked out, and under it the facts that it rests on, each with where it is told."""
    markers: dict[str, str] = {}

    def citations(entry: Entry) -> tuple[Citation, ...]:
        return tuple(
            Citation(
                marker=markers.setdefault(place.passage_id, f"[{len(markers) + 1}]"),
                passage_id=place.passage_id,
                source=place.source,
                title=place.title,
                start=place.start,
                end=place.end,
                occurred_at=place.occurred_at,
            )
            for place in entry.places[:_MOST_PLACES]
        )

    told = [Statement(text=entry.text, citations=citations(entry)) for entry in worked.entries]
    rests_on = tuple(citation for statement in told for citation in statement.citations)
    statements = [Statement(text=worked.text, citations=rests_on), *told]
    return _answer(question, statements, by="times", note=f"Worked out: {worked.shape.value}")


def checked(context: Context, cited: CitedAnswer, *, by: str, dropped: int = 0) -> Answer:
    """What the items bear out of an answer; one of which nothing is left is not known.

    A statement is dropped where none of its quotes stands in its item, or where it has names or
    numbers that are neither in the items it cites nor in the question.
    """
    statements = []
    for statement in cited.statements if cited.known else []:
        citations = tuple(_citations(context, statement))
        if not citations or beyond(statement.text, _told(context, citations)):
            dropped += 1
            continue
        statements.append(Statement(text=statement.text.strip(), citations=citations))
    note = f"Dropped for want of support: {dropped}" if dropped else ""
    return _answer(context.question, statements, by=by, note=note, dropped=dropped)


def _citations(context: Context, statement: CitedStatement) -> Iterator[Citation]:
    """The sources that hold, each as the span of its quote."""
    for source in statement.sources:
        if 1 <= source.item <= len(context.hits):
            hit, citation = context.hits[source.item - 1], context.citations[source.item - 1]
            spans = Locator(hit.text).spans(source.quote)
            if spans:
                yield _cut(citation, hit, spans[0].start, spans[0].end)


def _told(context: Context, citations: tuple[Citation, ...]) -> frozenset[str]:
    """Words of the items that are cited, of what stands over them, and of the question."""
    cited = {citation.passage_id for citation in citations}
    said = [context.question, context.worked_out]
    for hit in context.hits:
        if hit.id in cited:
            day = f"{hit.occurred_at:%Y-%m-%d}" if hit.occurred_at else ""
            said += [hit.text, hit.title, hit.speaker or "", day]
    return frozenset(words(" ".join(said)))


def _from_facts(context: Context, why: str, likeness: Likeness | None) -> Answer:
    """The facts and sentences that fit the question best, as they stand."""
    best = [
        Statement(
            text=found.text,
            citations=(
                _cut(
                    context.citations[found.item],
                    context.hits[found.item],
                    found.start,
                    found.end,
                ),
            ),
        )
        for found in fitting(context, likeness, most=_MOST_STATEMENTS)
    ]
    said = (
        "this is what fits best of what was recalled, not an answer"
        if best
        else "nothing recalled shares a word with the question"
    )
    return _answer(context.question, best, by="facts", note=f"{why}: {said}")


def _cut(citation: Citation, hit: Hit, start: int, end: int) -> Citation:
    """A citation narrowed to characters of its passage."""
    return citation.model_copy(update={"start": hit.start + start, "end": hit.start + end})


def _answer(
    question: str, statements: list[Statement], *, by: str, note: str, dropped: int = 0
) -> Answer:
    lines = [
        " ".join((s.text, *dict.fromkeys(citation.marker for citation in s.citations)))
        for s in statements
    ]
    return Answer(
        question=question,
        known=bool(statements),
        text="\n".join(lines),
        statements=tuple(statements),
        by=by,
        note=note,
        dropped=dropped,
    )
