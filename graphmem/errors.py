"""Everything graphmem raises on purpose.

::

    GraphMemError
    ├── InvalidInputError        a value from the caller is wrong; says which, and what is right
    ├── NotFoundError            an id, a source or a namespace that the memory does not hold
    ├── ConflictError            two entities that cannot be one; says what keeps them apart
    ├── ConfigurationError       a setting or a URL is wrong, or a needed package is missing
    ├── ModelUnavailableError    a model is neither cached nor to be fetched, or is damaged
    ├── LLMError                 a language model gave no usable answer; says why in a word
    │   └── LLMBudgetError       the calls, tokens or cost that were allowed are used up
    ├── StoreError               the store could not do what was asked
    │   ├── StoreFormatError     not a memory, damaged, or of another schema version
    │   ├── StoreBusyError       another process is writing to this memory
    │   ├── StoreFullError       no room left on the disk; no half of a batch was kept
    │   ├── ReadOnlyError        a write to something opened for reading
    │   └── EmbedderMismatchError  the memory's vectors are another model's
    ├── QueryError               a Cypher statement that does not parse, run, or end in time
    ├── ReaderError              a file or a record that could not be read; names the item
    └── ExtractionError          passages that could not be read; holds their ids

``exit_code`` is what the command line ends with when the error reaches it.
"""

from __future__ import annotations

from typing import ClassVar

_OTHER_EMBEDDER = (
    "Open it with the embedder that filled it (GRAPHMEM_EMBEDDER), or give it this one's vectors:"
    " `graphmem reindex`"
)


class GraphMemError(Exception):
    """Base of all errors that graphmem raises; ``remedy`` says what the caller can do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.remedy)


def _rebuild(kind: type[GraphMemError], message: str, remedy: str) -> GraphMemError:
    return kind(message, remedy=remedy)


class InvalidInputError(GraphMemError, ValueError):
    """A value from the caller is wrong."""

    exit_code = 2


class NotFoundError(GraphMemError, LookupError):
    """The memory does not hold what was asked for."""


class ConflictError(GraphMemError):
    """Two entities that cannot be one, or are one in another way than was thought."""


class ConfigurationError(GraphMemError):
    """A setting or a URL is wrong, or a needed package is missing."""

    exit_code = 2


class ModelUnavailableError(GraphMemError):
    """A model is neither cached nor to be fetched, or fails its digest."""


class LLMError(GraphMemError):
    """A language model gave no usable answer; `reason` names the kind of failure in a few words."""

    def __init__(self, message: str, *, remedy: str = "", reason: str = "no answer") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_llm, (type(self), self.message, self.remedy, self.reason)


def _rebuild_llm(kind: type[LLMError], message: str, remedy: str, reason: str) -> LLMError:
    return kind(message, remedy=remedy, reason=reason)


class LLMBudgetError(LLMError):
    """The calls, tokens or cost that were allowed are used up."""


class StoreError(GraphMemError):
    """The store could not do what was asked."""


class StoreFormatError(StoreError):
    """Not a memory, damaged, or of another schema version."""


class StoreBusyError(StoreError):
    """Another process is writing to this memory."""


class StoreFullError(StoreError):
    """No room left on the disk."""


class ReadOnlyError(StoreError):
    """A write to something that was opened for reading."""


class EmbedderMismatchError(StoreError):
    """The memory holds vectors of another model or dimension."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy or _OTHER_EMBEDDER)


class QueryError(GraphMemError):
    """A Cypher statement that does not parse, run, or end in time."""


class ReaderError(GraphMemError):
    """A file or a record that could not be read; the message names the item."""


class ExtractionError(GraphMemError):
    """Passages on which reading fails again and again; `passage_ids` names them."""

    def __init__(
        self, message: str, *, remedy: str = "", passage_ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.passage_ids = passage_ids

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_extraction, (self.message, self.remedy, self.passage_ids)


def _rebuild_extraction(message: str, remedy: str, passage_ids: tuple[str, ...]) -> ExtractionError:
    return ExtractionError(message, remedy=remedy, passage_ids=passage_ids)
