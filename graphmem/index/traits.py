"""Traits: which facts a filter asks for, told from the columns of a snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.graph.snapshot import Facts, Passages, Traits
from graphmem.kernels.arrays import Mask
from graphmem.model.retrieval import FactFilter


def facts_of(wanted: FactFilter, traits: Traits, facts: Facts, passages: Passages) -> Mask:
    """Facts that satisfy a filter, shape (n_facts,).

    Raises
    ------
    InvalidInputError
        The filter asks for what was mined of facts, and nothing was of any.
    """
    _refuse_unmined(wanted, traits)
    mask = np.ones(len(facts.ids), np.bool_)
    for column, value in (
        (traits.kinds, wanted.kind),
        (traits.modalities, wanted.modality),
        (traits.polarities, wanted.polarity),
        (traits.intents, wanted.intent),
    ):
        if value is not None:
            mask &= column.equal_to(value)
    for column, values in (
        (traits.topics, wanted.topics),
        (traits.event_types, wanted.event_types),
        (traits.tags, wanted.tags),
        (traits.keywords, wanted.keywords),
    ):
        if values:
            mask &= column.where(_holding(values))
    if wanted.speaker is not None:
        said = passages.speakers.equal_to(wanted.speaker)[facts.evidence_passages]
        spoken = np.zeros(len(mask), np.bool_)
        spoken[facts.evidence_facts[said]] = True
        mask &= spoken
    return mask


def _refuse_unmined(wanted: FactFilter, traits: Traits) -> None:
    """Facts of an older memory would satisfy no such filter, whatever they state."""
    asked = (wanted.topics, wanted.event_types, wanted.tags, wanted.keywords, wanted.intent)
    columns = (traits.topics, traits.event_types, traits.tags, traits.keywords, traits.intents)
    is_mined = any(value not in ("", "[]") for column in columns for value in column.values)
    if any(asked) and len(traits.kinds.codes) and not is_mined:
        raise InvalidInputError(
            "No fact of this memory has topics, keywords or other attributes: they were read by an"
            " older graphmem",
            remedy="Ingest the sources into a new memory, or filter by kind, modality, polarity or"
            " speaker",
        )


def _holding(wanted: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a JSON list has all that is wanted; one without its text is not read."""
    written = [json.dumps(text, ensure_ascii=False) for text in wanted]

    def holds(listed: str) -> bool:
        return all(text in listed for text in written) and set(wanted) <= set(json.loads(listed))

    return holds
