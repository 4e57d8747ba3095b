"""Mood: whether a clause is asserted or denied, how it is held to be so, and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphmem.extract.lexicon import INTENDING_VERBS, SAYING_VERBS
from graphmem.extract.page import Page
from graphmem.model.knowledge import Modality, Polarity
from graphmem.model.source import EpisodeKind

if TYPE_CHECKING:
    from graphmem.extract.clauses import Clause

_DOUBT: Final = frozenset("believe think feel suggest allege claim guess suppose".split())
_WISHING: Final = frozenset("hope wish expect bet guess imagine".split())
_THINKING: Final = SAYING_VERBS | _WISHING
_TOWARDS: Final = frozenset("look think dream talk forward".split())
_LIKING: Final = frozenset(("like", "love"))
_DENY: Final = frozenset("fail refuse decline neglect deny avoid forget".split())
_CONTROL: Final = {
    **dict.fromkeys(INTENDING_VERBS, Modality.INTENDED),
    **dict.fromkeys("need have ought require oblige".split(), Modality.NECESSARY),
    **dict.fromkeys("seem appear tend".split(), Modality.POSSIBLE),
}
_MODALS: Final = {
    **dict.fromkeys(("can", "could", "may", "might", "ca"), Modality.POSSIBLE),
    **dict.fromkeys(("must", "shall", "should", "ought"), Modality.NECESSARY),
    **dict.fromkeys(("will", "'ll", "’ll", "wo"), Modality.INTENDED),
}


def read_mood(page: Page, clause: Clause) -> None:
    """What the clause itself says of its polarity and modality."""
    parse = page.parse
    heads = (*clause.objects, *clause.subjects, *clause.attributes)
    determiners = [parse.words[k].lower() for head in heads for k in parse.children[head]]
    words = [parse.words[t].lower() for t in parse.children[clause.verb]]
    if (
        any(parse.deps[t] == "neg" for t in parse.children[clause.verb])
        or "never" in words
        or {"no", "neither", "nor"} & set(determiners)
    ):
        clause.polarity = Polarity.NEGATIVE
        clause.is_neither = bool({"neither", "nor"} & set(determiners))
    if _is_foregone(page, clause.verb):
        clause.polarity = Polarity.NEGATIVE
    is_document = page.context.kind is EpisodeKind.DOCUMENT
    for token in clause.group:
        word = parse.words[token].lower()
        if parse.tags[token] == "MD":
            if word in _MODALS:
                clause.modality = _MODALS[word]
            elif not is_document:  # "would": the past's future in a story, a wish in talk
                clause.modality = Modality.POSSIBLE
    marker = parse.child(clause.verb, "mark")
    if marker is not None and parse.words[marker].lower() in ("if", "unless", "whether"):
        clause.modality = Modality.POSSIBLE


def _is_foregone(page: Page, verb: int) -> bool:
    """Whether a participle tells what was not done: "without asking", "instead of going"."""
    parse = page.parse
    if parse.deps[verb] != "pcomp":
        return False
    preposition = parse.heads[verb]
    before = parse.words[max(preposition - 1, 0)].lower()
    return parse.words[preposition].lower() == "without" or before in ("instead", "rather")


def follow_governor(page: Page, clause: Clause, found: dict[int, Clause]) -> None:
    """Modality, attribution and verb group that come from the verb above."""
    parse = page.parse
    dep = parse.deps[clause.verb]
    above = found.get(parse.heads[clause.verb])
    if dep == "pcomp" and parse.lemmas[parse.heads[parse.heads[clause.verb]]] in _TOWARDS:
        clause.modality = Modality.INTENDED  # "looking forward to meeting you"
    elif above is not None:
        _follow(page, clause, above, dep)


def _follow(page: Page, clause: Clause, above: Clause, dep: str) -> None:
    lemma = page.parse.lemmas[above.verb].lower()
    if dep == "xcomp":
        _complete(page, clause, above, lemma)
    elif dep == "ccomp":
        if lemma in _THINKING and above.subjects:
            clause.attribution = above.subjects[0]
        if lemma in _DOUBT:
            clause.modality = Modality.POSSIBLE
        elif lemma in INTENDING_VERBS and above.verb < clause.verb:
            clause.modality = Modality.INTENDED
        elif clause.governor is above and clause.modality is Modality.ACTUAL:
            clause.modality = above.modality  # "will let you know"
        if clause.governor is above and clause.attribution is None:
            clause.attribution = above.attribution
    elif dep == "conj":
        clause.attribution = above.attribution
        if not set(above.group).isdisjoint(clause.group):
            clause.modality = above.modality


def _complete(page: Page, clause: Clause, above: Clause, lemma: str) -> None:
    """What an infinitive or a gerund has from the verb that it completes."""
    is_going_to = lemma == "go" and page.parse.tags[above.verb] == "VBG"
    by_verb = Modality.INTENDED if is_going_to else _CONTROL.get(lemma, Modality.ACTUAL)
    is_waiting = lemma == "wait" and above.modality is Modality.POSSIBLE  # "can't wait to see"
    if is_waiting:
        by_verb = Modality.INTENDED
    elif lemma in _LIKING and above.modality is Modality.ACTUAL:
        by_verb = Modality.ACTUAL  # "loves to swim"; not "would love to swim"
    elif above.is_passive and lemma in SAYING_VERBS:  # "is said to be"
        by_verb = Modality.POSSIBLE
    clause.modality = by_verb if by_verb is not Modality.ACTUAL else above.modality
    is_denied = above.polarity is Polarity.NEGATIVE and not is_waiting
    if is_denied or lemma in _DENY:
        clause.polarity = Polarity.NEGATIVE
    if not above.objects:
        clause.group = [*above.group, *clause.group]
    clause.attribution = above.attribution
