"""Replies: what an answer of the chat completions interface says, or why it says nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from graphmem.errors import ConfigurationError, LLMError

_PASSING: Final = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
_REFUSED: Final = frozenset((401, 403))
_SHOWN = 300


class PassingError(LLMError):
    """A failure that may pass, at the earliest after `wait` seconds."""

    wait: float = 0.0


class RequestError(LLMError):
    """The server does not take the request as it is; its message says what it minds."""


class Completion(NamedTuple):
    """The text of an answer, whether it was cut off, and its tokens if the server counts."""

    text: str
    is_cut_off: bool
    prompt_tokens: int | None
    completion_tokens: int | None


def completion_of(
    status: int, headers: Mapping[str, str], body: bytes, *, place: str, now: datetime
) -> Completion:
    """Read an answer.

    Raises
    ------
    PassingError
        The server is busy or broken, or what it sent is not an answer.
    RequestError
        It does not take such requests.
    ConfigurationError
        It refuses the key, or knows no such model or path.
    """
    found = _json(body)
    said = _said(found, body)
    if status in _REFUSED:
        raise ConfigurationError(
            f"{place} refuses the key (status {status}): {said}", remedy="Set GRAPHMEM_LLM_API_KEY"
        )
    if status == 404:
        raise ConfigurationError(
            f"{place} answers 404: {said}",
            remedy="See GRAPHMEM_LLM_BASE_URL (it mostly ends in /v1) and GRAPHMEM_LLM_MODEL",
        )
    if status == 429 and "insufficient_quota" in said:
        raise LLMError(f"{place}: {said}", reason="quota used up")
    if status in _PASSING or status >= 500:
        reason = "rate limit" if status == 429 else f"status {status}"
        error = PassingError(f"{place} answers {status}: {said}", reason=reason)
        error.wait = wait_of(headers.get("retry-after"), now=now)
        raise error
    if status != 200:
        raise RequestError(f"{place} answers {status}: {said}", reason=f"status {status}")
    if not isinstance(found, Mapping):
        kind = headers.get("content-type", "no type")
        raise PassingError(
            f"{place} answered with {kind} instead of JSON: {said}", reason="unreadable reply"
        )
    if found.get("error"):
        raise PassingError(f"{place}: {said}", reason="error in a reply")
    return _completion(found, place)


def wait_of(value: str | None, *, now: datetime) -> float:
    """Seconds that a ``Retry-After`` asks for, which is a number or a date; 0 for neither."""
    if value is None:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _completion(found: Mapping[str, Any], place: str) -> Completion:
    choices = found.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    text = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(text, list):  # as parts
        parts = [part.get("text") for part in text if isinstance(part, Mapping)]
        text = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(text, str) or not text.strip():
        refusal = message.get("refusal") if isinstance(message, Mapping) else None
        if refusal:
            raise LLMError(f"{place}: the model refuses: {refusal!s:.200}", reason="refusal")
        raise PassingError(f"{place} answered with no text", reason="empty reply")
    assert isinstance(choice, Mapping)
    usage = found.get("usage")
    counts = usage if isinstance(usage, Mapping) else {}
    return Completion(
        text,
        choice.get("finish_reason") == "length",
        _count(counts.get("prompt_tokens")),
        _count(counts.get("completion_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _said(found: object, body: bytes) -> str:
    """What a server says of an error, in one line of a few hundred characters."""
    error = found.get("error", found) if isinstance(found, Mapping) else None
    if isinstance(error, Mapping):
        parts = [error.get(name) for name in ("message", "code", "type", "param", "detail")]
        text = "; ".join(str(part) for part in parts if part)
    else:
        text = "" if error is None else str(error)
    text = text or body.decode(errors="replace")
    return " ".join(text.split())[:_SHOWN] or "nothing more"
