"""Reading with a language model; what it fails on is read another way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from graphmem.errors import LLMBudgetError, LLMError
from graphmem.extract.claims import Claims, checked, time_of
from graphmem.extract.read import unwrapped
from graphmem.kernels.text import words
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth
from graphmem.model.usage import Tally, Usage
from graphmem.ports.llm import LLM
from graphmem.ports.models import Extractor
from graphmem.prompts import filled

_PROMPT = "extract.v1"
_SHORT = 8
"""Words of a passage that may well state nothing: a model that finds no fact in more has failed."""


class LLMExtractor:
    """Names, facts, links and attributes as a model states them and the text bears them out.

    Passages on which the model fails, or for which nothing is left of its budget, are read by
    `fallback`; each says so, and why, in its tally. With `over_budget` ``stop``, a budget that is
    used up is an error instead.
    """

    def __init__(
        self,
        llm: LLM,
        *,
        fallback: Extractor,
        over_budget: Literal["fallback", "stop"] = "fallback",
    ) -> None:
        self._llm = llm
        self._fallback = fallback
        self._stops = over_budget == "stop"

    @property
    def name(self) -> str:
        """The model and the version of what it is asked."""
        return f"llm:{self._llm.name}/{_PROMPT}"

    @property
    def depth(self) -> Depth:
        """Facts and links too."""
        return Depth.FULL

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given.

        Raises
        ------
        ConfigurationError
            The endpoint refuses the key, or does not know the model.
        LLMBudgetError
            The budget is used up, and that is to stop it.
        """
        if not passages:
            return []
        with ThreadPoolExecutor(self._llm.concurrency, "graphmem-llm") as threads:
            asked = [threads.submit(self._read, passage) for passage in passages]
            try:
                found = [future.result() for future in asked]
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
        failed = [n for n, extraction in enumerate(found) if _has_fallen_back(extraction)]
        others = self._fallback.extract([passages[n] for n in failed])
        for n, other in zip(failed, others, strict=True):
            found[n] = other.model_copy(update={"tally": found[n].tally})
        return found

    def close(self) -> None:
        """Let go of the model, and of what reads where it fails."""
        self._llm.close()
        self._fallback.close()

    def _read(self, passage: PassageContext) -> Extraction:
        """What the model states, or nothing but a tally that says why not."""
        usage = Usage()

        def spend(more: Usage) -> None:
            nonlocal usage
            usage += more

        page = unwrapped(passage)
        if not words(page.text):
            return _fallen(passage, "no words in it", usage)
        prompt = filled(
            _PROMPT,
            title=page.title or "none",
            time=time_of(page),
            speaker=page.speaker or "none",
            addressee=page.addressee or "none",
            previous=page.previous or "nothing",
            # A passage that holds our own fence must not end it.
            text=page.text.replace("</passage>", "</ passage>"),
        )
        try:
            reply = self._llm.complete(prompt, Claims, spent=spend)
        except LLMBudgetError as error:
            if self._stops:
                raise
            return _fallen(passage, error.reason, usage)
        except LLMError as error:
            return _fallen(passage, error.reason, usage)
        extraction, rejected = checked(page, reply.value)
        rejected["not as the schema asks"] += reply.dropped
        tally = Tally(usage=usage, rejected={why: n for why, n in rejected.items() if n})
        if not extraction.facts and (rejected.total() or len(words(page.text)) > _SHORT):
            tally += Tally(fallbacks={"no fact that the text bears out": 1})
        return extraction.model_copy(update={"tally": tally})


def _fallen(passage: PassageContext, reason: str, usage: Usage) -> Extraction:
    tally = Tally(usage=usage, fallbacks={reason: 1})
    return Extraction(passage_id=passage.passage_id, tally=tally)


def _has_fallen_back(extraction: Extraction) -> bool:
    return extraction.tally is not None and bool(extraction.tally.fallbacks)
