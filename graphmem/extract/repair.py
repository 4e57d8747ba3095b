"""Mending what a small parser often gets wrong, where the rest of its parse tells better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from graphmem.extract.lexicon import INTENDING_VERBS, PERSON_NOUNS, SAYING_VERBS
from graphmem.extract.parse import Parse

_LINKS = ("PUNCT", "CCONJ")
_QUOTES = ("''", '"', "”", "’’", "'")
_SUBJECTS = ("nsubj", "nsubjpass")
_ARGUMENTS = ("pobj", "dobj", "nsubj", "nsubjpass", "attr", "conj", "appos")
_MAKING = frozenset("make create write paint build buy draw design use bake cook".split())
_VERBAL = ("VERB", "AUX")
_LEADING_VERBS = SAYING_VERBS | INTENDING_VERBS | {"know", "look", "guess", "wonder"}
_CASTING = frozenset(("star", "feature", "co-star", "tell", "depict"))


class _Change(NamedTuple):
    token: int
    head: int
    dep: str


def repaired(parse: Parse) -> Parse:
    """The parse with misplaced heads moved; itself where there is nothing to mend."""
    heads, deps = list(parse.heads), list(parse.deps)
    is_changed = False
    for rule in (
        _off_links,
        _agents,
        _lists,
        _named,
        _beside_agents,
        _described,
        _opened,
        _of_many,
        _doings,
        _makings,
    ):
        for token, head, dep in rule(parse, heads, deps):
            if (head == token and dep != "ROOT") or token in _above(heads, head):
                continue  # no token is above itself
            heads[token], deps[token] = head, dep
            is_changed = True
    parse = replace(parse, heads=heads, deps=deps) if is_changed else parse
    return _with_verbs(parse)


def headed(parse: Parse, titles: Sequence[tuple[int, int]]) -> Parse:
    """The parse with each title that opens a sentence as the subject of the verb right after it.

    `titles` are token ranges. Titles that read like a clause ("Live Like You Were Dying is an
    album") are taken for one by a parser.
    """
    heads, deps, pos = list(parse.heads), list(parse.deps), list(parse.pos)
    is_changed = False
    openings = dict(parse.sentences)
    for first, last in titles:
        begin, end = first, last
        while begin > 0 and begin not in openings and parse.pos[begin - 1] == "PUNCT":
            begin -= 1
        while end < len(parse) and parse.words[end] in _QUOTES:
            end += 1
        if begin not in openings or end >= len(parse) or parse.tags[end] not in ("VBZ", "VBD"):
            continue
        inside = range(first, last)
        verb = heads[end] if deps[end] in ("aux", "auxpass") and heads[end] > end else end
        subjects = (k for k in parse.children[verb] if deps[k] in ("nsubj", "nsubjpass"))
        if any(subject in inside for subject in subjects):
            continue
        is_changed = True
        if heads[verb] == verb or any(above in inside for above in _above(heads, verb)):
            heads[verb], deps[verb] = verb, "ROOT"
        for token in range(end, openings[begin]):
            if heads[token] in inside:
                heads[token] = verb
                if parse.lemmas[verb] == "be" and deps[token] == "dobj":
                    deps[token] = "attr"
        for token in inside:
            heads[token], deps[token], pos[token] = last - 1, "compound", "PROPN"
        heads[last - 1] = verb
        is_passive = any(parse.deps[kid] == "auxpass" for kid in parse.children[verb])
        deps[last - 1] = "nsubjpass" if is_passive else "nsubj"
    return replace(parse, heads=heads, deps=deps, pos=pos) if is_changed else parse


def _above(heads: Sequence[int], token: int) -> Iterator[int]:
    """The tokens above one, up to its root."""
    while heads[token] != token:
        token = heads[token]
        yield token


def _off_links(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """What hangs on a comma, a semicolon or an "and" belongs to what that belongs to."""
    for token, head in enumerate(heads):
        if parse.pos[head] not in _LINKS or deps[token] == "punct" or head == token:
            continue
        above = head
        while parse.pos[above] in _LINKS and heads[above] != above:
            above = heads[above]
        if deps[token] == "prep" and deps[above] in ("prep", "agent"):
            above = heads[above]  # "by A; by B": the second is beside the first, not inside it
        if above not in (token, head):
            yield _Change(token, above, deps[token])


def _agents(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A later "by" of a verb that has an agent tells another agent."""
    with_agent = {heads[token] for token, dep in enumerate(deps) if dep == "agent"}
    for token, dep in enumerate(deps):
        if dep == "prep" and heads[token] in with_agent and parse.words[token].lower() == "by":
            yield _Change(token, heads[token], "agent")


def _described(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """ "The mathematician and philosopher Ann Lee": the name is what stands in the clause."""
    for noun in range(2, len(parse) - 1):
        first, last = noun - 2, noun + 1
        if parse.words[noun - 1] not in ("and", "&") or deps[first] not in _ARGUMENTS:
            continue
        if not {parse.words[first].lower(), parse.words[noun].lower()} <= PERSON_NOUNS:
            continue
        while last < len(parse) and parse.pos[last] == "PROPN":
            last += 1
        name = last - 1
        if name == noun:
            continue
        yield _Change(name, heads[first], deps[first])
        for token in range(name + 1, len(parse)):
            if heads[token] in (first, noun):
                yield _Change(token, name, deps[token])
        yield _Change(first, name, "nmod")
        yield _Change(noun, name, "nmod")
        yield _Change(noun - 1, name, "cc")
        for part in range(noun + 1, name):
            yield _Change(part, name, "compound")


def _beside_agents(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A participle after "by" and a name describes what was made: "directed by X, starring Y"."""
    for token, dep in enumerate(deps):
        name = heads[token]
        by = heads[name]
        if dep not in ("acl", "advcl") or parse.pos[name] != "PROPN" or deps[by] != "agent":
            continue
        made = heads[by]
        has_agent = any(deps[kid] == "agent" for kid in parse.children[token])
        is_cast = parse.tags[token] == "VBG" and parse.lemmas[token].lower() in _CASTING
        is_beside = parse.tags[token] in ("VBN", "VBD") and has_agent
        if deps[made] in ("acl", "conj", "ROOT") and (is_cast or is_beside):
            yield _Change(token, made, "conj")


def _named(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A name that comes right after a noun is that noun's: "owned by rancher Joe Jess"."""
    for token, dep in enumerate(deps):
        before = parse.left[token] - 1
        if dep != "npadvmod" or parse.pos[token] != "PROPN" or not 0 <= before != heads[token]:
            continue
        if parse.tags[before] == "NN" and deps[before] in ("pobj", "dobj", "conj", "attr"):
            yield _Change(token, before, "appos")


def _opened(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A name after a clause's comma is the main verb's subject: "When Ann left, Bob led"."""
    for token, dep in enumerate(deps):
        verb = token + 1
        if dep != "appos" or parse.pos[token] != "PROPN" or verb >= len(parse):
            continue
        if parse.words[parse.left[token] - 1] != "," or deps[verb] in ("aux", "auxpass"):
            continue
        above = heads[token]
        while deps[above] in ("pobj", "prep", "dobj", "conj") and heads[above] != above:
            above = heads[above]
        is_clause = deps[above] == "advcl" and heads[above] == verb > above
        if is_clause and parse.child(verb, *_SUBJECTS) is None:
            yield _Change(token, verb, "nsubj")


def _of_many(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """Many things after one are beside others: "a maker of meters and gauges" makes both."""
    for token, dep in enumerate(deps):
        one = heads[token]
        if dep != "conj" or parse.tags[token] != "NNS" or parse.tags[one] != "NN" or one > token:
            continue
        article = parse.child(one, "det")
        if article is None or parse.words[article].lower() not in ("a", "an"):
            continue
        if parse.child(token, "det", "poss", "nummod") is not None:
            continue
        for kid in parse.children[one]:
            many = parse.child(kid, "pobj") if parse.words[kid].lower() == "of" else None
            if many is not None and parse.tags[many] == "NNS" and many < token:
                yield _Change(token, many, "conj")
                for joint in range(many + 1, token):
                    if deps[joint] == "cc" and heads[joint] == one:
                        yield _Change(joint, many, "cc")


def _doings(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """ "Seeing it makes me happy": what is done is the subject, not a main verb with a clause."""
    for first, last in parse.sentences:
        if parse.tags[first] != "VBG" or heads[first] != first:
            continue
        if parse.lemmas[first].lower() in _LEADING_VERBS or parse.child(first, "aux") is not None:
            continue
        for verb in range(first + 2, last):
            if parse.tags[verb] not in ("VBZ", "VBD", "MD") or parse.pos[verb] not in _VERBAL:
                continue
            main = heads[verb] if deps[verb] in ("aux", "auxpass") else verb
            subject = parse.child(main, *_SUBJECTS)
            before = parse.left[subject] - 1 if subject is not None else first
            is_apart = parse.words[before] in (",", ";", "-", "–") or deps[main] in ("relcl", "acl")
            if subject is None or is_apart or heads[main] == main or subject < first:
                break
            if parse.pos[subject] in ("NOUN", "PRON") and subject < verb:
                yield _Change(main, main, "ROOT")
                yield _Change(subject, first, "dobj")
                yield _Change(first, main, "csubj")
                for kid in parse.children[first]:
                    if kid > main:
                        yield _Change(kid, main, deps[kid])
            break


def _makings(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """ "I made this cake to thank Ann": the cake is what is made, not who thanks."""
    for token, dep in enumerate(deps):
        verb = heads[token]
        above = heads[verb]
        if dep != "nsubj" or deps[verb] not in ("ccomp", "xcomp") or not above < token < verb:
            continue
        is_led = any(parse.tags[kid] == "TO" for kid in parse.children[verb])
        if is_led and parse.lemmas[above] in _MAKING and parse.child(above, "dobj") is None:
            yield _Change(token, above, "dobj")
            yield _Change(verb, above, "advcl")


def _with_verbs(parse: Parse) -> Parse:
    """The parse with the verb of a sentence that has none: "The Heron sails between A and B."

    It is the noun in -s at the root, after a name and before a preposition.
    """
    for first, last in parse.sentences:
        root = next((t for t in range(first, last) if parse.heads[t] == t), first)
        name = root - 1
        if parse.tags[root] != "NNS" or name < first or parse.tags[name] != "NNP":
            continue
        is_led = root + 1 < last and parse.pos[root + 1] == "ADP"
        has_verb = any(parse.pos[token] in ("VERB", "AUX") for token in range(first, last))
        if has_verb or not is_led or parse.heads[name] != root or parse.words[last - 1] != ".":
            continue
        heads, deps = list(parse.heads), list(parse.deps)
        pos, tags = list(parse.pos), list(parse.tags)
        pos[root], tags[root], deps[name] = "VERB", "VBZ", "nsubj"
        for token in range(first, name):
            if heads[token] == root:
                heads[token] = name
        parse = replace(parse, heads=heads, deps=deps, pos=pos, tags=tags)
    return parse


def _lists(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A noun after a comma in a list is conjoined, whatever its relation: "a poet, critic and"."""
    listed = {heads[token] for token, dep in enumerate(deps) if dep == "conj"}
    for token, dep in enumerate(deps):
        head = heads[token]
        if token not in listed or head > token or token == 0:
            continue
        is_after_comma = parse.words[parse.left[token] - 1] == ","
        kinds = (parse.pos[head], parse.pos[token])
        is_noun = dep in ("amod", "npadvmod") and set(kinds) <= {"NOUN", "ADJ", "PROPN"}
        is_name = dep == "appos" and kinds == ("PROPN", "PROPN")
        is_name = is_name or (dep == "appos" and _is_alike(parse, head, token))
        if is_after_comma and (is_noun or is_name):
            yield _Change(token, head, "conj")


def _is_alike(parse: Parse, first: int, second: int) -> bool:
    """Whether two nouns are led by the same: "his father, his mother", "an author, a poet"."""
    if parse.tags[first] != parse.tags[second] or parse.pos[first] != "NOUN":
        return False
    leads = [parse.child(noun, "det", "poss") for noun in (first, second)]
    one, other = (None if lead is None else parse.words[lead].lower() for lead in leads)
    return one == other
