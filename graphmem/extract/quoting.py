"""Quoting: what a clause says after its verb, in the words of the text.

It is told so where a reading in parts would leave out what makes it a statement: "grew up speaking
English", "produced some of his films".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphmem.extract.clauses import Clause, class_of
from graphmem.extract.page import Page
from graphmem.extract.phrases import written
from graphmem.extract.wording import Slot, sentence_of, verb_text

LONGEST_QUOTE = 40


def quoted_sentence(page: Page, clause: Clause, slots: Sequence[Slot], last: int) -> str:
    """The fact's words: subject and verb group, then all up to the token `last` as it is written.

    What stands in parentheses is left out: it is told by itself.
    """
    parse = page.parse
    noun = class_of(page, clause)
    core = [slot for slot in slots if slot.position < 0 or slot.phrase.head == noun]
    is_there = parse.child(clause.verb, "expl") is not None
    pieces = [f"there {verb_text(page, clause)}" if is_there else sentence_of(page, clause, core)]
    first = max(clause.group) + 1
    for opening, closing in _asides(page, first, last):
        pieces.append(written(page, first, opening))
        first = closing
    if first < last:
        pieces.append(written(page, first, last))
    return " ".join(pieces)


def end_of(page: Page, clause: Clause) -> int | None:
    """The token after all that a clause says after its verb; None where that is nothing, or long.

    What is conjoined with its verb is a clause of its own, and so is what was not done.
    """
    parse = page.parse
    verb = max(clause.group)
    last = parse.right[clause.verb] + 1
    for kid in parse.children[clause.verb]:
        is_denied = parse.words[kid].lower() == "without"
        if kid > verb and (is_denied or parse.deps[kid] in ("cc", "conj")):
            last = min(last, parse.left[kid])
    while last > verb + 1 and parse.pos[last - 1] in ("PUNCT", "CCONJ"):
        last -= 1
    return last if verb + 1 < last <= verb + LONGEST_QUOTE else None


def is_left_out(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether no phrase could be read of an object that is no pronoun: "made some of his films"."""
    told = any(slot.role in ("object", "attribute") and slot.position >= 0 for slot in slots)
    heads = (*clause.objects, *clause.attributes)
    is_word = any(
        page.parse.tags[head][:1] not in ("P", "W") for head in heads if head > clause.verb
    )
    return is_word and not told


def _asides(page: Page, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The outermost asides within ``[first, last)`` as token ranges, brackets and all."""
    depth = opening = 0
    for token in range(first, last):
        word = page.parse.words[token]
        if word in ("(", "["):
            opening = opening if depth else token
            depth += 1
        elif word in (")", "]") and depth:
            depth -= 1
            if not depth:
                yield opening, token + 1
    if depth:
        yield opening, last
