"""Reading a passage: its names alone, or with a parse its facts and discourse links too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from graphmem.extract.asides import asides, lifespans
from graphmem.extract.attributes import mine
from graphmem.extract.clauses import read_clauses
from graphmem.extract.coreference import carry_over, references, resolve_pronouns
from graphmem.extract.discourse import read_links
from graphmem.extract.facts import content_of, read_facts
from graphmem.extract.gestures import gesture_spans, gestures
from graphmem.extract.headlines import heading_of, is_headline
from graphmem.extract.implied import implied
from graphmem.extract.lexicon import GREETINGS
from graphmem.extract.listings import items, listings
from graphmem.extract.names import (
    NameSpan,
    find_names,
    meaning_title,
    name_key,
    title_names,
    with_places,
)
from graphmem.extract.nominal import appositions
from graphmem.extract.page import Named, Page
from graphmem.extract.parse import Parse
from graphmem.extract.questions import mark_questions
from graphmem.extract.referents import Topic, referents, topic_of
from graphmem.extract.remaining import remaining
from graphmem.extract.repair import headed, repaired
from graphmem.extract.replies import openings
from graphmem.extract.salience import Scene
from graphmem.extract.time import TimeSpan, find_times
from graphmem.kernels.layout import unwrap
from graphmem.kernels.text import tokenise
from graphmem.model.extraction import (
    Extraction,
    FactDraft,
    MentionDraft,
    PassageContext,
    TimeDraft,
)
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

_LATER_PASSAGE = 0.5
_REFERRING = re.compile(
    r"\b(?:he|him|his|she|hers?|they|them|theirs?|its?|the|this|that|those|these)\b", re.IGNORECASE
)
_TYPES = {
    "PERSON": EntityType.PERSON,
    "ORG": EntityType.ORGANISATION,
    "GPE": EntityType.PLACE,
    "LOC": EntityType.PLACE,
    "FAC": EntityType.PLACE,
    "WORK_OF_ART": EntityType.WORK,
    "LAW": EntityType.WORK,
    "NORP": EntityType.GROUP,
    "LANGUAGE": EntityType.GROUP,
    "EVENT": EntityType.EVENT,
    "PRODUCT": EntityType.PRODUCT,
}


def unwrapped(context: PassageContext) -> PassageContext:
    """The passage with its lines joined where they are only wrapped; offsets stay."""
    return context.model_copy(update={"text": unwrap(context.text)})


def mentions_in(context: PassageContext) -> tuple[MentionDraft, ...]:
    """The names of a passage, without a model."""
    aliases, names, topic = _names(context, entities=(), proper=None)
    return _mentions(context, aliases, referents(names, context.text, topic), topic)


def read_names(context: PassageContext) -> Extraction:
    """The names and attributes of a passage, without a model."""
    mentions = mentions_in(context)
    return Extraction(
        passage_id=context.passage_id,
        mentions=mentions,
        attributes=mine(context, mentions, ()).attributes,
    )


def read(
    context: PassageContext,
    parse: Parse,
    earlier: Sequence[tuple[PassageContext, Parse]] = (),
) -> Extraction:
    """The names, facts and discourse links of a passage; `earlier` are the turns before it."""
    page, aliases, topic = _page(context, parse)
    parse = page.parse
    resolve_pronouns(page, topic, _scene_of(earlier))
    clauses = read_clauses(page)
    mark_questions(page, clauses)
    lives = list(lifespans(page, now=context.occurred_at))
    stated = [(life.members[0].start, life.end) for life in lives]
    told = [a for a in asides(page) if not _is_within(a.end - 2, stated)]
    lists = listings(page)
    shown = gesture_spans(page)
    stated += shown
    stated += [(parse.starts[first], parse.ends[last - 1]) for first, last in lists]
    outside = [c for c in clauses if not _is_within(parse.starts[c.verb], stated)]
    described = [f for f in (*appositions(page), *implied(page)) if not _is_within(f.start, shown)]
    described += gestures(page)
    facts, first_of = read_facts(page, outside)
    links = read_links(page, facts, first_of)
    mentions = _mentions(context, aliases, page.names, topic)
    stated_once = _without_repeats(facts, [*lives, *described, *told, *items(page, lists)])
    rest = remaining(page, outside, first_of, stated_once)
    stated_once = _without_repeats(stated_once, rest)
    mined = mine(context, mentions, stated_once)
    return Extraction(
        passage_id=context.passage_id,
        mentions=mentions,
        facts=mined.facts,
        links=tuple(links),
        openings=openings(context),
        attributes=mined.attributes,
        times=tuple(
            TimeDraft(
                start=time.start,
                end=time.end,
                name=time.name,
                valid_from=time.interval.start,
                valid_to=time.interval.end,
                precision=time.interval.precision,
            )
            for time in page.times
        ),
        references=tuple(references(page)),
    )


def turns_before(context: PassageContext) -> list[PassageContext]:
    """The turns before one of a chat as passages, where it may refer to what was said in them."""
    if not _REFERRING.search(context.text):
        return []
    return [
        unwrapped(
            PassageContext(
                passage_id=context.passage_id,
                text=turn.text,
                kind=context.kind,
                speaker=turn.speaker,
                addressee=context.speaker if turn.speaker != context.speaker else context.addressee,
                occurred_at=context.occurred_at,
            )
        )
        for turn in context.earlier
    ]


def _scene_of(earlier: Sequence[tuple[PassageContext, Parse]]) -> Scene:
    """What was spoken of in earlier turns."""
    scene = Scene()
    for context, parse in earlier:
        page, _, _ = _page(context, parse)
        resolve_pronouns(page, None, scene)
        carry_over(page, scene)
    return scene


def _page(
    context: PassageContext, parse: Parse
) -> tuple[Page, list[tuple[str, float]], Topic | None]:
    """A page with its names and times, the names that are its title, and what it is about."""
    text = context.text
    parse = repaired(parse)
    is_chat = context.kind is EpisodeKind.CHAT
    entities = [
        NameSpan(
            parse.starts[_first_of_name(parse, first, last) if is_chat else first],
            parse.ends[_last_of_name(parse, first, last)],
            _TYPES[label],
        )
        for first, last, label in parse.entities
        if label in _TYPES
    ]
    proper = {start for start, pos in zip(parse.starts, parse.pos, strict=True) if pos == "PROPN"}
    proper.update(parse.starts[t] for first, last, _ in parse.entities for t in range(first, last))
    aliases, names, topic = _names(context, entities=entities, proper=proper)
    times = find_times(text, now=context.occurred_at)
    names = [name for name in names if name.title or not _is_time(name, times)]
    named = referents(with_places(names, text), text, topic)
    parse = headed(parse, [parse.tokens_in(n.start, n.end) for n in names if n.title])
    about = topic.referent if topic and context.ordinal == 0 else None
    page = Page(context, parse, named, times, about)
    return page, aliases, topic


def _first_of_name(parse: Parse, first: int, last: int) -> int:
    """The first token of a name after the greeting that a tagger may have taken in: "Yep Ann"."""
    while first < last - 1 and parse.words[first].lower() in GREETINGS:
        first += 1
    return first


def _last_of_name(parse: Parse, first: int, last: int) -> int:
    """The last token of a name, which a tagger may have taken the verb after it into."""
    end = last - 1
    while end > first and parse.tags[end] in ("VBD", "VBZ", "VBP") and parse.words[end].islower():
        end -= 1
    return end


def _names(
    context: PassageContext, *, entities: Sequence[NameSpan], proper: set[int] | None
) -> tuple[list[tuple[str, float]], list[NameSpan], Topic | None]:
    text = context.text
    aliases: list[tuple[str, float]] = []
    subject_title = ""
    if context.kind is not EpisodeKind.CHAT and not is_headline(context.title, text):
        subject_title = context.title or (heading_of(text) if context.ordinal == 0 else "")
        if context.ordinal == 0:
            aliases = title_names(subject_title, text)
        elif context.title:
            aliases = [(context.title, _LATER_PASSAGE)]
    title = subject_title or (aliases[0][0] if aliases else "")
    tokens = tokenise(text)
    names = find_names(
        text,
        tokens,
        aliases=meaning_title(aliases, title, text),
        title=title,
        entities=entities,
        proper=proper,
    )
    topic = topic_of(context, title, names, [token.text for token in tokens])
    return aliases, names, topic


def _mentions(
    context: PassageContext,
    aliases: Sequence[tuple[str, float]],
    named: Sequence[Named],
    topic: Topic | None,
) -> tuple[MentionDraft, ...]:
    about = {name_key(alias): (alias, weight) for alias, weight in aliases}
    found: list[MentionDraft] = []
    for name in named:
        surface = context.text[name.start : name.end]
        is_title = topic is not None and name.referent.name == topic.referent.name
        alias = about.pop(name_key(surface), None) if is_title else None
        found.append(
            MentionDraft(
                surface=surface,
                name=name.referent.name,
                type=name.referent.type,
                start=name.start,
                end=name.end,
                about=alias[1] if alias else 0.0,
            )
        )
    if topic:
        found += [
            MentionDraft(
                surface=alias, name=topic.referent.name, type=topic.referent.type, about=weight
            )
            for alias, weight in about.values()
        ]
    if context.speaker:
        found.append(
            MentionDraft(surface=context.speaker, name=context.speaker, type=EntityType.PERSON)
        )
    return tuple(found)


def _is_time(name: NameSpan, times: Sequence[TimeSpan]) -> bool:
    """Whether what reads like a name is a time: "Last Friday"."""
    return any(time.start <= name.start and name.end <= time.end for time in times)


def _is_within(position: int, spans: Iterable[tuple[int | None, int]]) -> bool:
    return any(start is not None and start <= position < end for start, end in spans)


def _without_repeats(
    facts: Sequence[FactDraft], more: Iterable[FactDraft]
) -> tuple[FactDraft, ...]:
    """All facts, the later ones only where nothing says the same; positions of the first stay."""
    seen = {content_of(fact) for fact in facts}
    kept = list(facts)
    for fact in more:
        content = content_of(fact)
        if content not in seen:
            seen.add(content)
            kept.append(fact)
    return tuple(kept)
