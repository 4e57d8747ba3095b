"""Sharing: what a clause has from the one that it is conjoined with, or that it stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphmem.extract.page import Page
from graphmem.extract.spoken import is_talk

if TYPE_CHECKING:
    from graphmem.extract.clauses import Clause

AUXILIARIES: Final = ("aux", "auxpass")
_ALONE: Final = frozenset(
    "come go sit stay lie live relax rest sleep wait laugh cry smile chat talk walk swim".split()
)
_JOINTS: Final = ("and", "or", ",")
_FINITE: Final = ("VBP", "VBZ", "VBD")
_NEAR: Final = 3
_OPEN: Final = ("xcomp", "advcl", "pcomp", "acomp", "parataxis", "dep")


def share_objects(page: Page, clauses: list[Clause], found: dict[int, Clause]) -> None:
    """ "Wrote, produced and directed the film": the film is the object of all of them."""
    parse = page.parse
    for clause in reversed(clauses):
        if parse.deps[clause.verb] != "conj":
            continue
        first = parse.heads[clause.verb]
        beside = [found[kid] for kid in parse.children[first] if kid in found and kid > first]
        listed = [c for c in beside if c.verb < clause.verb and parse.deps[c.verb] == "conj"]
        later = clause
        for other in reversed([found[first], *listed] if first in found else listed):
            if other.subjects != clause.subjects or later.verb - other.verb > _NEAR:
                break
            fronted = [role for role in other.roles if role.preposition < other.verb]
            has_more = len(fronted) < len(other.roles) or other.recipients or other.agents
            if other.objects or other.attributes or has_more or (fronted and other.is_passive):
                break
            if _is_whole(page, other.verb):
                break
            other.agents = list(clause.agents) if other.is_passive else []
            other.objects = [] if other.is_passive else list(clause.objects)
            other.roles = [*fronted, *(role for role in clause.roles if role not in fronted)]
            later = other


def _is_whole(page: Page, verb: int) -> bool:
    """Whether a conjoined verb says all without an object: "come and see", "join in and help"."""
    parse = page.parse
    after = parse.child(verb, "prt", "advmod")
    is_closed = after is not None and after > verb and parse.words[after + 1].lower() in _JOINTS
    return is_closed or parse.lemmas[verb] in _ALONE


def share_group(page: Page, clause: Clause, above: Clause) -> None:
    """The auxiliaries that only the first of conjoined verbs has: "has sung and danced"."""
    parse = page.parse
    helpers = [k for k in parse.children[clause.verb] if parse.deps[k] in AUXILIARIES]
    if any(parse.tags[k] != "VB" for k in helpers):  # "would go and be seen" shares too
        return
    particles = [t for t in parse.children[above.verb] if parse.deps[t] == "prt"]
    lead = [t for t in above.group if t != above.verb and t not in particles]
    if parse.tags[clause.verb] in ("VBN", "VBG", "VB"):
        shared = [t for t in lead if above.is_inner or parse.deps[t] in AUXILIARIES]
        clause.group = [*shared, *clause.group]
        clause.modality = above.modality


def may_share(page: Page, clause: Clause, above: Clause) -> bool:
    """Whether a clause without a subject has that of the one above it."""
    parse = page.parse
    dep, tag = parse.deps[clause.verb], parse.tags[clause.verb]
    if dep == "conj":
        return not (is_talk(page) and _is_told_to(page, clause, above))
    if dep == "ccomp" and tag not in ("VBG", "VBN", "VB"):
        return False
    first = clause.group[0]
    is_told = parse.words[first].lower() == "do"  # "Don't worry, I won't"
    is_finite = is_talk(page) and (parse.tags[first] in _FINITE or is_told)
    return dep in (*_OPEN, "ccomp") and not is_finite  # "Thank you for asking, Bob won"


def _is_told_to(page: Page, clause: Clause, above: Clause) -> bool:
    """Whether a conjoined verb tells who listens what to do: "I'm moving, and look at my desk"."""
    parse = page.parse
    first = clause.group[0]
    if first == clause.verb:
        return parse.tags[first] == "VB" and parse.tags[above.verb] not in ("VB", "VBP", "MD")
    is_one = any(parse.tags[token] in ("NN", "NNP", "VBG") for token in above.subjects)
    return is_one and parse.words[first].lower() == "do"  # "it is key, and don't stop"
