"""Dictionary matching: names that a memory knows are mentions wherever they are written.

A tagger misses names, more so in headings, lists and talk. Every run of words that begins and ends
with a capital is looked up among all known names, the longest first; one look-up a run, however
many names there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from graphmem.kernels.text import Token, normalise_name, tokenise
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Entity, Mention
from graphmem.resolve.book import NameBook

_LONGEST: Final = 6
_SHORTEST: Final = 4
_SENTENCE_ENDS: Final = (".", "!", "?", ":", "\n", "“", '"', "-", "*")


def with_known_names(book: NameBook, changes: ChangeSet) -> ChangeSet:
    """The changes with a mention of each known name that a passage has and reading missed.

    A name of one word has to stand inside a sentence, and names of several entities are passed
    over: which of them is meant is not said.
    """
    taken: dict[str, list[tuple[int, int]]] = {}
    for mention in changes.mentions:
        if mention.start is not None and mention.end is not None:
            taken.setdefault(mention.passage_id, []).append((mention.start, mention.end))
    own = {entity.id for entity in changes.entities}
    found: list[Mention] = []
    met: dict[str, Entity] = {}
    for passage in changes.passages:
        for entity, start, end in _matches(book, passage.text, taken.get(passage.id, ())):
            surface = passage.text[start:end]
            found.append(
                Mention(
                    passage_id=passage.id,
                    entity_id=entity.id,
                    surface=surface,
                    start=start,
                    end=end,
                )
            )
            if entity.id not in own:
                met[entity.id] = entity
    if not found:
        return changes
    return changes.model_copy(
        update={
            "mentions": (*changes.mentions, *found),
            "entities": (*changes.entities, *met.values()),
        }
    )


def mentions_of(
    book: NameBook,
    wanted: Collection[str],
    texts: Iterable[tuple[str, str]],
    taken: Mapping[str, Collection[tuple[int, int]]],
) -> Iterator[Mention]:
    """Where older passages have names that became known later.

    Parameters
    ----------
    wanted
        Ids of the entities that are looked for.
    texts
        Passages, as id and text.
    taken
        Characters that are mentions already, by passage.
    """
    entities = filter(None, map(book.get, wanted))
    firsts = frozenset(normalise_name(entity.name).split(" ")[0] for entity in entities)
    for id, text in texts:
        for entity, start, end in _matches(book, text, taken.get(id, ()), firsts):
            if entity.id in wanted:
                surface = text[start:end]
                yield Mention(
                    passage_id=id, entity_id=entity.id, surface=surface, start=start, end=end
                )


def _matches(
    book: NameBook,
    text: str,
    taken: Iterable[tuple[int, int]],
    firsts: Collection[str] | None = None,
) -> Iterator[tuple[Entity, int, int]]:
    """Known names that stand where no mention does but of their parts, from left to right.

    With `firsts`, those that begin with one of these words.
    """
    tokens = tokenise(text)
    covered = sorted(taken)
    first = 0
    while first < len(tokens):
        last = first + 1
        if tokens[first].is_capital and (firsts is None or tokens[first].text in firsts):
            for end in range(min(first + _LONGEST, len(tokens)), first, -1):
                entity = _named(book, text, tokens[first:end])
                start, stop = tokens[first].start, tokens[end - 1].end
                if entity is not None and not _is_crossed(start, stop, covered):
                    yield entity, start, stop
                    last = end
                    break
        first = last


def _is_crossed(start: int, end: int, covered: Iterable[tuple[int, int]]) -> bool:
    """Whether a mention stands here that is no part of a longer name: "Wind" in a book's title."""
    return any(
        s < end and start < e and not (start <= s and e <= end and e - s < end - start)
        for s, e in covered
    )


def _named(book: NameBook, text: str, run: Sequence[Token]) -> Entity | None:
    """The one entity of this name, if the run reads as its name."""
    if not run[-1].is_capital:
        return None
    ids = book.spelt(" ".join(token.text for token in run))
    if len(ids) != 1:
        return None
    start, end = run[0].start, run[-1].end
    if len(run) == 1:
        before = text[:start].rstrip(" ")[-1:]
        is_inside = bool(before) and before not in _SENTENCE_ENDS
        if not is_inside or end - start < _SHORTEST or not text[start].isalpha():
            return None
    elif not all(_goes_on(text, one, other) for one, other in pairwise(run)):
        return None
    return book.get(ids[0])


def _goes_on(text: str, one: Token, other: Token) -> bool:
    """Whether a name goes on from one word to the next: "J. Hall", not "Ann. Lee"."""
    between = text[one.end : other.start]
    is_initial = one.end - one.start == 1 and between[:1] == "."
    return not (between[1:] if is_initial else between).strip(" -&'’/")
