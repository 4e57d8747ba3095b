"""An OpenAI-compatible server on loopback that answers as a test tells it to, well or badly."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def user(self) -> str:
        """The user's first message."""
        return next(m["content"] for m in self.body["messages"] if m["role"] == "user")


Step = Callable[["_Handler"], None]
Respond = Callable[[Request], Step]


def completion(
    content: object, *, finish: str = "stop", tokens: tuple[int, int] | None = (100, 20)
) -> dict[str, Any]:
    """The body of an answer; what is no text becomes JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    body: dict[str, Any] = {
        "object": "chat.completion",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}],
    }
    if tokens:
        body["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return body


def says(content: object, **fields: Any) -> Step:
    """Answer as a model does."""
    return sends(200, completion(content, **fields))


def sends(status: int, body: object, *, kind: str = "application/json", **headers: str) -> Step:
    """Answer with a status and any body; header names have `_` for `-`."""

    def step(handler: _Handler) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return step


def drips(*, pause: float, in_headers: bool = False) -> Step:
    """Send an answer byte by byte, for ever if need be."""

    def step(handler: _Handler) -> None:
        if not in_headers:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
        while not handler.scripted.is_closed:
            handler.wfile.write(b"X" if in_headers else b" ")
            handler.wfile.flush()
            time.sleep(pause)

    return step


def resets() -> Step:
    """Break the connection off with a reset."""

    def step(handler: _Handler) -> None:
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(handler.connection.detach())  # its files keep a plain close from being one

    return step


class ScriptedLLM:
    """Answers requests by `respond`; keeps all that it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.is_closed = False
        self.most_at_once = 0
        self.respond: Respond = lambda _: says({})
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/v1"

    def script(self, *steps: Step) -> None:
        """Take the steps in turn, one a request; the last one again and again."""
        left = list(steps)

        def respond(_: Request) -> Step:
            with self._lock:
                return left.pop(0) if len(left) > 1 else left[0]

        self.respond = respond

    def by_text(self, answers: Iterable[tuple[str, Step]], *, otherwise: Step) -> None:
        """Take the first step whose key stands in the user's message."""
        known = list(answers)
        self.respond = lambda request: next(
            (step for key, step in known if key in request.user), otherwise
        )

    def close(self) -> None:
        """End all that it is sending, and stop."""
        self.is_closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, handler: _Handler) -> None:
        """Answer one request."""
        length = int(handler.headers.get("Content-Length", 0))
        body = json.loads(handler.rfile.read(length))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.path, headers, body)
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            self.respond(request)(handler)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True
        finally:
            with self._lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    scripted: ScriptedLLM
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to speak of."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def scripted(self) -> ScriptedLLM:
        """Whose requests these are."""
        server = self.server
        assert isinstance(server, _Server)
        return server.scripted

    def do_POST(self) -> None:
        """A request for a completion."""
        self.scripted.serve(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""
