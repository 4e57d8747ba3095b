"""Which fact of a passage states what leads from one name to another."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Fact


def stating(facts: Sequence[Fact], source: str | None, target: str | None) -> Fact | None:
    """The fact with both names among its members, or else with the target."""
    wanted = [normalise_name(name) for name in (source, target) if name]
    best, most = None, 0
    for fact in facts:
        members = {normalise_name(member.text) for member in fact.members}
        members |= {normalise_name(fact.text)} if not members else set()
        held = sum(any(name in member for member in members) for name in wanted)
        if held > most and target and any(wanted[-1] in member for member in members):
            best, most = fact, held
    return best
