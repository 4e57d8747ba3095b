"""Any endpoint that speaks OpenAI's chat completions: hosted ones, vLLM, llama.cpp, Ollama..."""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, SecretStr

from graphmem.adapters.llms.budget import Budget, Limits
from graphmem.adapters.llms.cache import AnswerCache
from graphmem.adapters.llms.fitting import fitted, strict_schema
from graphmem.adapters.llms.mending import Mended, mended
from graphmem.adapters.llms.replies import (
    Completion,
    PassingError,
    RequestError,
    completion_of,
)
from graphmem.adapters.llms.wire import Wire
from graphmem.errors import LLMError
from graphmem.model.ids import digest
from graphmem.ports.llm import Prompt, Reply, Usage, unheeded

T = TypeVar("T", bound=BaseModel)
_CHARS_PER_TOKEN = 3
"""For servers that do not count tokens: rather too many than too few."""
_DOWN_AFTER = 3
"""Answers that failed in a row after which there is one try each, until one succeeds."""
_QUOTED = 2_000
_SCHEMA_NOTE: Final = (
    "\n\nAnswer with one JSON object that fits this JSON Schema, and with nothing else:\n"
)
_AGAIN: Final = "That was not what was asked for: {why}. Answer with the JSON object only."
_FORMAT: Final = re.compile(r"(?i)response_format|json|schema|structured|guided|grammar")
_TOO_LONG: Final = re.compile(r"(?i)context.{0,20}(length|window|size)|too (long|many tokens)")


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What of the interface a server understands."""

    format: Literal["json_schema", "json_object", "none"] = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    has_temperature: bool = True

    def without(self, minded: str) -> _Dialect | None:
        """The next one to try when a server minds something; ``None`` when none is left."""
        if "max_completion_tokens" in minded and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        if "temperature" in minded and self.has_temperature:
            return replace(self, has_temperature=False)
        if self.format == "json_schema":
            return replace(self, format="json_object")
        if self.format == "json_object" and _FORMAT.search(minded):
            return replace(self, format="none")
        return None


class OpenAICompatible:
    """A model behind ``BASE_URL/chat/completions``; safe to use from several threads.

    Answers are asked for at temperature 0, in a JSON schema where the server knows such; where it
    does not, the schema is put into the prompt. What comes back is mended, and asked for again when
    that is in vain. Failures that may pass are tried again, after a time that doubles, with jitter,
    or as long as the server asks for.

    Parameters
    ----------
    key
        Sent to the endpoint and nowhere shown: answers that repeat it are cleaned of it.
    timeout
        Seconds for one exchange, its last byte included.
    concurrency
        Requests side by side.
    retries
        Tries after the first one.
    longest_wait
        Seconds to wait for the next try at most; a server that asks for more is given up.
    reply_tokens
        Tokens of an answer at most.
    sleep, uniform, now
        What waits between tries (closing ends the default's wait), what draws from [0, 1), and the
        time of day that ``Retry-After`` is held against.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        key: SecretStr | None = None,
        timeout: float = 120.0,
        concurrency: int = 4,
        retries: int = 4,
        longest_wait: float = 60.0,
        first_wait: float = 1.0,
        reply_tokens: int = 4096,
        limits: Limits | None = None,
        cache: AnswerCache | None = None,
        sleep: Callable[[float], object] | None = None,
        uniform: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._wire = Wire(base_url, key=key, timeout=timeout)
        self._model = model
        self._concurrency = concurrency
        self._retries = retries
        self._first_wait, self._longest_wait = first_wait, longest_wait
        self._reply_tokens = reply_tokens
        self._budget = Budget(limits or Limits())
        self._cache = cache
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._uniform, self._now = uniform, now
        self._slots = threading.BoundedSemaphore(concurrency)
        self._dialect = _Dialect()
        self._failed_in_a_row = 0

    def __repr__(self) -> str:
        return f"OpenAICompatible({self._model!r} at {self._wire.place})"

    @property
    def name(self) -> str:
        """The model."""
        return self._model

    @property
    def concurrency(self) -> int:
        """Prompts that it answers side by side."""
        return self._concurrency

    @property
    def usage(self) -> Usage:
        """All that was spent since it was made."""
        return self._budget.spent

    def complete(
        self, prompt: Prompt, schema: type[T], *, spent: Callable[[Usage], None] = unheeded
    ) -> Reply[T]:
        """Answer with a value of `schema`; see :meth:`graphmem.ports.llm.LLM.complete`."""
        form = json.dumps(strict_schema(schema), ensure_ascii=False)
        key = digest(self._model, prompt.version, prompt.system, prompt.user, form)
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            spent(self._budget.add(Usage(cache_hits=1)))
            return fitted(schema, json.loads(kept))
        with self._slots:
            found, reply = self._answer(prompt, schema, spent)
        # Another time, the whole of it may come.
        if self._cache and not found.is_cut:
            self._cache.put(key, json.dumps(found.value, ensure_ascii=False))
        return reply

    def close(self) -> None:
        """End what runs, let go of connections and of the cache's file; for good."""
        self._closed.set()
        self._wire.close()
        if self._cache:
            self._cache.close()

    def _answer(
        self, prompt: Prompt, schema: type[T], spent: Callable[[Usage], None]
    ) -> tuple[Mended, Reply[T]]:
        """Ask until there is an answer or no more tries are left."""
        messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        retries = self._retries if self._failed_in_a_row < _DOWN_AFTER else 0
        attempt = 0
        while True:
            try:
                completion = self._ask(messages, schema, spent)
                found, reply = self._read(completion, schema, spent)
            except _UnreadableError as error:
                failure: PassingError = error
                messages[2:] = [
                    {"role": "assistant", "content": error.text[:_QUOTED]},
                    {"role": "user", "content": _AGAIN.format(why=error.why)},
                ]
            except PassingError as error:
                failure = error
            else:
                self._failed_in_a_row = 0
                return found, reply
            if attempt >= retries or failure.wait > self._longest_wait:
                self._failed_in_a_row += 1
                raise failure
            self._wait(attempt, failure)
            attempt += 1
            spent(self._budget.add(Usage(retries=1)))

    def _ask(
        self, messages: list[dict[str, str]], schema: type[T], spent: Callable[[Usage], None]
    ) -> Completion:
        """Send a request, in plainer words if the server does not understand it."""
        dialect = self._dialect
        while True:
            if self._closed.is_set():
                raise LLMError("The language model was closed", reason="closed")
            spent(self._budget.begin())
            answer = self._wire.post("/chat/completions", self._body(dialect, messages, schema))
            try:
                completion = completion_of(*answer, place=self._wire.place, now=self._now())
            except RequestError as error:
                if _TOO_LONG.search(error.message):
                    raise LLMError(error.message, reason="too long for the model") from None
                plainer = dialect.without(error.message)
                if plainer is None:
                    raise
                dialect = plainer
                continue
            self._dialect = dialect
            sizes = [len(message["content"]) for message in messages]
            spent(self._budget.add(_usage(completion, sum(sizes))))
            return completion

    def _body(
        self, dialect: _Dialect, messages: list[dict[str, str]], schema: type[BaseModel]
    ) -> dict[str, Any]:
        form = strict_schema(schema)
        body: dict[str, Any] = {"model": self._model, dialect.limit: self._reply_tokens}
        if dialect.has_temperature:
            body["temperature"] = 0
        if dialect.format == "json_schema":
            named = {"name": schema.__name__.lower(), "strict": True, "schema": form}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
            return {**body, "messages": messages}
        if dialect.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        note = _SCHEMA_NOTE + json.dumps(form, ensure_ascii=False)
        system = {"role": "system", "content": messages[0]["content"] + note}
        return {**body, "messages": [system, *messages[1:]]}

    def _read(
        self, completion: Completion, schema: type[T], spent: Callable[[Usage], None]
    ) -> tuple[Mended, Reply[T]]:
        try:
            found = mended(completion.text)
            reply = fitted(schema, found.value)
        except ValueError as error:
            why = "cut off" if completion.is_cut_off else str(error)
            raise _UnreadableError(
                f"{self._wire.place} answered with no {schema.__name__}: {why}",
                text=completion.text,
                why=why,
            ) from None
        if found.is_mended:
            spent(self._budget.add(Usage(repaired=1, cut_off=int(found.is_cut))))
        return found, reply

    def _wait(self, attempt: int, failure: PassingError) -> None:
        """Full jitter, so that clients that failed together do not come back together."""
        most = min(self._longest_wait, self._first_wait * 2.0**attempt)
        self._sleep(max(failure.wait, most * self._uniform()))


class _UnreadableError(PassingError):
    """An answer that is not what was asked for."""

    def __init__(self, message: str, *, text: str, why: str) -> None:
        super().__init__(message, reason="unreadable reply")
        self.text, self.why = text, why


def _usage(completion: Completion, asked: int) -> Usage:
    counted = completion.prompt_tokens, completion.completion_tokens
    sizes = asked, len(completion.text)
    prompt, answer = (
        -(-size // _CHARS_PER_TOKEN) if tokens is None else tokens
        for tokens, size in zip(counted, sizes, strict=True)
    )
    return Usage(prompt_tokens=prompt, completion_tokens=answer)
