"""Short forms: the last name that a person goes by in the rest of a document or session."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from graphmem.kernels.text import normalise_name
from graphmem.model.extraction import Extraction
from graphmem.model.knowledge import EntityType
from graphmem.model.source import Passage
from graphmem.resolve.forms import form_of, person_words

_PLACED: Final = re.compile(r"\b(?:in|at|from|near|to|of)\s+$", re.IGNORECASE)
_DEFINITE: Final = re.compile(r"\bthe\s+$", re.IGNORECASE)


def with_full_names(
    passages: Sequence[Passage], extractions: Sequence[Extraction]
) -> list[Extraction]:
    """The extractions with last names replaced by the full name that an episode gives them.

    Within a passage the extractor does so itself. A last name is one person's if the episode names
    a single person by it; what its tagger takes a lone last name for counts little, but a place
    that something is "in" stays one, and what has an article is no person.
    """
    episodes: defaultdict[str, list[int]] = defaultdict(list)
    for at, passage in enumerate(passages):
        episodes[passage.episode_id].append(at)
    read = list(extractions)
    for rows in episodes.values():
        if len(rows) < 2:
            continue
        full = _by_last_name([read[at] for at in rows])
        for at in rows:
            meant = _meant_in(read[at], passages[at].text, full)
            if meant:
                read[at] = _renamed(read[at], meant)
    return read


def _by_last_name(extractions: Sequence[Extraction]) -> dict[str, str]:
    """Full names by last name, without last names that two persons share."""
    found: dict[str, str | None] = {}
    for extraction in extractions:
        for mention in extraction.mentions:
            if mention.type is EntityType.PERSON:
                last = _last_name(mention.name)
                if last:
                    other = found.setdefault(last, mention.name)
                    if other is not None and normalise_name(other) != normalise_name(mention.name):
                        found[last] = None
    return {last: name for last, name in found.items() if name}


@lru_cache(maxsize=1 << 14)
def _last_name(name: str) -> str:
    person = person_words(form_of(name))
    return person[-1] if person else ""


def _meant_in(extraction: Extraction, text: str, full: Mapping[str, str]) -> dict[str, str]:
    """Full names of a passage's lone last names, by the name under which it has them."""
    meant: dict[str, str] = {}
    for mention in extraction.mentions:
        if " " in mention.name or mention.start is None or mention.about:
            continue
        name = full.get(" ".join(form_of(mention.name).words))
        before = text[max(0, mention.start - 8) : mention.start]
        is_place = mention.type is EntityType.PLACE and _PLACED.search(before)
        if name and not is_place and not _DEFINITE.search(before):
            meant[mention.name] = name
    return meant


def _renamed(extraction: Extraction, meant: Mapping[str, str]) -> Extraction:
    person = EntityType.PERSON
    return extraction.model_copy(
        update={
            "mentions": tuple(
                mention.model_copy(update={"name": meant[mention.name], "type": person})
                if mention.name in meant
                else mention
                for mention in extraction.mentions
            ),
            "facts": tuple(
                fact.model_copy(
                    update={
                        "members": tuple(
                            member.model_copy(update={"name": meant[member.name], "type": person})
                            if member.name in meant
                            else member
                            for member in fact.members
                        )
                    }
                )
                if any(member.name in meant for member in fact.members)
                else fact
                for fact in extraction.facts
            ),
        }
    )
