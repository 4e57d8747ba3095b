"""What every method of a memory works on: its parts, and the namespace that it is bound to."""

from __future__ import annotations

from graphmem.errors import InvalidInputError
from graphmem.kernels.text import well_formed
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.stages.known_names import KnownNames
from graphmem.stages.parts import Parts
from graphmem.stages.reading import Reading
from graphmem.stages.recalling import Recalls
from graphmem.stages.summarising import Summarising
from graphmem.stages.walking import Walking


class Bound:
    """The parts of a memory, bound to one namespace."""

    def __init__(self, parts: Parts, *, namespace: str = DEFAULT_NAMESPACE) -> None:
        if not namespace.strip():
            raise InvalidInputError("A namespace needs a name", remedy="Leave it out for 'default'")
        if well_formed(namespace) != namespace:
            # Put right, two names would be one.
            raise InvalidInputError(
                f"The namespace {namespace!r} is not valid Unicode", remedy="Name another"
            )
        self.namespace = namespace
        self._parts = parts
        self._reading = Reading(parts, namespace)
        self._names = KnownNames(parts.store, namespace)
        self._walking = Walking(parts, namespace)
        self._recalls = Recalls(parts, namespace)
        self._summarising = Summarising(parts, namespace, self._reading)
