"""Claims: what a language model says a passage states, and what of it the text bears out.

A claim is taken only with the words that make it: its quote and its members must stand in the
passage, names also in its title or with its speakers. What does not is rejected and counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from graphmem.errors import InvalidInputError
from graphmem.extract.attributes import MOST_KEYWORDS, mine
from graphmem.extract.intents import Intent
from graphmem.extract.lexicon import STOP
from graphmem.extract.locate import (
    NO_MEMBER,
    SAYS_MORE,
    Locator,
    Span,
    beyond,
    cover,
    nearest,
)
from graphmem.extract.read import mentions_in
from graphmem.extract.replies import openings
from graphmem.kernels.text import normalise_name, words
from graphmem.model.extraction import (
    Extraction,
    FactDraft,
    LinkDraft,
    MemberDraft,
    MentionDraft,
    PassageContext,
)
from graphmem.model.knowledge import EntityType, FactKind, Modality, Polarity, Sense
from graphmem.model.source import AttributeValue, EpisodeKind
from graphmem.model.time import Interval, Precision, parse_interval

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_MOST_TOPICS = 3


class ClaimedEntity(BaseModel):
    """Something that the passage names."""

    name: Words = Field(description="fullest form in the passage or its title")
    type: EntityType
    aliases: list[str] = Field(default=[], description="other forms in the passage")


class ClaimedMember(BaseModel):
    """A participant of a fact."""

    role: Words
    text: Words = Field(description="copied exactly from the quote")
    name: str = Field(description="full name of what it refers to")


class ClaimedFact(BaseModel):
    """An atomic statement."""

    id: str
    quote: Words = Field(description="words of the passage that state it")
    text: Words = Field(description="the statement as a sentence of its own")
    predicate: Words
    members: list[ClaimedMember] = Field(min_length=1)
    negated: bool = False
    modality: Modality = Modality.ACTUAL
    attribution: str | None = None
    kind: FactKind = FactKind.EVENT
    since: str | None = None
    until: str | None = None


def _is_stated(sense: Sense) -> Sense:
    if sense is Sense.PREMISE:
        raise ValueError("a premise is what we derive from, no text says that it is one")
    return sense


class ClaimedLink(BaseModel):
    """How one fact relates to another: the source is the SENSE of the target."""

    source: str = Field(description="id of a fact")
    target: str = Field(description="id of a fact")
    sense: Annotated[Sense, AfterValidator(_is_stated)]
    connective: str = ""


class Claims(BaseModel):
    """All that a passage states."""

    entities: list[ClaimedEntity]
    facts: list[ClaimedFact]
    links: list[ClaimedLink] = []
    keywords: list[str] = []
    topics: list[str] = []
    intent: Intent | None = None


class Checked(NamedTuple):
    """What the text bears out, and how many claims it does not, by the reason."""

    extraction: Extraction
    rejected: Counter[str]


class _Rejected(Exception):  # noqa: N818 - it ends a claim, not a program
    """A claim that the text does not bear out; the message is the reason."""


class Known(NamedTuple):
    """A name and the type of what it stands for."""

    name: str
    type: EntityType


class Names:
    """What names of a passage stand for: as read from its text, and as claimed."""

    def __init__(self, mentions: tuple[MentionDraft, ...]) -> None:
        self._known: dict[str, Known] = {}
        for mention in mentions:
            for form in (mention.surface, mention.name):
                self._known.setdefault(normalise_name(form), Known(mention.name, mention.type))

    def learn(self, name: str, type: EntityType, forms: list[str]) -> Known:
        """Take in a name with its forms; a full name that is known already is kept."""
        held = self._known.get(normalise_name(name))
        known = Known(held.name if held else name, type)
        for form in (known.name, name, *forms):
            self._known[normalise_name(form)] = known
        return known

    def of(self, phrase: str) -> Known | None:
        """What a phrase stands for, if it is a name."""
        return self._known.get(normalise_name(phrase))


def checked(context: PassageContext, claims: Claims) -> Checked:
    """Take what the text bears out.

    Parameters
    ----------
    context
        The passage, unwrapped.

    Returns
    -------
    Checked
        Mentions are those of :func:`mentions_in` with the types that were claimed, and every place
        of a claimed name; facts and links are in the order in which they were claimed.
    """
    return _Check(context).take(claims)


@dataclass(slots=True)
class _Check:
    """One passage under check."""

    context: PassageContext
    rejected: Counter[str] = field(default_factory=Counter)
    _locator: Locator = field(init=False)
    _beside: tuple[Locator, ...] = field(init=False)
    _around: frozenset[str] = field(init=False)
    _read: tuple[MentionDraft, ...] = field(init=False)
    _names: Names = field(init=False)

    def __post_init__(self) -> None:
        context = self.context
        self._locator = Locator(context.text)
        said = (context.title, context.speaker, context.addressee, context.previous)
        beside = [part for part in said if part]
        self._beside = tuple(map(Locator, beside))
        self._around = frozenset(words(" ".join((context.text, *beside))))
        self._read = mentions_in(context)
        self._names = Names(self._read)

    def take(self, claims: Claims) -> Checked:
        """All that holds."""
        mentions = self._mentions(claims)
        facts: list[FactDraft] = []
        places: dict[str, int] = {}
        for claim in claims.facts:
            try:
                fact = self._fact(claim)
            except _Rejected as reason:
                self.rejected[str(reason)] += 1
            else:
                places.setdefault(claim.id, len(facts))
                facts.append(fact)
        links = []
        for link in claims.links:
            try:
                links.append(self._link(link, places))
            except _Rejected as reason:
                self.rejected[str(reason)] += 1
        mined = mine(self.context, mentions, facts)
        extraction = Extraction(
            passage_id=self.context.passage_id,
            mentions=mentions,
            facts=mined.facts,
            links=tuple(links),
            openings=openings(self.context),
            attributes={**mined.attributes, **self._attributes(claims)},
        )
        return Checked(extraction, self.rejected)

    def _mentions(self, claims: Claims) -> tuple[MentionDraft, ...]:
        found: dict[Span, MentionDraft] = {}
        for entity in claims.entities:
            if not self._is_around(entity.name):
                self.rejected["name not in the text"] += 1
                continue
            aliases = [alias for alias in entity.aliases if self._locator.spans(alias)]
            known = self._names.learn(entity.name, entity.type, aliases)
            for form in (entity.name, *aliases):
                for span in self._locator.spans(form) if known.type.is_name else ():
                    surface = self.context.text[span.start : span.end]
                    found[span] = MentionDraft(
                        surface=surface,
                        name=known.name,
                        type=known.type,
                        start=span.start,
                        end=span.end,
                    )
        kept = []
        for mention in self._read:
            typed = self._names.of(mention.name)
            kept.append(mention.model_copy(update={"type": typed.type}) if typed else mention)
            if mention.start is not None and mention.end is not None:
                found.pop(Span(mention.start, mention.end), None)
        return (*kept, *(found[span] for span in sorted(found)))

    def _fact(self, claim: ClaimedFact) -> FactDraft:
        quotes = self._locator.spans(claim.quote)
        if not quotes:
            raise _Rejected("quote not in the text")
        valid = self._valid(claim)
        members = [self._member(member, quotes[0]) for member in claim.members]
        self._see_wording(claim, members)
        placed = [m for m in members if m.start is not None and m.end is not None]
        span = cover([quotes[0], *(Span(m.start or 0, m.end or 0) for m in placed)])
        return FactDraft(
            text=claim.text.strip(),
            predicate=" ".join(claim.predicate.lower().split()),
            members=tuple(members),
            start=span.start,
            end=span.end,
            polarity=Polarity.NEGATIVE if claim.negated else Polarity.POSITIVE,
            modality=claim.modality,
            attribution=self._attribution(claim.attribution),
            kind=claim.kind,
            valid_from=valid.start if valid else None,
            valid_to=valid.end if valid else None,
            precision=valid.precision if valid else None,
        )

    def _member(self, claim: ClaimedMember, quote: Span) -> MemberDraft:
        spans = self._locator.spans(claim.text)
        inside = [span for span in spans if quote.holds(span)]
        span = inside[0] if inside else nearest(spans, quote)
        known = self._names.of(claim.name) or self._names.of(claim.text)
        if span is None and (known is None or not self._is_around(claim.text)):
            raise _Rejected(NO_MEMBER)
        text = claim.text if span is None else self.context.text[span.start : span.end]
        is_time = claim.role.strip().lower() == "time"
        name = known.name if known else claim.name.strip() or text
        if known is None and not self._is_around(name) and not (is_time and _is_time(name)):
            if all(word in STOP for word in words(text)):
                raise _Rejected("name not in the text")
            name = text
        return MemberDraft(
            role=" ".join(claim.role.lower().split()),
            text=text,
            name=name,
            type=known.type if known else EntityType.DATE if is_time else EntityType.CONCEPT,
            start=span.start if span else None,
            end=span.end if span else None,
        )

    def _see_wording(self, claim: ClaimedFact, members: list[MemberDraft]) -> None:
        """Names and numbers of the sentence must be the passage's, or its time worked out."""
        told = {word for m in members for word in words(m.name)}
        told.update(words(f"{claim.since or ''} {claim.until or ''}"))
        if beyond(claim.text, self._around | told):
            raise _Rejected(SAYS_MORE)

    def _valid(self, claim: ClaimedFact) -> Interval | None:
        """The time for which it is claimed to hold, if the passage can tell."""
        since, until = self._time(claim.since), self._time(claim.until)
        if since is None and until is None:
            return None
        if until is None and since is not None and claim.kind is FactKind.EVENT:
            until = since
        start = since.start if since else None
        end = until.end if until else None
        if start is not None and end is not None and end <= start:
            self.rejected["time that ends before it begins"] += 1
            return None
        precision = since.precision if since else until.precision if until else Precision.INSTANT
        return Interval(start, end, precision)

    def _time(self, written: str | None) -> Interval | None:
        if not written or not written.strip():
            return None
        try:
            found = parse_interval(written)
        except InvalidInputError:
            self.rejected["time that reads as none"] += 1
            return None
        is_told = found.start is not None and str(found.start.year) in self._around
        # Relative times can be worked out only where the passage has a time of its own.
        if not is_told and self.context.occurred_at is None:
            self.rejected["time not in the text"] += 1
            return None
        return found

    def _attribution(self, who: str | None) -> str | None:
        if not who or not who.strip():
            return None
        known = self._names.of(who)
        if known is None and not self._is_around(who):
            self.rejected["name not in the text"] += 1
            return None
        return known.name if known else who.strip()

    def _link(self, link: ClaimedLink, places: dict[str, int]) -> LinkDraft:
        if link.source not in places or link.target not in places or link.source == link.target:
            raise _Rejected("link between facts that are not there")
        spans = self._locator.spans(link.connective) if link.connective.strip() else []
        if link.connective.strip() and not spans:
            raise _Rejected("connective not in the text")
        span = spans[0] if spans else None
        return LinkDraft(
            source=places[link.source],
            target=places[link.target],
            sense=link.sense,
            connective=self.context.text[span.start : span.end].lower() if span else "",
            start=span.start if span else None,
            end=span.end if span else None,
        )

    def _attributes(self, claims: Claims) -> dict[str, AttributeValue]:
        keywords = [" ".join(words(k)) for k in claims.keywords if self._locator.spans(k)]
        self.rejected["keyword not in the text"] += len(claims.keywords) - len(keywords)
        topics = [" ".join(topic.lower().split()) for topic in claims.topics]
        found: dict[str, AttributeValue] = {}
        if keywords:
            found["keywords"] = tuple(dict.fromkeys(keywords))[:MOST_KEYWORDS]
        if any(topics):
            found["topics"] = tuple(dict.fromkeys(filter(None, topics)))[:_MOST_TOPICS]
        if claims.intent is not None and self.context.kind is EpisodeKind.CHAT:
            found["intent"] = claims.intent.value
        return found

    def _is_around(self, phrase: str) -> bool:
        """Whether a phrase stands in the passage, its title, with its speakers or just before."""
        return any(place.spans(phrase) for place in (self._locator, *self._beside))


def _is_time(text: str) -> bool:
    try:
        parse_interval(text)
    except InvalidInputError:
        return False
    return True


def time_of(context: PassageContext) -> str:
    """The passage's own time as it is told to a model."""
    moment: datetime | None = context.occurred_at
    return f"{moment:%A, %Y-%m-%d %H:%M} UTC" if moment else "unknown"
