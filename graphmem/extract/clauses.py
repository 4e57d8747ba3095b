"""Clauses: who does what to whom, where, when, as the dependency parse of a sentence has it.

A clause is a verb with the heads of its arguments. Arguments that stand elsewhere are brought in:
the subject of a conjoined verb, of an infinitive or participle, the noun that a relative clause
describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphmem.extract.gaps import fill_gap, is_infinitive, take_gap
from graphmem.extract.mood import follow_governor, read_mood
from graphmem.extract.page import Page
from graphmem.extract.phrases import is_deed, object_of
from graphmem.extract.prepositions import (
    PREPOSITIONS,
    Role,
    roles_of_adverb,
    roles_of_preposition,
)
from graphmem.extract.sharing import AUXILIARIES, may_share, share_group, share_objects
from graphmem.extract.spoken import is_addressed, is_exclaimed, is_talk, leaves_speaker_out
from graphmem.model.knowledge import Modality, Polarity

_SUBJECT: Final = ("nsubj", "nsubjpass")
_OBJECT_CONTROL: Final = frozenset(
    """ask tell want allow help let make encourage persuade force order invite teach enable require
    expect urge lead permit cause get have see hear advise convince inspire motivate instruct
    compel appoint elect choose name consider find keep leave watch""".split()
)
_DEEPEST = 3
_CAUSING: Final = frozenset("make let help have see watch hear keep".split())
_COMPLETING: Final = frozenset("for of with in by at from on about to".split())
_WHITHER: Final = frozenset(
    "aground ashore abroad apart together away back home aside around forward".split()
)
_BESIDE: Final = frozenset("here there off out in down over up around on".split())
_LIMITS: Final = frozenset("always just only entirely necessarily".split())
_NAMING: Final = frozenset("know call name title spell locate situate".split())


@dataclass(slots=True)
class Clause:
    """A verb and the heads of its arguments; `group` are the tokens of the verb group, in order.

    `bearer` is the clause whose object this one describes ("Ann won a prize *given by Bob*").
    Where `is_neither`, its subjects say that it is denied ("Neither Ann nor Bob came").
    `governor` is the clause that an infinitive completes ("Ann asked Bob *to leave*").
    Where `is_elided`, the subject is not written: what the page is about ("Founded in 1873."), in
    talk who speaks ("Went camping.").
    """

    verb: int
    group: list[int]
    subjects: list[int] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    attributes: list[int] = field(default_factory=list)
    recipients: list[int] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    agents: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    extents: list[int] = field(default_factory=list)
    is_passive: bool = False
    is_question: bool = False
    is_inner: bool = False
    is_elided: bool = False
    is_neither: bool = False
    polarity: Polarity = Polarity.POSITIVE
    modality: Modality = Modality.ACTUAL
    attribution: int | None = None
    bearer: Clause | None = None
    governor: Clause | None = None


def read_clauses(page: Page) -> list[Clause]:
    """The clauses of a page, in the order of their verbs."""
    found: dict[int, Clause] = {}
    parse = page.parse
    for first, last in parse.sentences:
        depths = sorted(
            (_depth(page, token), token)
            for token in range(first, last)
            if _is_predicate(page, token)
        )
        for _, verb in depths:
            found[verb] = _clause(page, verb, found)
    clauses = [found[verb] for verb in sorted(found)]
    share_objects(page, clauses, found)
    return clauses


def _depth(page: Page, token: int) -> int:
    heads = page.parse.heads
    depth = 0
    while heads[token] != token:
        token = heads[token]
        depth += 1
    return depth


def _is_predicate(page: Page, token: int) -> bool:
    parse = page.parse
    dep = parse.deps[token]
    if token in page.name_at or dep in AUXILIARIES or dep in ("compound", "punct", "nmod"):
        return False
    if parse.pos[token] == "AUX":
        return parse.tags[token] != "MD"  # "I will": what one will do is not said
    is_prefix = token + 1 < len(parse) and parse.words[token + 1] == "-"
    if parse.pos[token] != "VERB" or is_prefix or not parse.words[token][0].isalpha():
        return False
    if dep in ("amod", "pobj", "nsubj", "nsubjpass", "dobj", "attr", "prep", "advmod"):
        kinds = {parse.deps[kid] for kid in parse.children[token]}
        return bool(kinds & {"prep", "agent", "dobj"}) and dep == "amod"
    return True


def _clause(page: Page, verb: int, found: dict[int, Clause]) -> Clause:
    parse = page.parse
    clause = Clause(verb, _group(page, verb))
    clause.is_passive = _is_passive(page, verb, found)
    _read_children(page, clause)
    if is_infinitive(page, clause) or is_caused(page, verb):
        clause.governor = _clause_above(page, verb, found)
    if not clause.subjects:
        _inherit_subject(page, clause, found)
    if clause.governor is None and parse.deps[verb] == "conj" and is_infinitive(page, clause):
        clause.governor = _governor_of_first(page, verb, found)
    if parse.deps[verb] in ("relcl", "acl"):
        fill_gap(page, clause)
        clause.bearer = _bearer(page, clause, found)
    read_mood(page, clause)
    follow_governor(page, clause, found)
    return clause


def _governor_of_first(page: Page, verb: int, found: dict[int, Clause]) -> Clause | None:
    """What the first of conjoined infinitives completes: "the power to heal and create"."""
    first = found.get(page.parse.heads[verb])
    return None if first is None else first.governor


def is_caused(page: Page, verb: int) -> bool:
    """Whether a verb is what somebody makes another do: "made the place look old"."""
    parse = page.parse
    above = parse.heads[verb]
    # "keeps me growing", "kept me posted"
    is_kept = parse.tags[verb] in ("VBG", "VBN") and parse.lemmas[above] == "keep"
    is_bare = is_kept or (
        parse.tags[verb] == "VB" and parse.child(verb, "aux", "auxpass", "mark") is None
    )
    is_below = parse.deps[verb] in ("ccomp", "xcomp") and above < verb
    return is_bare and is_below and parse.lemmas[above] in _CAUSING


def _bearer(page: Page, clause: Clause, found: dict[int, Clause]) -> Clause | None:
    """The clause whose object a clause describes, where that object has no name of its own."""
    parse = page.parse
    noun = parse.heads[clause.verb]
    above = found.get(parse.heads[noun])
    if above is None or noun not in clause.subjects or noun in page.name_at:
        return None
    is_finite = parse.tags[above.group[0]] in ("VBD", "VBZ", "VBP", "MD")
    return above if is_finite and noun in above.objects and above.subjects else None


def _group(page: Page, verb: int) -> list[int]:
    """The verb with its auxiliaries, negation, particle, and adverbs right before it."""
    parse = page.parse
    group = [verb]
    for kid in parse.children[verb]:
        dep = parse.deps[kid]
        is_adverb = dep == "advmod" and kid == verb - 1 and parse.tags[kid] in ("RB", "RBS", "RBR")
        is_where = dep in ("advmod", "acomp") and kid > verb and _is_whither(page, kid)
        is_part = dep in (*AUXILIARIES, "neg", "prt") or is_where or _is_limit(page, kid)
        is_part = is_part or kid == activity_of(page, verb)
        if is_part or (is_adverb and not _is_link_word(page, kid)):
            group.append(kid)
    return sorted(group)


def activity_of(page: Page, verb: int) -> int | None:
    """What one goes to do, which the parse has as a thing: "went camping"."""
    parse = page.parse
    kid = parse.child(verb, "dobj") if parse.lemmas[verb] == "go" else None
    return kid if kid == verb + 1 and parse.tags[kid] == "VBG" else None


def _kids_of(page: Page, verb: int) -> Sequence[int]:
    """What stands under a verb, and under what one goes to do: "went camping with Ann"."""
    kids = page.parse.children[verb]
    activity = activity_of(page, verb)
    if activity is None:
        return kids
    return [*(kid for kid in kids if kid != activity), *page.parse.children[activity]]


def _is_limit(page: Page, token: int) -> bool:
    """Whether an adverb says how far something is denied: "isn't always easy"."""
    parse = page.parse
    return parse.words[token].lower() in _LIMITS and token > 0 and parse.deps[token - 1] == "neg"


def _is_whither(page: Page, token: int) -> bool:
    parse = page.parse
    word = parse.words[token].lower()
    verb = parse.heads[token]
    thing = parse.child(verb, "dobj")
    between = range(verb + 1, token)
    is_next = all(parse.deps[t] in ("advmod", "neg") for t in between)  # "is always around"
    is_beside = is_next or (thing is not None and token == parse.right[thing] + 1)
    is_site = word in _BESIDE and parse.lemmas[verb] == "be"  # "is here for Ann"
    return is_beside and (word in _WHITHER or is_site) and not parse.children[token]


def _is_link_word(page: Page, token: int) -> bool:
    return page.parse.words[token].lower() in ("also", "then", "however", "therefore", "thus", "so")


def _is_passive(page: Page, verb: int, found: dict[int, Clause]) -> bool:
    parse = page.parse
    kinds = {parse.deps[kid] for kid in parse.children[verb]}
    if kinds & {"nsubjpass", "auxpass", "agent"}:
        return parse.lemmas[verb] != "get" or "dobj" not in kinds  # "it's got a garden"
    dep = parse.deps[verb]
    is_participle = parse.tags[verb] == "VBN" or (parse.tags[verb] == "VBD" and dep == "acl")
    if not is_participle:
        return False
    if "nsubj" in kinds:  # "X, also known as Y"; one that may be a past tense is one
        is_part = dep not in ("ROOT", "conj") or parse.lemmas[verb] in _NAMING
        is_part = is_part and parse.tags[verb] == "VBN"
        return is_part and not kinds & {"aux", "dobj", "ccomp", "xcomp"}
    if dep == "acomp" or (dep == "ROOT" and not kinds & {"aux", "dobj"}):
        return True
    if dep in ("acl", "advcl", "amod", "ccomp", "relcl"):
        return "aux" not in kinds and "dobj" not in kinds
    head = found.get(parse.heads[verb])
    is_so = head is not None and (head.is_passive or parse.lemmas[head.verb] == "be")
    return dep == "conj" and is_so and "dobj" not in kinds  # "was old and included in the list"


def _read_children(page: Page, clause: Clause) -> None:
    parse = page.parse
    for kid in _kids_of(page, clause.verb):
        dep = parse.deps[kid]
        if dep in _SUBJECT or (dep == "csubj" and is_deed(page, kid)):
            if not is_addressed(page, kid, clause.verb):
                clause.subjects.append(kid)
        elif dep in ("dobj", "obj"):
            clause.objects += [] if is_exclaimed(page, kid, clause.verb) else [kid]
        elif dep in ("attr", "oprd") or (dep == "acomp" and parse.pos[kid] in ("ADJ", "NUM")):
            clause.attributes.append(kid)
            clause.roles += _felt_of(page, kid)
        elif dep == "dative":
            inner = object_of(page, kid) if parse.pos[kid] == "ADP" else kid
            clause.recipients += [] if inner is None else [inner]
        elif dep == "agent":
            inner = object_of(page, kid)
            clause.agents += [] if inner is None else [inner]
        elif dep == "prep" and parse.pos[kid] in PREPOSITIONS:
            clause.roles += roles_of_preposition(page, kid)
            if kid in page.time_at and object_of(page, kid) is None:  # "until then"
                clause.times.append(kid)
        elif dep in ("npadvmod", "advmod", "tmod") and kid in page.time_at:
            clause.times.append(kid)
        elif dep in ("advmod", "npadvmod", "acomp") or (dep == "advcl" and parse.pos[kid] == "ADJ"):
            _read_adverbial(page, clause, kid)
    heads = [*clause.objects, *(role.head for role in clause.roles)]
    beside = [kid for head in heads for kid in parse.children[head] if parse.deps[kid] == "appos"]
    clause.times += [kid for kid in beside if kid in page.time_at]  # "went to the fair last Friday"
    things = [token for token in clause.objects if parse.tags[token] != "WDT"]
    clause.objects = things or clause.objects  # "it means a lot that you like it"
    if not clause.subjects and parse.child(clause.verb, "expl") is not None:
        clause.subjects, clause.attributes = clause.attributes, []


def _felt_of(page: Page, adjective: int) -> Iterator[Role]:
    """What in talk one is said to be something about: "proud of winning the race"."""
    parse = page.parse
    for kid in parse.children[adjective] if is_talk(page) else ():
        deed = parse.child(kid, "pcomp") if parse.deps[kid] == "prep" else None
        if deed is not None and is_deed(page, deed):
            yield Role(parse.words[kid].lower(), kid, deed)


def _read_adverbial(page: Page, clause: Clause, kid: int) -> None:
    """What an adverb leads to, or how far something goes; a name is an object misread."""
    found = list(roles_of_adverb(page, kid))
    clause.roles += found
    is_extent = page.parse.deps[kid] == "npadvmod" and kid > clause.verb and not found
    if is_addressed(page, kid, clause.verb):
        return
    if is_extent and kid in page.name_at and not clause.objects:
        clause.objects.append(kid)  # "never met Bob"
    elif is_extent:
        clause.extents.append(kid)


def _inherit_subject(page: Page, clause: Clause, found: dict[int, Clause]) -> None:
    parse = page.parse
    verb, dep = clause.verb, parse.deps[clause.verb]
    head = parse.heads[verb]
    above = found.get(head)
    has_to = any(parse.tags[kid] == "TO" for kid in parse.children[verb])
    if dep in ("acl", "relcl") and has_to and not page.is_person(head):
        above = clause.governor
        clause.subjects = [] if above is None or head in above.subjects else list(above.subjects)
        clause.modality = Modality.INTENDED
        return
    if dep in ("acl", "relcl", "amod"):
        has_pronoun = any(parse.tags[k] in ("WDT", "WP") for k in parse.children[verb])
        clause.subjects = [] if has_pronoun else [page.described(verb)]
        return
    if dep == "ROOT":
        _find_subject(page, clause)
        return
    leads = ("ADP", "SCONJ", "ADJ")  # "is able to win", "an award for winning"
    while above is None and parse.pos[head] in leads and parse.heads[head] != head:
        head = parse.heads[head]
        above = found.get(head)
    if above is None:
        return
    if not may_share(page, clause, above):
        return
    if dep == "xcomp" and above.objects and parse.lemmas[above.verb] in _OBJECT_CONTROL:
        clause.subjects = list(above.objects)
    else:
        clause.subjects = list(above.subjects)
    clause.is_elided = above.is_elided and not clause.subjects
    if dep == "conj" and clause.subjects == above.subjects:
        first = min([above.verb, *above.subjects])
        clause.roles += [role for role in above.roles if role.preposition < first]
    clause.is_inner = dep == "xcomp"
    if clause.is_inner:
        take_gap(page, clause, above)
    if dep in ("acomp", "pcomp"):
        clause.group = [*_leading(page, clause, above), *clause.group]
    if dep == "conj":
        share_group(page, clause, above)


def _leading(page: Page, clause: Clause, above: Clause) -> list[int]:
    """What is said before a verb that completes another: "is able", "was accused of"."""
    parse = page.parse
    if parse.deps[clause.verb] == "acomp":
        return above.group if above.verb < clause.verb else []
    preposition = parse.heads[clause.verb]
    is_beside = parse.heads[preposition] == above.verb < preposition
    is_finite = not above.is_passive or len(above.group) > 1
    if not is_beside or not is_finite or above.objects or above.attributes or above.agents:
        return []
    is_part = parse.words[preposition].lower() in _COMPLETING
    return [*above.group, preposition] if is_part else []


def _find_subject(page: Page, clause: Clause) -> None:
    """The subject of a sentence's main verb that the parse has put elsewhere, or left out."""
    is_finite = page.parse.tags[clause.verb] in ("VBN", "VBZ", "VBD")
    fronted = list(page.fronted_names(clause.verb))[:1]
    clause.subjects = fronted or _noun_before(page, clause)
    is_topic = is_finite and page.topic is not None
    clause.is_elided = not clause.subjects and (is_topic or leaves_speaker_out(page, clause))


