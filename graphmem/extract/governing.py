"""Governing: the verb of saying that a clause is under, and clauses that only lead to others."""

from __future__ import annotations

from typing import Final

from graphmem.extract.clauses import Clause
from graphmem.extract.lexicon import AIMED_VERBS, INTENDING_VERBS, SAYING_VERBS
from graphmem.extract.page import Page

_LEADING_VERBS: Final = SAYING_VERBS | INTENDING_VERBS | {"know", "mean"}


def governor(page: Page, clause: Clause) -> int | None:
    """The verb of saying that a clause with an attribution is the content of."""
    parse = page.parse
    verb = clause.verb
    while clause.attribution is not None and parse.heads[verb] != verb:
        is_content = parse.deps[verb] == "ccomp"
        verb = parse.heads[verb]
        is_saying = parse.tags[verb] == "VBG" and parse.lemmas[verb].lower() in SAYING_VERBS
        if (is_content and is_saying) or clause.attribution in parse.children[verb]:
            return verb
    return None


def is_speech(page: Page, clause: Clause) -> bool:
    """Whether a clause only says that somebody says or thinks what follows."""
    parse = page.parse
    has_content = any(parse.deps[kid] == "ccomp" for kid in parse.children[clause.verb])
    return has_content and parse.lemmas[clause.verb].lower() in _LEADING_VERBS


def has_content(page: Page, clause: Clause) -> bool:
    """Whether what a clause says stands in a clause of its own below it."""
    deps = page.parse.deps
    below = {deps[kid] for kid in page.parse.children[clause.verb]}
    return "ccomp" in below or ("xcomp" in below and not _is_aimed(page, clause))


def is_empty(page: Page, clause: Clause) -> bool:
    """Whether a clause only leads to its infinitive: "wanted to", "began to"."""
    parse = page.parse
    leads = any(parse.deps[kid] == "xcomp" for kid in parse.children[clause.verb])
    leads = leads and not _is_aimed(page, clause)
    return leads and not (clause.objects or clause.attributes or clause.recipients)


def _is_aimed(page: Page, clause: Clause) -> bool:
    """Whether an infinitive tells what a thing was done for: "worked to promote", not "used to"."""
    parse = page.parse
    lemma = parse.lemmas[clause.verb].lower()
    is_bare = all(parse.tags[token] != "VBG" for token in clause.group)  # "going to"
    return lemma in AIMED_VERBS and lemma != "use" and is_bare
