"""A language model over HTTP: what is asked of it, and what comes of its misbehaving."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from scripted_llm import Request, ScriptedLLM, Step, drips, resets, says, sends

from graphmem.adapters.llms.budget import Limits
from graphmem.adapters.llms.cache import AnswerCache
from graphmem.adapters.llms.openai_compatible import OpenAICompatible
from graphmem.errors import ConfigurationError, LLMBudgetError, LLMError
from graphmem.ports.llm import Prompt, Usage

KEY = "sk-do-not-show-7f3a"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
PROMPT = Prompt(version="test.v1", system="Name the capital.", user="Of Norway?")
OSLO = {"name": "Oslo", "rivers": []}
BUSY: Step = sends(503, {"error": {"message": "overloaded"}})


class River(BaseModel):
    """A part of an answer."""

    name: str
    km: int


class Capital(BaseModel):
    """What the tests ask for."""

    name: str
    rivers: list[River] = []


Make = Callable[..., OpenAICompatible]


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client waited between tries."""
    return []


@pytest.fixture
def make(llm_server: ScriptedLLM, waits: list[float]) -> Iterator[Make]:
    """Clients of the server that do not really wait and draw 0.5."""
    made: list[OpenAICompatible] = []

    def make(**options: Any) -> OpenAICompatible:
        url = options.pop("url", llm_server.url)
        options = {"model": "small-1", "key": SecretStr(KEY), "timeout": 5.0, **options}
        options = {"sleep": waits.append, "uniform": lambda: 0.5, "now": lambda: NOW, **options}
        made.append(OpenAICompatible(url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def spent_on(client: OpenAICompatible, prompt: Prompt = PROMPT) -> tuple[Capital, Usage]:
    """An answer and what it has cost."""
    total = Usage()

    def spent(usage: Usage) -> None:
        nonlocal total
        total += usage

    return client.complete(prompt, Capital, spent=spent).value, total


def failure_of(client: OpenAICompatible) -> LLMError:
    with pytest.raises(LLMError) as caught:
        client.complete(PROMPT, Capital)
    return caught.value


def test_an_answer_is_a_value_of_the_schema(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(says(OSLO, tokens=(120, 9)))
    client = make(limits=Limits(price_in=2.0, price_out=10.0), reply_tokens=77)
    value, usage = spent_on(client)
    assert value == Capital(name="Oslo")
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (1, 120, 9)
    assert usage.cost == pytest.approx((120 * 2 + 9 * 10) / 1e6)
    assert client.usage == usage
    [request] = llm_server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "small-1"
    assert (request.body["temperature"], request.body["max_tokens"]) == (0, 77)
    assert [m["content"] for m in request.body["messages"]] == [PROMPT.system, PROMPT.user]
    form = request.body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["required"] == ["name", "rivers"]
    assert form["schema"]["additionalProperties"] is False
    assert form["schema"]["$defs"]["River"]["required"] == ["name", "km"]


def test_a_server_without_a_key_gets_none(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(says(OSLO))
    spent_on(make(key=None))
    assert "authorization" not in llm_server.requests[0].headers


@pytest.mark.parametrize("limit", ["json_schema", "json_object"])
def test_a_server_that_knows_no_schema_is_told_it_in_words(
    llm_server: ScriptedLLM, make: Make, limit: str
) -> None:
    refused = {limit, "json_schema"}

    def respond(request: Request) -> Step:
        format = request.body.get("response_format", {}).get("type")
        if format in refused:
            return sends(400, {"error": {"message": f"response_format {format} is not supported"}})
        return says(OSLO)

    llm_server.respond = respond
    client = make()
    assert spent_on(client)[0].name == "Oslo"
    before = len(llm_server.requests)
    assert before == 1 + len(refused)
    spent_on(client)
    assert len(llm_server.requests) == before + 1, "it is remembered"
    system = llm_server.requests[-1].body["messages"][0]["content"]
    assert system.startswith(PROMPT.system)
    assert '"additionalProperties": false' in system


def test_a_server_that_minds_parameters_is_asked_without(
    llm_server: ScriptedLLM, make: Make
) -> None:
    def respond(request: Request) -> Step:
        if "max_tokens" in request.body:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return sends(400, {"error": {"message": text}})
        if "temperature" in request.body:
            text = "Unsupported value: 'temperature' does not support 0"
            return sends(400, {"error": {"message": text}})
        return says(OSLO)

    llm_server.respond = respond
    assert spent_on(make())[0].name == "Oslo"
    assert llm_server.requests[-1].body["max_completion_tokens"] == 4096
    assert llm_server.requests[-1].body["response_format"]["type"] == "json_schema"


PASSING = {
    "429": sends(429, {"error": {"message": "slow down"}}),
    "500": sends(500, b"oops", kind="text/plain"),
    "a reset": resets(),
    "a page instead of JSON": sends(200, b"<html>Sign in</html>", kind="text/html"),
    "JSON under another type": sends(200, b"\x89PNG", kind="application/json"),
    "no choices": sends(200, {"choices": []}),
    "no message": sends(200, {"choices": [{}]}),
    "an empty message": says(""),
    "a list": sends(200, [1, 2]),
    "an error with status 200": sends(200, {"error": {"message": "upstream", "code": 502}}),
    "a body cut off": sends(200, b'{"choices": [{"mess'),
    "other fields": says({"answer": 42}),
    "the schema": says(Capital.model_json_schema()),
    "the schema inside": says({"schema": {"properties": {}, "type": "object"}}),
    "words": says("I do not know."),
    "nothing but a cut": says('{"na', finish="length"),
}


@pytest.mark.parametrize("step", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again(
    llm_server: ScriptedLLM, make: Make, waits: list[float], step: Step
) -> None:
    llm_server.script(step, step, says(OSLO))
    value, usage = spent_on(make())
    assert value.name == "Oslo"
    assert (usage.calls, usage.retries) == (3, 2)
    assert waits == [0.5, 1.0], "twice as long each time, by the jitter that was drawn"


def test_tries_come_to_an_end(llm_server: ScriptedLLM, make: Make, waits: list[float]) -> None:
    llm_server.script(BUSY)
    error = failure_of(make(retries=7, longest_wait=20.0))
    assert error.reason == "status 503"
    assert "overloaded" in error.message
    assert len(llm_server.requests) == 8
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_model_is_told_what_was_wrong_with_its_answer(
    llm_server: ScriptedLLM, make: Make
) -> None:
    llm_server.script(says("It is Oslo."), says(OSLO))
    spent_on(make())
    _, _, answer, complaint = llm_server.requests[1].body["messages"]
    assert answer == {"role": "assistant", "content": "It is Oslo."}
    assert "no JSON in it" in complaint["content"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", 7.0), ("0", 0.5), ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0), ("soon", 0.5)],
)
def test_the_server_says_when_to_come_back(
    llm_server: ScriptedLLM, make: Make, waits: list[float], value: str, expected: float
) -> None:
    llm_server.script(sends(429, {"error": {"message": "slow"}}, Retry_After=value), says(OSLO))
    spent_on(make())
    assert waits == [expected]


def test_a_server_that_wants_too_long_a_wait_is_given_up(
    llm_server: ScriptedLLM, make: Make, waits: list[float]
) -> None:
    llm_server.script(sends(429, {"error": {"message": "slow"}}, Retry_After="3600"), says(OSLO))
    assert failure_of(make()).reason == "rate limit"
    assert waits == []


def test_a_server_that_is_down_is_not_waited_for_each_time(
    llm_server: ScriptedLLM, make: Make
) -> None:
    llm_server.script(BUSY)
    client = make(retries=2)
    for _ in range(5):
        failure_of(client)
    assert len(llm_server.requests) == 3 + 3 + 3 + 1 + 1
    llm_server.script(says(OSLO))
    spent_on(client)
    llm_server.script(BUSY, says(OSLO))
    assert spent_on(client)[1].retries == 1, "it is trusted again"


@pytest.mark.parametrize("in_headers", [False, True], ids=["body", "headers"])
def test_a_drip_is_cut_off(llm_server: ScriptedLLM, make: Make, in_headers: bool) -> None:
    llm_server.script(drips(pause=0.05, in_headers=in_headers))
    began = time.monotonic()
    error = failure_of(make(timeout=0.5, retries=0))
    assert error.reason == "time-out"
    assert time.monotonic() - began < 5.0


def test_a_reset_is_a_matter_of_the_connection(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(resets())
    assert failure_of(make(retries=0)).reason == "connection"


def test_nobody_there_is_said_so(make: Make) -> None:
    error = failure_of(make(url="http://127.0.0.1:9/v1", retries=1))
    assert error.reason == "connection"
    assert "127.0.0.1:9" in error.message


@pytest.mark.parametrize(("status", "word"), [(401, "API_KEY"), (403, "API_KEY"), (404, "MODEL")])
def test_what_no_retry_mends_is_the_users_to_mend(
    llm_server: ScriptedLLM, make: Make, status: int, word: str
) -> None:
    llm_server.script(sends(status, {"error": {"message": f"Incorrect API key {KEY}"}}))
    with pytest.raises(ConfigurationError) as caught:
        make().complete(PROMPT, Capital)
    assert word in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(llm_server.requests) == 1


FINAL = {
    "quota used up": sends(429, {"error": {"message": "pay", "code": "insufficient_quota"}}),
    "too long for the model": sends(400, {"error": {"message": "maximum context length is 8"}}),
    "status 422": sends(422, {"error": {"message": "no such thing"}}),
    "refusal": sends(200, {"choices": [{"message": {"content": None, "refusal": "I will not"}}]}),
}


@pytest.mark.parametrize(("reason", "step"), FINAL.items(), ids=FINAL)
def test_what_cannot_pass_is_not_waited_for(
    llm_server: ScriptedLLM, make: Make, waits: list[float], reason: str, step: Step
) -> None:
    llm_server.script(step)
    assert failure_of(make()).reason == reason
    assert waits == []


SLOPPY = {
    "fenced": '```json\n{"name": "Oslo", "rivers": []}\n```',
    "in words": 'Sure! Here it is: {"name": "Oslo", "rivers": []} Anything else?',
    "behind thoughts": '<think>{"name": "Bergen"}?</think>{"name": "Oslo"}',
    "with commas": '{"name": "Oslo", "rivers": [],}',
    "cut off": '{"name": "Oslo", "rivers": [{"name": "Akers',
    "in a text": '"{\\"name\\": \\"Oslo\\"}"',
    "in an object": '{"capital": {"name": "Oslo", "rivers": []}}',
}


@pytest.mark.parametrize("content", SLOPPY.values(), ids=SLOPPY)
def test_sloppy_answers_are_read_as_meant(
    llm_server: ScriptedLLM, make: Make, content: str
) -> None:
    llm_server.script(says(content))
    value, usage = spent_on(make())
    assert value == Capital(name="Oslo")
    assert usage.calls == 1


def test_items_that_do_not_fit_are_dropped_and_counted(llm_server: ScriptedLLM, make: Make) -> None:
    rivers = [{"name": "Akerselva", "km": 8}, {"name": "Loelva"}, "Alna", {"name": "X", "km": "y"}]
    llm_server.script(says({"name": "Oslo", "rivers": rivers}))
    reply = make().complete(PROMPT, Capital)
    assert reply.value.rivers == [River(name="Akerselva", km=8)]
    assert reply.dropped == 3


def test_calls_never_exceed_their_limit(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(says(OSLO))
    client = make(limits=Limits(calls=5), concurrency=4)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(client.complete, PROMPT, Capital) for _ in range(20)]
    refused = [future.exception() for future in asked if future.exception()]
    assert len(refused) == 15
    assert len(llm_server.requests) == client.usage.calls == 5
    for error in refused:
        assert isinstance(error, LLMBudgetError)
        assert "GRAPHMEM_LLM_BUDGET_CALLS" in error.remedy
        assert error.reason == "budget of calls used up"


@pytest.mark.parametrize(
    ("limits", "name"),
    [(Limits(tokens=250), "tokens"), (Limits(cost=0.0003, price_in=1.0, price_out=1.0), "cost")],
)
def test_tokens_and_cost_have_limits_too(
    llm_server: ScriptedLLM, make: Make, limits: Limits, name: str
) -> None:
    llm_server.script(says(OSLO, tokens=(100, 20)))
    client = make(limits=limits)
    for _ in range(3):
        client.complete(PROMPT, Capital)
    error = failure_of(client)
    assert isinstance(error, LLMBudgetError)
    assert name in error.message
    assert len(llm_server.requests) == 3


def test_tokens_that_a_server_does_not_count_are_guessed(
    llm_server: ScriptedLLM, make: Make
) -> None:
    llm_server.script(says(OSLO, tokens=None))
    _, usage = spent_on(make())
    characters = len(PROMPT.system) + len(PROMPT.user)
    assert characters / 4 < usage.prompt_tokens < characters
    assert usage.completion_tokens > 5


def test_a_limit_of_cost_without_prices_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="GRAPHMEM_LLM_PRICE_IN"):
        make(limits=Limits(cost=1.0))


def test_what_was_asked_before_costs_nothing(
    llm_server: ScriptedLLM, make: Make, tmp_path: Path
) -> None:
    llm_server.script(says('```\n{"name": "Oslo"}\n```'))
    path = tmp_path / "deep" / "answers.sqlite3"
    first = spent_on(make(cache=AnswerCache(path)))
    value, usage = spent_on(make(cache=AnswerCache(path), limits=Limits(calls=0)))
    assert value == first[0]
    assert usage == Usage(cache_hits=1)
    others = [
        make(cache=AnswerCache(path), model="small-2"),
        make(cache=AnswerCache(path)),
        make(cache=AnswerCache(path)),
    ]
    spent_on(others[0])
    spent_on(others[1], PROMPT.model_copy(update={"user": "Of Norway? "}))
    spent_on(others[2], PROMPT.model_copy(update={"version": "test.v2"}))
    assert len(llm_server.requests) == 4


def test_failures_are_not_kept(llm_server: ScriptedLLM, make: Make, tmp_path: Path) -> None:
    llm_server.script(says("no"), says(OSLO))
    client = make(cache=AnswerCache(tmp_path / "answers.sqlite3"), retries=0)
    assert failure_of(client).reason == "unreadable reply"
    assert spent_on(client)[0].name == "Oslo"


def test_of_an_answer_that_was_cut_off_the_rest_may_come_another_time(
    llm_server: ScriptedLLM, make: Make, tmp_path: Path
) -> None:
    rivers = [{"name": "Akerselva", "km": 8}, {"name": "Alna", "km": 17}]
    whole = json.dumps({"name": "Oslo", "rivers": rivers})
    llm_server.script(says(whole[:-20], finish="length"), says(whole))
    client = make(cache=AnswerCache(tmp_path / "answers.sqlite3"))
    value, usage = spent_on(client)
    assert [river.name for river in value.rivers] == ["Akerselva"]
    assert (usage.repaired, usage.cut_off, usage.retries) == (1, 1, 0)
    value, usage = spent_on(client)
    assert [river.name for river in value.rivers] == ["Akerselva", "Alna"]
    assert (usage.cache_hits, usage.cut_off) == (0, 0)
    assert spent_on(client) == (value, Usage(cache_hits=1))


def test_a_cache_that_is_none_is_named(llm_server: ScriptedLLM, make: Make, tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite3"
    path.write_bytes(b"not a database, but long enough to look like one" * 40)
    with pytest.raises(ConfigurationError, match=r"answers\.sqlite3"):
        make(cache=AnswerCache(path)).complete(PROMPT, Capital)


def test_no_more_requests_than_allowed_run_side_by_side(
    llm_server: ScriptedLLM, make: Make
) -> None:
    together = threading.Barrier(3, timeout=10)

    def step(handler: Any) -> None:
        together.wait()  # holds until three are there: fewer at once would never end
        says(OSLO)(handler)

    llm_server.script(step)
    client = make(concurrency=3, timeout=20.0)
    with ThreadPoolExecutor(9) as threads:
        list(threads.map(lambda _: client.complete(PROMPT, Capital), range(9)))
    assert llm_server.most_at_once == 3


def test_the_key_is_shown_nowhere(
    llm_server: ScriptedLLM, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = {"error": {"message": f"key {KEY} is slow", "headers": {"Authorization": KEY}}}
    llm_server.script(sends(400, said), sends(400, said), sends(500, said), says({"name": KEY}))
    client = make(cache=AnswerCache(tmp_path / "answers.sqlite3"), retries=1)
    error = failure_of(client)
    shown = [str(error), repr(error), repr(client), str(error.__cause__), caplog.text]
    assert "key *** is slow" in str(error)
    client.complete(PROMPT, Capital)
    client.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"***" in kept
    assert KEY not in " ".join(shown)
    assert KEY.encode() not in kept


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://host/v1", "http:///v1", "https://me:pw@host/v1", "http://h/?k=pw"],
)
def test_a_url_that_is_none_is_refused_without_its_secrets(make: Make, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(url=url)
    assert "GRAPHMEM_LLM_BASE_URL" in caught.value.message
    assert "pw" not in str(caught.value).replace("password", "")


def test_a_key_that_no_header_can_carry_is_refused_unseen(make: Make) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(key=SecretStr("sk-é\nx"))
    assert "sk-" not in str(caught.value)


def test_closing_ends_a_wait(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(sends(429, {"error": {"message": "slow"}}, Retry_After="50"))
    client = make(sleep=None)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(client.complete, PROMPT, Capital)
        while not client.usage.calls:
            time.sleep(0.01)
        client.close()
        with pytest.raises(LLMError):
            running.result(timeout=10)


def test_closing_ends_what_runs(llm_server: ScriptedLLM, make: Make) -> None:
    llm_server.script(drips(pause=0.05))
    client = make(timeout=60.0, retries=0)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(client.complete, PROMPT, Capital)
        while not llm_server.requests:
            time.sleep(0.01)
        client.close()
        with pytest.raises(LLMError, match="closed"):
            running.result(timeout=10)
    client.close()
