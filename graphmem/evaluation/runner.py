"""One evaluation: ingest a data set, ask its questions in each mode, score the rankings.

The memory is handed in, so that this package needs to know what a memory does (:class:`Evaluated`)
and not how one is made.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from graphmem.errors import ConfigurationError, InvalidInputError
from graphmem.evaluation.contexts import Count, budgets_of, evaluate_contexts
from graphmem.evaluation.datasets import Dataset, Question, Shape, read_dataset
from graphmem.evaluation.metrics import latency_of, mean_scores
from graphmem.evaluation.report import Ingest, ModeResult, Report
from graphmem.evaluation.resources import PeakMemory, about
from graphmem.model.change import AddReport, FailedItem, Stats
from graphmem.model.retrieval import Answer, Context, Hit, Mode
from graphmem.model.source import SourceItem

DEFAULT_KS = (2, 5, 10, 20)
UNTYPED = "untyped"
WARM_UP = "What happened first, and where?"
"""Asked once of each namespace before its questions; none of theirs, as vectors are cached."""
_MOST_HITS = 10_000
"""What a search gives at most."""
_SPARE = 4
"""Hits beyond the items wanted that are asked for at once: passages may be pieces of one item."""


class Evaluated(Protocol):
    """What an evaluation asks of a memory."""

    def add_many(self, items: Iterable[SourceItem], *, batch: int = 64) -> Iterator[AddReport]:
        """Remember items, a report per commit."""

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.GRAPH,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """The k best hits, judged again with `rerank`."""

    @property
    def reranker(self) -> str | None:
        """What judges hits again, if anything does."""

    def context(self, question: str, *, budget: int = 1500) -> Context:
        """Cited text within a budget of tokens."""

    def ask(self, question: str) -> Answer:
        """An answer in statements."""

    def with_namespace(self, namespace: str) -> Evaluated:
        """The same memory, bound to another namespace."""

    def sources(self) -> list[tuple[str, int]]:
        """Sources held and their number of passages."""

    def stats(self) -> Stats:
        """What the memory holds."""

    def close(self) -> None:
        """Let go of it."""


class Progress(Protocol):
    """Told how far each stage (``ingest``, or a mode's name) has come."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` items or questions."""


def run(
    folder: Path,
    *,
    open_memory: Callable[[str], Evaluated],
    modes: Sequence[Mode | str] = tuple(Mode),
    ks: Sequence[int] = DEFAULT_KS,
    budgets: Sequence[int] = (),
    count: Count | None = None,
    titles: bool = True,
    location: str | None = None,
    rerank: bool | None = None,
    progress: Progress | None = None,
) -> Report:
    """Evaluate the data set of a folder, in the memory at `location` or in one made for it.

    Parameters
    ----------
    open_memory
        Opens the memory at a folder or URL, making one where there is none.
    ks
        Where rankings are cut, each at least 1.
    budgets
        Tokens that contexts are asked for with; none are made without.
    count
        Tokens of each text, for the passages that are cut to the same budgets.
    titles
        Whether passages are ingested with their titles.
    location
        A memory to keep: what it holds already is not ingested again. A temporary one if left out.
    rerank
        Whether each mode is scored a second time, its hits judged again by the memory's reranker;
        by default if it has one.

    Raises
    ------
    ConfigurationError
        The memory has no reranker, and `rerank` is set.
    InvalidInputError, ReaderError
        As :func:`read_dataset`; or an unknown mode, a `k` or budget below 1, no mode or no `k`.
    """
    chosen, cuts, limits = _modes(modes), _cuts(ks), budgets_of(budgets)
    dataset = read_dataset(folder, titles=titles)
    with tempfile.TemporaryDirectory(prefix="graphmem-eval-") as temporary:
        place = location or str(Path(temporary) / "memory")
        return evaluate(
            dataset,
            lambda: open_memory(place),
            modes=chosen,
            ks=cuts,
            rerank=rerank,
            budgets=limits,
            count=count,
            progress=progress,
        )


def evaluate(
    dataset: Dataset,
    open_memory: Callable[[], Evaluated],
    *,
    modes: Sequence[Mode | str] = tuple(Mode),
    ks: Sequence[int] = DEFAULT_KS,
    rerank: bool | None = None,
    budgets: Sequence[int] = (),
    count: Count | None = None,
    progress: Progress | None = None,
) -> Report:
    """Ingest `dataset` into the memory and score every mode; questions without gold are skipped.

    The memory is opened anew for each mode, so that none finds the question vectors that another
    left in a cache.
    """
    chosen, cuts = _modes(modes), _cuts(ks)
    tell = progress or _silent
    ingest, embedder, reranker = _ingest(dataset, open_memory, tell, rerank=rerank)
    asked = [question for question in dataset.questions if question.gold]
    results: dict[bool, dict[Mode, ModeResult]] = {False: {}, True: {}}
    for mode in chosen:
        for judged in (False, True) if reranker else (False,):
            with closing(open_memory()) as memory:
                results[judged][mode] = _ask_all(
                    *(memory, asked),
                    shape=dataset.shape,
                    mode=mode,
                    ks=cuts,
                    rerank=judged,
                    tell=tell,
                )
    contexts = None
    if budgets and count and asked:
        with closing(open_memory()) as memory:
            contexts = evaluate_contexts(
                memory,
                asked,
                shape=dataset.shape,
                budgets=budgets,
                modes=chosen,
                count=count,
                tell=tell,
            )
    return Report(
        dataset=dataset.name,
        shape=dataset.shape,
        titles=dataset.titles,
        questions=len(asked),
        skipped_without_gold=len(dataset.questions) - len(asked),
        unknown_gold=dataset.unknown_gold,
        ingest=ingest,
        modes=results[False],
        reranked=results[True],
        reranker=reranker,
        contexts=contexts,
        embedder=embedder,
        about=about(),
    )


@contextmanager
def filled(
    dataset: Dataset,
    open_memory: Callable[[str], Evaluated],
    location: str | None,
    tell: Progress,
) -> Iterator[Evaluated]:
    """The memory at `location`, or one for the time being, with the data set in it."""
    with tempfile.TemporaryDirectory(prefix="graphmem-eval-") as temporary:
        place = location or str(Path(temporary) / "memory")
        _ingest(dataset, lambda: open_memory(place), tell, rerank=False)
        with closing(open_memory(place)) as memory:
            yield memory


class Ranked(NamedTuple):
    """The best items, and what their hits tell of how the order came about."""

    items: list[str]
    note: str


def rank_items(
    memory: Evaluated, question: str, *, shape: Shape, mode: Mode, k: int, rerank: bool = False
) -> Ranked:
    """The k best items: sources of the hits for passages, the turns' own ids for conversations.

    An item in several pieces counts once, at its best piece; so as many hits are asked for as k
    distinct items take. A few more than k mostly do.
    """
    wanted = k + _SPARE if shape is Shape.PASSAGES else k
    while True:
        hits = memory.search(question, k=wanted, mode=mode, rerank=rerank)
        named = (hit.source if shape is Shape.PASSAGES else hit.external_id for hit in hits)
        items = list(dict.fromkeys(name for name in named if name is not None))
        if len(items) >= k or len(hits) < wanted or wanted >= _MOST_HITS:
            return Ranked(items[:k], hits[0].note if hits else "")
        wanted = min(2 * wanted, _MOST_HITS)


def _ingest(
    dataset: Dataset,
    open_memory: Callable[[], Evaluated],
    tell: Progress,
    *,
    rerank: bool | None,
) -> tuple[Ingest, str | None, str | None]:
    """Fill the memory, timed from its opening to the last commit; names embedder and reranker."""
    done = unchanged = 0
    failed: tuple[FailedItem, ...] = ()
    total = sum(map(len, dataset.corpora.values()))
    with PeakMemory() as peak:
        started = time.perf_counter()
        with closing(open_memory()) as memory:
            reranker = None if rerank is False else memory.reranker
            if rerank and reranker is None:
                raise ConfigurationError(
                    "There is no reranker to evaluate", remedy="Set GRAPHMEM_RERANKER"
                )
            for namespace, items in dataset.corpora.items():
                for report in memory.with_namespace(namespace).add_many(items):
                    done += report.items
                    unchanged += report.unchanged
                    failed += report.failed
                    tell("ingest", done, total)
            seconds = time.perf_counter() - started
            foreign, embedder = _foreign(memory, dataset), memory.stats().embedder
    ingest = Ingest(
        seconds=seconds,
        items=dataset.items,
        peak_rss_mb=peak.megabytes,
        unchanged=unchanged,
        foreign=foreign,
        failed=failed,
    )
    return ingest, embedder, reranker


def _foreign(memory: Evaluated, dataset: Dataset) -> int:
    foreign = 0
    for namespace, items in dataset.corpora.items():
        held = {source for source, _ in memory.with_namespace(namespace).sources()}
        foreign += len(held - {item.source for item in items})
    return foreign


def _ask_all(
    memory: Evaluated,
    questions: Sequence[Question],
    *,
    shape: Shape,
    mode: Mode,
    ks: Sequence[int],
    rerank: bool,
    tell: Progress,
) -> ModeResult:
    asked: list[tuple[Question, tuple[list[str], tuple[str, ...]]]] = []
    notes: Counter[str] = Counter()
    seconds = []
    stage = f"{mode.value}, reranked" if rerank else mode.value
    warm: set[str] = set()
    for question in questions:
        bound = memory.with_namespace(question.namespace)
        if question.namespace not in warm:  # the first search opens index and models; not timed
            rank_items(bound, WARM_UP, shape=shape, mode=mode, k=max(ks), rerank=rerank)
            warm.add(question.namespace)
        started = time.perf_counter()
        ranked = rank_items(bound, question.text, shape=shape, mode=mode, k=max(ks), rerank=rerank)
        seconds.append(time.perf_counter() - started)
        asked.append((question, (ranked.items, question.gold)))
        if ranked.note:
            notes[ranked.note] += 1
        tell(stage, len(asked), len(questions))
    by_type: defaultdict[str, list[tuple[list[str], tuple[str, ...]]]] = defaultdict(list)
    if any(question.type for question in questions):
        for question, answer in asked:
            by_type[question.type or UNTYPED].append(answer)
    return ModeResult(
        scores=mean_scores((answer for _, answer in asked), ks=ks),
        latency=latency_of(seconds),
        by_type={name: mean_scores(by_type[name], ks=ks) for name in sorted(by_type)},
        notes=dict(notes.most_common()),
    )


def _modes(modes: Sequence[Mode | str]) -> tuple[Mode, ...]:
    known = {mode.value for mode in Mode}
    for mode in modes:
        if mode not in known:
            raise InvalidInputError(
                f"{str(mode)!r} is not a mode", remedy=f"Take some of {', '.join(known)}"
            )
    if not modes:
        raise InvalidInputError("No mode to evaluate", remedy=f"Take some of {', '.join(Mode)}")
    return tuple(dict.fromkeys(map(Mode, modes)))


def _cuts(ks: Sequence[int]) -> tuple[int, ...]:
    if not ks or min(ks) < 1:
        raise InvalidInputError(f"k of {list(ks)}", remedy="Give one or more, each at least 1")
    return tuple(sorted(set(ks)))


def _silent(stage: str, done: int, total: int) -> None:
    """No progress to show."""
