"""A passage made ready for reading: its parse, with the names and times that its tokens are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from graphmem.extract.lexicon import PERSON_NOUNS
from graphmem.extract.parse import Parse
from graphmem.extract.time import TimeSpan
from graphmem.model.extraction import PassageContext
from graphmem.model.knowledge import EntityType

_Span = TypeVar("_Span", "Named", TimeSpan)


class Referent(NamedTuple):
    """What a word refers to: a name, as it is shown in a sentence and as it is known."""

    name: str
    shown: str
    type: EntityType


class Named(NamedTuple):
    """A name in the text, ``text[start:end]``, and what it refers to."""

    start: int
    end: int
    referent: Referent


class Phrase(NamedTuple):
    """A noun phrase read as a member.

    `text` is it without determiners, `shown` with them as it goes into a sentence; `parts` are the
    heads of names inside it, which are members too.
    """

    head: int
    text: str
    shown: str
    name: str
    type: EntityType
    start: int
    end: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A passage with its parse. The maps give each token its name, time and antecedent, if any.

    `topic` is what the passage's document is about, where the passage opens it.

    An antecedent is another token of the passage, or a referent that has none; `several` are the
    tokens that a plural stands for which are named apart ("Ann met Bob. They"). `phrases` keeps
    what was read of a head, with or without its "of", once pronouns are resolved.
    """

    context: PassageContext
    parse: Parse
    names: Sequence[Named]
    times: Sequence[TimeSpan]
    topic: Referent | None = None
    name_at: Mapping[int, Named] = field(init=False)
    time_at: Mapping[int, TimeSpan] = field(init=False)
    antecedents: dict[int, int | Referent] = field(default_factory=dict)
    several: dict[int, tuple[int, ...]] = field(default_factory=dict)
    phrases: dict[tuple[int, bool], Phrase | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name_at", _by_token(self.parse, self.names))
        object.__setattr__(self, "time_at", _by_token(self.parse, self.times))

    def described(self, verb: int) -> int:
        """What a relative or participial clause is said of: the noun above it, or what that is.

        After a comma the clause belongs to the whole phrase ("a river in Sinaloa, that ..."),
        unless it follows a person's name.
        """
        parse = self.parse
        above = parse.heads[verb]
        if parse.deps[above] == "npadvmod":  # "a film last week that was great"
            thing = parse.child(parse.heads[above], "dobj", "attr")
            above = above if thing is None or thing > above else thing
        noun = self._person_above(above, parse.left[verb])
        first = parse.left[verb]
        named = self.name_at.get(noun)
        is_person = named is not None and named.referent.type is EntityType.PERSON
        if first > 0 and (parse.words[first - 1] == "," or self._is_container(named)):
            is_thing = parse.words[first].lower() == "which"
            while (is_thing or not is_person) and parse.deps[noun] == "pobj":
                if not self._may_be_passed(noun):
                    break
                above = parse.heads[parse.heads[noun]]
                if parse.pos[above] not in ("NOUN", "PROPN"):
                    break
                noun = above
        return self.said_of(self._kind_above(noun, verb))

    def _kind_above(self, noun: int, verb: int) -> int:
        """What a participle after "of" and a bare noun describes: "a school of arts founded in"."""
        parse = self.parse
        of = parse.heads[noun]
        above = parse.heads[of]
        is_bare = noun not in self.name_at and parse.child(noun, "det", "poss", "nummod") is None
        is_of = parse.deps[noun] == "pobj" and parse.words[of].lower() == "of" and is_bare
        is_made = parse.deps[verb] == "acl" and parse.tags[verb] in ("VBN", "VBD")
        return above if is_made and is_of and parse.deps[above] == "attr" else noun

    def _person_above(self, noun: int, pronoun: int) -> int:
        """Who "who" is where it follows a place: "a striker from the Netherlands who"."""
        parse = self.parse
        named = self.name_at.get(noun)
        is_place = named is not None and named.referent.type is EntityType.PLACE
        if not is_place or parse.words[pronoun].lower() != "who" or parse.deps[noun] != "pobj":
            return noun
        above = parse.heads[parse.heads[noun]]
        return above if parse.lemmas[above] in PERSON_NOUNS else noun

    def is_person(self, noun: int) -> bool:
        """Whether a noun is one of a person, or the name of one."""
        referent = self.referent(noun)
        if referent:
            return referent.type is EntityType.PERSON
        return self.parse.lemmas[noun] in PERSON_NOUNS

    def _may_be_passed(self, noun: int) -> bool:
        """Whether what follows may be said of a noun above: names other than of places keep it."""
        named = self.name_at.get(noun)
        return named is None or named.referent.type in (EntityType.PLACE, EntityType.PERSON)

    def said_of(self, noun: int) -> int:
        """What a noun is said of: an apposition's head, a copula's subject, or else the noun."""
        parse = self.parse
        above = noun
        while parse.deps[above] == "conj":
            above = parse.heads[above]
        if parse.deps[above] == "appos":
            return parse.heads[above]
        verb = parse.heads[above]
        if parse.deps[above] == "attr" and parse.pos[verb] == "AUX":
            subject = parse.child(verb, "nsubj")
            if noun in self.name_at and subject is not None and subject not in self.name_at:
                return noun
            return next(self.fronted_names(verb), noun) if subject is None else subject
        return noun

    def fronted_names(self, verb: int) -> Iterator[int]:
        """Names before a verb that the parse has not made its subject.

        Such are titles that read like a clause ("Talk About a Stranger is"), and subjects that it
        has given to a participle in between ("X, called Y, is").
        """
        parse = self.parse
        for kid in parse.children[verb]:
            if kid > verb or parse.deps[kid] in ("prep", "punct", "npadvmod"):
                continue
            inner = parse.child(kid, "nsubj", "nsubjpass")
            for token in (kid, inner):
                if token is not None and token in self.name_at:
                    yield token

    def _is_container(self, named: Named | None) -> bool:
        """Whether a name is the second of "Vienna, Austria"."""
        if named is None or named.referent.type is not EntityType.PLACE:
            return False
        first = self.parse.tokens_in(named.start, named.end)[0]
        return first > 1 and self.parse.words[first - 1] == "," and first - 2 in self.name_at

    def referent(self, token: int) -> Referent | None:
        """What a name or a resolved pronoun refers to."""
        antecedent = self.antecedents.get(token)
        if isinstance(antecedent, Referent):
            return antecedent
        if antecedent is not None:
            token = antecedent
        named = self.name_at.get(token)
        return named.referent if named else None


def _by_token(parse: Parse, spans: Iterable[_Span]) -> dict[int, _Span]:
    found: dict[int, _Span] = {}
    for span in spans:
        first, last = parse.tokens_in(span.start, span.end)
        for token in range(first, last):
            found[token] = span
    return found
