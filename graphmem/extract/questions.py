"""Questions: what is asked is no fact; that it was asked is, where it is known who asks.

"Have you tried pottery?" states nothing of pottery; it is told as "Ann asks whether Bob has tried
pottery". What a question takes for granted ("since we last met") is not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graphmem.extract.clauses import Clause
from graphmem.extract.page import Page
from graphmem.extract.wording import Slot

_TAGS: Final = frozenset("right huh eh ok okay yeah no correct".split())
_SUBORDINATE: Final = frozenset(("advcl", "relcl", "acl", "amod", "pcomp"))
_ASKING: Final = ("WDT", "WP", "WP$", "WRB")
_SUBJECTS: Final = ("nsubj", "nsubjpass", "expl")
_FINITE: Final = ("MD", "VBD", "VBZ", "VBP")


def mark_questions(page: Page, clauses: Sequence[Clause]) -> None:
    """Say of each clause whether it is asked; of "I moved, did you know?" the second one is."""
    parse = page.parse
    for first, last in parse.sentences:
        end = next((t for t in range(max(first, last - 3), last) if parse.words[t] == "?"), None)
        if end is None or _is_tagged(page, first, end):
            continue
        inside = [clause for clause in clauses if first <= clause.verb < last]
        asking = {clause.verb for clause in inside if _asks(page, clause.verb)}
        is_asked = not asking and page.context.speaker is not None
        for clause in inside:  # in a document "Who's Who?" may well be a title
            clause.is_question = is_asked or _is_under(page, clause.verb, asking)


def is_granted(page: Page, clause: Clause) -> bool:
    """Whether a clause of a question only says what is asked about: "when you were in Rome"."""
    return clause.is_question and page.parse.deps[clause.verb] in _SUBORDINATE


def asked_for(page: Page, clause: Clause) -> range:
    """The tokens of what is asked for, such as "how long"; none where it is yes or no."""
    parse = page.parse
    first = min(clause.group)
    for token in range(parse.left[clause.verb], first):
        if parse.tags[token] not in _ASKING:
            continue
        above = token
        while parse.heads[above] not in (clause.verb, above) and above not in clause.group:
            above = parse.heads[above]
        if parse.heads[above] == clause.verb and above < first:
            return range(parse.left[above], above + 1)
    return range(0)


def asking_lead(page: Page, clause: Clause, slots: Sequence[Slot]) -> tuple[str, list[Slot]]:
    """How a sentence that tells of a question begins, and the slots that follow."""
    wanted = asked_for(page, clause)
    kept = [slot for slot in slots if slot.phrase.head not in wanted]
    if not wanted:
        return f"{page.context.speaker} asks whether ", kept
    words = page.parse.slice(wanted.start, wanted.stop)
    return f"{page.context.speaker} asks {words[:1].lower()}{words[1:]} ", kept


def _is_tagged(page: Page, first: int, end: int) -> bool:
    """Whether a statement only asks to be agreed with: "it was great, right?"."""
    words = page.parse.words
    return end - first > 2 and words[end - 1].lower() in _TAGS and words[end - 2] in (",", "-", "–")


def _asks(page: Page, verb: int) -> bool:
    """Whether a clause has its verb before its subject, or begins with what it asks for."""
    parse = page.parse
    kids = parse.children[verb]
    subject = next((kid for kid in kids if parse.deps[kid] in _SUBJECTS), None)
    if subject is not None and parse.tags[subject] not in _ASKING:
        helpers = (kid for kid in kids if parse.deps[kid] in ("aux", "auxpass"))
        is_first = verb < subject and parse.tags[verb] in _FINITE
        return is_first or any(helper < subject for helper in helpers)
    is_main = parse.deps[verb] == "ROOT" or (parse.deps[verb] == "ccomp" and subject is not None)
    return is_main and any(parse.tags[kid] in _ASKING for kid in kids)


def _is_under(page: Page, verb: int, asking: set[int]) -> bool:
    heads, deps = page.parse.heads, page.parse.deps
    while verb not in asking and heads[verb] != verb:
        if deps[verb] == "ccomp" and page.parse.right[verb] < _opening(page, heads[verb]):
            return False  # "I moved to Oslo, did you know?"
        verb = heads[verb]
    return verb in asking


def _opening(page: Page, verb: int) -> int:
    """Where a clause begins, but for the clause that stands before it."""
    parse = page.parse
    kids = [kid for kid in parse.children[verb] if parse.deps[kid] not in ("ccomp", "punct")]
    return min((parse.left[kid] for kid in kids), default=verb)
