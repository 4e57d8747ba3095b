"""Rerankers, and the one place that chooses between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from graphmem.errors import ConfigurationError
from graphmem.ports.llm import LLM
from graphmem.ports.reranker import Reranker

_CROSS_ENCODER: Final = "cross-encoder:"
_CHOICES: Final = f"Choose llm or {_CROSS_ENCODER}MODEL_OR_FOLDER, or leave GRAPHMEM_RERANKER unset"


def reranker_maker(
    name: str, *, llm: LLM | None, device: str | None, offline: bool
) -> Callable[[], Reranker]:
    """What makes the reranker of that name; no model is loaded before it is called.

    Raises
    ------
    ConfigurationError
        The name is unknown, or a language model is to judge and there is none.
    """
    if name == "llm":
        if llm is None:
            raise ConfigurationError(
                "GRAPHMEM_RERANKER=llm, and no language model is set up",
                remedy="Set GRAPHMEM_LLM_BASE_URL and GRAPHMEM_LLM_MODEL",
            )
        return lambda: _by_llm(llm)
    model = name.removeprefix(_CROSS_ENCODER)
    if not name.startswith(_CROSS_ENCODER) or not model:
        raise ConfigurationError(f"There is no reranker {name!r}", remedy=_CHOICES)
    return lambda: _by_cross_encoder(model, device=device, offline=offline)


def _by_llm(llm: LLM) -> Reranker:
    from graphmem.adapters.rerankers.llm import LLMReranker

    return LLMReranker(llm)


def _by_cross_encoder(model: str, *, device: str | None, offline: bool) -> Reranker:
    from graphmem.adapters.rerankers.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(model, device=device, offline=offline)
