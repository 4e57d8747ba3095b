"""Questions about times and counts, asked of real text: worked out, with the facts as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem import Memory
from graphmem.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PAGES = {
    "brightwater.md": "Brightwater Energy is a company. Mara Ellison founded Brightwater Energy in"
    " 2009. Mara Ellison was the chief executive of Brightwater Energy from 2009 to 2016. Jonas"
    " Whitlock was the chief executive of Brightwater Energy from 2016 to 2021.",
    "lumen.md": "Ines Calloway founded Lumen Kelp in 2014. Ines Calloway was born in 1981.",
    "mara.md": "Mara Ellison was born in 1968.",
}
TALK = {
    "2023-05-08": [
        ("Nora", "I live in a small flat in Port Kestrel. I started a new job in March."),
        ("Felix", "Great! I won a chess tournament yesterday."),
    ],
    "2023-06-12": [("Felix", "I won another chess tournament on Saturday!"), ("Nora", "Wow.")],
    "2023-10-02": [
        ("Nora", "I moved to Saltmere on Saturday."),
        ("Felix", "I won a chess tournament last Sunday, and I sold my car."),
    ],
}


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    folder: Path = tmp_path_factory.mktemp("times")
    settings = Settings(workers=0, cache_dir=Settings().cache_dir)
    with Memory.open(folder / "memory", settings=settings, clock=lambda: NOW) as opened:
        for source, text in PAGES.items():
            opened.add(text, source=source)
        for day, turns in TALK.items():
            said = [{"name": name, "content": text} for name, text in turns]
            opened.add(said, session=day, at=day)
        yield opened


@pytest.mark.parametrize(
    ("question", "opening"),
    [
        ("When was the third time that Felix won a chess tournament?", "1 October 2023: "),
        ("How many times has Felix won a chess tournament?", "3 times: 7 May 2023; "),
        ("How many times did Felix win a chess tournament in June 2023?", "1 time: 10 June 2023"),
        ("Where did Nora live before she moved to Saltmere?", "Before that (30 September 2023): "),
        ("Did Nora start her job before she moved to Saltmere?", "Yes: March 2023 and 30 Sept"),
        ("How long after Nora started a new job did she move to Saltmere?", "About 7 months: "),
        ("What has changed for Felix since September 2023?", "Since September 2023: "),
        ("How long was Mara Ellison the chief executive of Brightwater Energy?", "About 7 years"),
        ("Who was the chief executive of Brightwater Energy in 2018?", "In 2018: Jonas Whitlock"),
        ("Who was born later, Mara Ellison or Ines Calloway?", "Ines Calloway: 1968 and 1981"),
        ("Which was founded first, Lumen Kelp or Brightwater Energy?", "Brightwater Energy: 2014"),
    ],
)
def test_it_is_worked_out_and_cites_what_tells_it(
    memory: Memory, question: str, opening: str
) -> None:
    found = memory.ask(question)
    assert (found.by, found.known) == ("times", True)
    assert found.text.startswith(opening)
    assert len(found.statements) > 1
    texts = {**PAGES}
    for statement in found.statements[1:]:
        assert statement.citations
        for citation in statement.citations:
            cited = texts.get(citation.source)
            assert cited is None or cited[citation.start : citation.end]
            assert f"{citation.marker}" in found.text


def test_a_context_has_it_first_and_stays_within_its_budget(memory: Memory) -> None:
    question = "How many times has Felix won a chess tournament?"
    found = memory.context(question, budget=300)
    assert found.worked_out.startswith("3 times: 7 May 2023")
    assert found.text.splitlines()[1] == found.worked_out
    assert found.tokens <= 300
    assert [hit.text for hit in found.hits if "tournament" in hit.text]
    assert {f"{day}" for day in TALK} <= {hit.session for hit in found.hits}
    small = memory.context(question, budget=20)
    assert small.tokens <= 20
    assert small.worked_out == ""


def test_a_filter_and_the_past_hold_for_what_is_worked_out_too(memory: Memory) -> None:
    question = "How many times has Felix won a chess tournament?"
    one = memory.ask(question, where={"session": "2023-06-12"})
    assert one.text.startswith("1 time: 10 June 2023")
    assert memory.ask(question, where={"speaker": "Nora"}).by == "facts"
    assert not memory.ask(question, known_at="2024-01-01").known


def test_other_questions_are_answered_by_facts_as_before(memory: Memory) -> None:
    found = memory.ask("Who founded Lumen Kelp?")
    assert found.by == "facts"
    assert memory.context("Who founded Lumen Kelp?").worked_out == ""
