"""The wire: one POST at a time or many side by side, each ended when its time is over.

A time-out of sockets starts anew with each byte, so a server that drips would hold a call for ever;
requests therefore run on an event loop of their own, where they can be cancelled.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from graphmem.adapters.llms.replies import PassingError
from graphmem.errors import ConfigurationError, LLMError

if TYPE_CHECKING:
    import httpx

R = TypeVar("R")
_MOST_BYTES = 20_000_000
_CONNECT_SECONDS = 10.0


class Answer(NamedTuple):
    """A status, headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Posts JSON below `base_url`; `timeout` seconds bound a whole exchange."""

    def __init__(self, base_url: str, *, key: SecretStr | None, timeout: float) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ConfigurationError(
                f"GRAPHMEM_LLM_BASE_URL: {url.scheme or 'it'} is not http or https, or no host",
                remedy="Write it as http://localhost:11434/v1",
            )
        if url.username is not None or url.password is not None or url.query:
            raise ConfigurationError(
                f"GRAPHMEM_LLM_BASE_URL: that of {url.hostname} holds a user, a password or a"
                " query, which logs would show",
                remedy="Put the key into GRAPHMEM_LLM_API_KEY",
            )
        secret = key.get_secret_value().strip() if key else ""
        if not (secret.isascii() and secret.isprintable()):
            raise ConfigurationError(
                "GRAPHMEM_LLM_API_KEY holds characters that no header can carry",
                remedy="See that it was copied whole and alone",
            )
        self.place = url.netloc
        self._url = base_url.rstrip("/")
        self._secret = secret
        self._timeout = timeout
        self._lock = threading.Lock()
        self._loop: _Loop | None = None

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Post `body` as JSON.

        Raises
        ------
        PassingError
            No whole answer came within the time.
        """
        import httpx

        with self._lock:
            if self._loop is None:
                self._loop = _Loop(self._make_client)
                weakref.finalize(self, self._loop.close)
            loop = self._loop
        try:
            return loop.run(self._exchange(loop.client, f"{self._url}{path}", body))
        except (TimeoutError, httpx.TimeoutException) as cause:
            raise PassingError(
                f"{self.place} gave no whole answer within {self._timeout:g} s", reason="time-out"
            ) from cause
        except httpx.DecodingError as cause:
            raise PassingError(f"{self.place}: {cause}", reason="unreadable reply") from cause
        except httpx.TransportError as cause:
            detail = str(cause) or type(cause).__name__
            raise PassingError(f"{self.place}: {detail}", reason="connection") from cause

    def close(self) -> None:
        """Let go of the connections; a later post makes others."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _make_client(self) -> httpx.AsyncClient:
        import httpx

        headers = {"Accept": "application/json"}
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        return httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(self._timeout, connect=_CONNECT_SECONDS)
        )

    async def _exchange(
        self, client: httpx.AsyncClient, url: str, body: Mapping[str, Any]
    ) -> Answer:
        async with (
            asyncio.timeout(self._timeout),
            client.stream("POST", url, json=body) as response,
        ):
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > _MOST_BYTES:
                    raise LLMError(
                        f"{self.place} answered with more than {_MOST_BYTES:,} bytes",
                        reason="unreadable reply",
                    )
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, self._cleaned(bytes(received)))

    def _cleaned(self, body: bytes) -> bytes:
        """An answer without the key, which some servers repeat in what they say of an error."""
        return body.replace(self._secret.encode(), b"***") if self._secret else body


class _Loop:
    """An event loop in a thread, with the client that lives on it."""

    def __init__(self, make_client: Callable[[], httpx.AsyncClient]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="graphmem-llm", daemon=True
        )
        self._thread.start()
        self._lock = threading.Lock()
        self.client = make_client()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the loop and wait for it."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as cause:  # the loop is closed
            work.close()
            raise LLMError("The language model was closed", reason="closed") from cause
        try:
            return future.result()
        except CancelledError as cause:
            raise LLMError("The language model was closed", reason="closed") from cause
        finally:
            future.cancel()  # an interrupt ends the request too

    def close(self) -> None:
        """Cancel what runs and end the thread; a second call does nothing."""
        with self._lock:
            if self._loop.is_closed() or threading.current_thread() is self._thread:
                return
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.client.aclose()
