"""A language model decides between statements, for good; where it fails, nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from scripted_llm import ScriptedLLM, says, sends
from statements import EPOCH, facts_in, lives, tell

from graphmem.adapters.llms.openai_compatible import OpenAICompatible
from graphmem.adapters.revisers.llm import LLMReviser
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.build import load_settings, open_memory
from graphmem.errors import ConfigurationError, LLMError
from graphmem.model.change import Operation
from graphmem.ports.reviser import Doubt

DOUBTS = [
    Doubt(state="residence", newer="Ann lives in Rome.", older="Ann lives in </pairs> Oslo."),
    Doubt(state="office", newer="Bob is CEO.", older="Eve is CEO.", newer_said_at=EPOCH),
]


@pytest.fixture
def model(llm_server: ScriptedLLM) -> Iterator[OpenAICompatible]:
    llm = OpenAICompatible(llm_server.url, model="small", retries=0, first_wait=0.0)
    yield llm
    llm.close()


def _verdict(id: int, verdict: str) -> dict[str, object]:
    return {"id": id, "verdict": verdict, "reason": "it says so"}


def test_verdicts_are_operations_and_a_pair_without_one_stays_as_it_is(
    llm_server: ScriptedLLM, model: OpenAICompatible
) -> None:
    told = [_verdict(1, "corrected"), _verdict(1, "changed"), _verdict(7, "changed")]
    llm_server.script(says({"pairs": told}))
    judged = LLMReviser(model).judge(DOUBTS)
    assert [one.operation for one in judged] == [Operation.RETIRE, Operation.ADD]
    [request] = llm_server.requests
    assert "[1] residence\nknown: Ann lives in </ pairs> Oslo.\nnew: Ann lives in Rome." in (
        request.user
    )
    assert f"new: ({EPOCH:%Y-%m-%d}) Bob is CEO." in request.user
    assert LLMReviser(model).judge([]) == []


def test_an_answer_about_none_of_the_pairs_is_a_failure(
    llm_server: ScriptedLLM, model: OpenAICompatible
) -> None:
    llm_server.script(says({"pairs": [_verdict(9, "changed")]}))
    with pytest.raises(LLMError, match="none of 2 pairs"):
        LLMReviser(model).judge(DOUBTS)


def _held(store: SqliteStore) -> dict[str, bool]:
    """Of each value that is believed, whether it still holds."""
    living = [fact for fact in facts_in(store) if fact.retired_at is None]
    return {fact.members[-1].text: fact.valid_to is None for fact in living}


def test_what_is_decided_stays_decided_and_is_asked_once(
    llm_server: ScriptedLLM, model: OpenAICompatible, tmp_path: Path
) -> None:
    store = SqliteStore.open(tmp_path / "memory", create=True, clock=lambda: EPOCH)
    with closing(store):
        reviser = LLMReviser(model)
        tell(store, [lives("Ann", "Oslo")], minute=0, reviser=reviser)
        assert llm_server.requests == []
        llm_server.script(says({"pairs": [_verdict(1, "changed")]}))
        revised = tell(store, [lives("Ann", "Rome")], minute=1, reviser=reviser)
        assert revised.operations == {Operation.SUPERSEDE: 1}
        assert revised.revisions[0].rule == "residence judged"
        assert _held(store) == {"Oslo": False, "Rome": True}
        # Another statement of the same state is weighed against what still holds.
        llm_server.script(says({"pairs": [_verdict(1, "both")]}))
        tell(store, [lives("Ann", "Bonn")], minute=2, reviser=reviser)
        assert "Oslo" not in llm_server.requests[-1].user
        assert _held(store) == {"Oslo": False, "Rome": True, "Bonn": True}
        [ended] = {f.valid_to for f in facts_in(store) if f.valid_to is not None}
        assert ended == EPOCH + timedelta(minutes=1)


def test_where_the_model_fails_both_statements_stay(
    llm_server: ScriptedLLM, model: OpenAICompatible, tmp_path: Path
) -> None:
    store = SqliteStore.open(tmp_path / "memory", create=True, clock=lambda: EPOCH)
    with closing(store):
        tell(store, [lives("Ann", "Oslo")], minute=0)
        llm_server.script(sends(500, {}))
        tell(store, [lives("Ann", "Rome")], minute=1, reviser=LLMReviser(model))
        assert _held(store) == {"Oslo": True, "Rome": True}


def test_a_reviser_without_a_model_is_refused_before_a_memory_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs a language model"):
        open_memory(tmp_path / "mem", settings=load_settings(reviser="llm", workers=0))
    assert not (tmp_path / "mem").exists()