def _noun_before(page: Page, clause: Clause) -> list[int]:
    """A noun right before a finite verb that the parse has put under what stands before it."""
    parse = page.parse
    before = clause.group[0] - 1
    is_noun = before >= 0 and parse.pos[before] in ("NOUN", "PROPN") and before not in page.time_at
    is_finite = parse.tags[clause.group[0]] in ("VBZ", "VBD")
    return [before] if is_noun and is_finite and not clause.is_passive else []


def _clause_above(page: Page, verb: int, found: dict[int, Clause]) -> Clause | None:
    """The clause that a verb stands in, or that the noun does which it describes."""
    above = verb
    for _ in range(_DEEPEST + 1):
        above = page.parse.heads[above]
        if above in found:
            return found[above]
    return None


def class_of(page: Page, clause: Clause) -> int | None:
    """The noun that a participle describes what it is said of by: "X is a film directed by Y"."""
    parse = page.parse
    verb = clause.verb
    while parse.deps[verb] == "conj" and parse.tags[verb] in ("VBN", "VBG"):
        verb = parse.heads[verb]
    noun = parse.heads[verb]
    copula = parse.heads[noun]
    is_reduced = parse.deps[verb] == "acl" and parse.tags[clause.verb] in ("VBN", "VBG", "VBD")
    if not is_reduced or parse.deps[noun] != "attr" or parse.lemmas[copula] != "be":
        return None
    is_bare = not any(parse.deps[kid] in AUXILIARIES for kid in parse.children[clause.verb])
    is_common = parse.pos[noun] == "NOUN" and noun not in page.name_at
    return noun if is_bare and is_common and noun not in clause.subjects else None
