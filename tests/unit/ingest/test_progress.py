"""Progress as people see it: with a terminal and without."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from graphmem.model.usage import Usage
from graphmem_ingest import progress as module
from graphmem_ingest.progress import shown
from graphmem_ingest.report import Progress

HALF = Progress(
    items=1200, failures=3, done=600, size=1000, skipped=100, source="docs/[a].md", seconds=10.0
)


def test_rate_and_rest_are_those_of_this_run() -> None:
    assert (HALF.share, HALF.rate, HALF.remaining) == (0.6, 120.0, 8.0)
    start = HALF._replace(done=100, items=0, seconds=0.0)
    assert (start.rate, start.remaining) == (0.0, None)


def test_without_a_terminal_a_line_is_printed_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    with shown(Console(file=out)) as show:
        show(HALF)
        assert out.getvalue() == ""
        monkeypatch.setattr(module, "INTERVAL", 0.0)
        show(HALF)
    assert out.getvalue() == (" 60%  1,200 items, 3 failed  120.0/s  0:00:08 left  docs/[a].md\n")


def test_what_a_language_model_costs_is_shown_as_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTERVAL", 0.0)
    out = io.StringIO()
    with shown(Console(file=out)) as show:
        show(HALF._replace(usage=Usage(calls=1500, cost=1.234)))
    assert "1,200 items, 3 failed, 1,500 calls, cost 1.23" in out.getvalue()


def test_a_terminal_has_a_bar_that_is_gone_at_the_end() -> None:
    out = io.StringIO()
    with shown(Console(file=out, force_terminal=True, width=120)) as show:
        show(HALF)
    assert "1,200 items, 3 failed" in out.getvalue()
    assert "docs/[a].md" in out.getvalue()
    assert out.getvalue().rstrip().endswith("\x1b[2K")


def test_quiet_shows_nothing() -> None:
    out = io.StringIO()
    with shown(Console(file=out, force_terminal=True), quiet=True) as show:
        show(HALF)
    assert out.getvalue() == ""
