"""From a location and settings to a memory: the only place where back ends are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pydantic import SecretStr, ValidationError

from graphmem.errors import ConfigurationError
from graphmem.memory import Memory
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.ports.analytics import Analyst, Partitioner
from graphmem.ports.cypher import CypherRunner
from graphmem.ports.graphs import GraphMaker
from graphmem.ports.llm import LLM
from graphmem.ports.models import Embedder, Extractor
from graphmem.ports.ranker import Ranker
from graphmem.ports.reviser import Reviser
from graphmem.ports.store import Clock, GraphStore
from graphmem.resolve.states_file import load_states
from graphmem.settings import Settings
from graphmem.stages.parts import Parts, Reranking

RankerKind = Literal["auto", "push", "scipy", "igraph", "cupy"]
_SCHEMES = ("sqlite", "neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def open_memory(
    location: str | Path,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    auth: tuple[str, str] | None = None,
    settings: Settings | None = None,
    read_only: bool = False,
    create: bool = True,
    clock: Clock | None = None,
) -> Memory:
    """Put a memory together; parameters and errors are those of :meth:`Memory.open`."""
    settings = settings or load_settings()
    # Before a store is opened that a wrong setting would leave open.
    llm = _llm_of(settings)
    extractor = make_extractor(settings, llm=llm)
    opening = _Opening(
        settings,
        auth,
        read_only,
        create,
        clock or _system_clock,
        extractor=extractor,
        llm=llm,
        reranking=_reranking_of(settings, llm),
        reviser=_reviser_of(settings, llm),
    )
    url = urlsplit(str(location)) if "://" in str(location) else None
    if url is None or url.scheme == "sqlite":
        parts = _embedded(_folder_of(location), opening)
    elif url.scheme in _SCHEMES:
        parts = _on_neo4j(url, opening)
    else:
        raise ConfigurationError(
            f"{str(location)!r}: no store answers to {url.scheme}://",
            remedy=f"Name a folder, or a URL that begins with {', '.join(_SCHEMES)}",
        )
    return Memory(parts, namespace=namespace)


class _Opening(NamedTuple):
    """What a memory is opened with, but for where it is."""

    settings: Settings
    auth: tuple[str, str] | None
    read_only: bool
    create: bool
    clock: Clock
    extractor: Extractor
    llm: LLM | None
    reranking: Reranking | None
    reviser: Reviser | None


def _embedded(folder: Path, opening: _Opening) -> Parts:
    """A memory in a folder."""
    from graphmem.adapters.embedders import make_embedder
    from graphmem.adapters.stores.sqlite import SqliteStore

    if opening.auth is not None:
        raise ConfigurationError(
            "A memory in a folder takes no user and password", remedy="Leave auth out"
        )
    store = SqliteStore.open(
        folder, create=opening.create, read_only=opening.read_only, clock=opening.clock
    )

    def runner(namespace: str) -> CypherRunner:
        # Not before it is asked for: this engine and torch together overfill the loader.
        from graphmem.adapters.cypher.embedded import EmbeddedCypher

        return EmbeddedCypher(store, namespace, folder=folder / "views")

    def analyst(engine: str | None) -> Analyst:
        if engine == "gds":
            raise ConfigurationError(
                f"{folder} is a folder, and GDS is a part of Neo4j", remedy="Leave the engine out"
            )
        return _igraph_analyst(store, engine)

    return Parts(
        store=store,
        extractor=opening.extractor,
        llm=opening.llm,
        reranking=opening.reranking,
        embedder=lambda name: make_embedder(opening.settings, name=name),
        runner=runner,
        analyst=analyst,
        ranker=make_ranker(opening.settings.ranker),
        partitioner=_leiden,
        learned_fusion=opening.settings.fusion == "learned",
        threads=opening.settings.threads,
        learns_states=opening.settings.learn_states,
        index_dir=folder / "index",
        clock=opening.clock,
        states=lambda: load_states(opening.settings.states),
        derived=_derived(opening.settings),
        reviser=opening.reviser,
    )


def _on_neo4j(url: SplitResult, opening: _Opening) -> Parts:
    """A memory in a Neo4j database, ``neo4j://HOST[:PORT][/DATABASE]``."""
    from graphmem.adapters.bolt import Bolt
    from graphmem.adapters.embedders import make_embedder
    from graphmem.adapters.stores.neo4j import Neo4jStore

    settings = opening.settings
    if url.username is not None or url.password is not None:
        raise ConfigurationError(
            f"The URL of {url.hostname} holds a user or a password, which logs would show",
            remedy="Give auth=(user, password), or set GRAPHMEM_NEO4J_USER and"
            " GRAPHMEM_NEO4J_PASSWORD or GRAPHMEM_NEO4J_PASSWORD_FILE",
        )
    if not url.hostname:
        raise ConfigurationError(
            f"{url.geturl()!r} names no host", remedy="Write it as neo4j://HOST:7687/DATABASE"
        )
    bolt = Bolt(
        urlunsplit((url.scheme, url.netloc, "", url.query, "")),
        opening.auth or credentials(settings),
        database=unquote(url.path.strip("/")) or None,
        read_only=opening.read_only,
    )
    try:
        store = Neo4jStore.open(bolt, create=opening.create, clock=opening.clock)
    except BaseException:
        bolt.close()
        raise

    def runner(namespace: str) -> CypherRunner:
        from graphmem.adapters.cypher.neo4j import Neo4jCypher

        return Neo4jCypher(store, namespace, bolt)

    def analyst(engine: str | None) -> Analyst:
        from graphmem.adapters.analytics import gds

        if engine not in {None, "gds"} or (engine is None and gds.version(bolt) is None):
            return _igraph_analyst(store, engine)
        if gds.version(bolt) is None:
            raise ConfigurationError(
                f"{bolt.where} has no GDS",
                remedy="Install it (graphmem neo4j start --plugins gds), or leave the engine out",
            )
        return gds.GdsAnalyst(bolt)

    return Parts(
        store=store,
        extractor=opening.extractor,
        llm=opening.llm,
        reranking=opening.reranking,
        embedder=lambda name: make_embedder(settings, name=name),
        runner=runner,
        analyst=analyst,
        ranker=make_ranker(opening.settings.ranker),
        partitioner=_leiden,
        learned_fusion=opening.settings.fusion == "learned",
        threads=opening.settings.threads,
        learns_states=opening.settings.learn_states,
        index_dir=settings.cache_dir / "indexes" / store.info().memory_id,
        clock=opening.clock,
        states=lambda: load_states(opening.settings.states),
        derived=_derived(opening.settings),
        reviser=opening.reviser,
    )


def _derived(settings: Settings) -> dict[str, Callable[[], None]]:
    """What empties each place outside a memory's own that holds words of what was ingested."""

    def clear_answers() -> None:
        from graphmem.adapters.llms.cache import AnswerCache

        answers = AnswerCache(settings.cache_dir / "llm.sqlite3")
        try:
            answers.clear()
        finally:
            answers.close()

    return {"answers of language models": clear_answers}


def _igraph_analyst(store: GraphStore, engine: str | None) -> Analyst:
    from graphmem.adapters.analytics.igraph import IgraphAnalyst

    if engine not in {None, "igraph"}:
        raise ConfigurationError(
            f"There is no engine {engine!r} for analytics", remedy="There is igraph, and gds"
        )
    return IgraphAnalyst(store)


def _leiden() -> Partitioner:
    from graphmem.adapters.analytics.leiden import leiden

    return leiden


def credentials(settings: Settings) -> tuple[str, str] | None:
    """User and password of the settings; ``None`` for a server that asks for none."""
    if settings.neo4j_password is not None:
        return settings.neo4j_user, settings.neo4j_password.get_secret_value()
    found = _secret_in("GRAPHMEM_NEO4J_PASSWORD_FILE", settings.neo4j_password_file)
    return None if found is None else (settings.neo4j_user, found.get_secret_value())


def _secret_in(name: str, file: Path | None) -> SecretStr | None:
    """What stands in the file of a setting."""
    if file is None:
        return None
    try:
        return SecretStr(file.read_text().strip())
    except OSError as cause:
        raise ConfigurationError(f"{name}={file}: {cause.strerror}") from cause


def graph_maker(library: str) -> GraphMaker:
    """What makes a graph of ``networkx`` or ``igraph``."""
    if library == "igraph":
        from graphmem.adapters.graphs import igraph

        return igraph.make
    from graphmem.adapters.graphs import networkx

    return networkx.make


def make_ranker(kind: RankerKind = "auto") -> Ranker:
    """Local push, igraph's PRPACK, scipy's power iteration, or whichever suits each walk.

    ``cupy`` is power iteration on a GPU; without one, the last of these answers.
    """
    if kind == "igraph":
        from graphmem.adapters.rankers.igraph import IgraphRanker

        return IgraphRanker()
    from graphmem.adapters.rankers.scipy import PowerRanker

    power = PowerRanker()

    def push() -> Ranker:
        from graphmem.adapters.rankers.push import PushRanker

        return PushRanker(exact=power)

    if kind == "scipy":
        return power
    if kind == "push":
        return push()
    from graphmem.adapters.rankers.auto import AutoRanker

    auto = AutoRanker(push=push, power=power)
    if kind == "auto":
        return auto
    from graphmem.adapters.rankers.cupy import CupyRanker

    return CupyRanker(fallback=auto)


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; raises `ConfigurationError` that names the variable."""
    try:
        return Settings(**overrides)
    except ValidationError as cause:
        first = cause.errors()[0]
        name = "GRAPHMEM_" + "_".join(map(str, first["loc"])).upper()
        is_secret = name.endswith(("_KEY", "_PASSWORD"))
        shown = "***" if is_secret else repr(first["input"])
        raise ConfigurationError(f"{name}={shown}: {first['msg']}") from (
            None if is_secret else cause
        )


def embedder_of(settings: Settings) -> Embedder:
    """What turns text into vectors, as the settings say."""
    from graphmem.adapters.embedders import make_embedder

    return make_embedder(settings)


@contextmanager
def scratch_store() -> Iterator[GraphStore]:
    """An empty store in a folder of its own, which is removed afterwards."""
    from graphmem.adapters.stores.sqlite import SqliteStore

    with TemporaryDirectory(prefix="graphmem-") as folder:
        store = SqliteStore.open(
            Path(folder) / "memory", create=True, read_only=False, clock=_system_clock
        )
        try:
            yield store
        finally:
            store.close()


def make_extractor(settings: Settings, *, llm: LLM | None = None) -> Extractor:
    """What reads as the settings say; triples that a passage brings along come first.

    A model that is to read is `llm`, or made from the settings.

    Raises
    ------
    ConfigurationError
        A language model is to read, and is not named or is to read names only.
    """
    from graphmem.adapters.extractors.openie import OpenIEExtractor

    return OpenIEExtractor(_reader(settings, llm))


def _reader(settings: Settings, llm: LLM | None) -> Extractor:
    if settings.depth == "fast":
        if settings.extractor == "llm":
            raise ConfigurationError(
                "A language model reads at depth full only",
                remedy="Leave out one of --extractor llm and --depth fast",
            )
        from graphmem.adapters.extractors.names import NamesExtractor

        return NamesExtractor()
    from graphmem.adapters.extractors.spacy import SpacyExtractor

    own: Extractor = SpacyExtractor()
    if settings.workers >= 2:
        from graphmem.adapters.extractors.pool import PooledExtractor

        own = PooledExtractor(SpacyExtractor, workers=settings.workers)
    if settings.extractor == "spacy":
        return own
    from graphmem.adapters.extractors.llm import LLMExtractor

    return LLMExtractor(
        llm or make_llm(settings), fallback=own, over_budget=settings.llm_over_budget
    )


def _llm_of(settings: Settings) -> LLM | None:
    """The language model, if one is set up."""
    return make_llm(settings) if settings.llm_base_url and settings.llm_model else None


def _reranking_of(settings: Settings, llm: LLM | None) -> Reranking | None:
    """How rankings are judged again, if they are to be."""
    if not settings.reranker:
        return None
    from graphmem.adapters.rerankers import reranker_maker

    make = reranker_maker(
        settings.reranker, llm=llm, device=settings.reranker_device, offline=settings.offline
    )
    return Reranking(
        settings.reranker, make, depth=settings.rerank_depth, weight=settings.rerank_weight
    )


def _reviser_of(settings: Settings, llm: LLM | None) -> Reviser | None:
    """Who decides between statements that nothing orders, if anybody is to."""
    if settings.reviser != "llm":
        return None
    if llm is None:
        raise ConfigurationError(
            "The reviser llm needs a language model",
            remedy="Set GRAPHMEM_LLM_BASE_URL and GRAPHMEM_LLM_MODEL, or GRAPHMEM_REVISER=rules",
        )
    from graphmem.adapters.revisers.llm import LLMReviser

    return LLMReviser(llm)


def make_llm(settings: Settings) -> LLM:
    """The language model of the settings; raises `ConfigurationError` where they name none."""
    if not settings.llm_base_url or not settings.llm_model:
        missing = "BASE_URL" if not settings.llm_base_url else "MODEL"
        raise ConfigurationError(
            f"No language model is set up: GRAPHMEM_LLM_{missing} is not set",
            remedy="Name any OpenAI-compatible endpoint, such as"
            " GRAPHMEM_LLM_BASE_URL=http://localhost:11434/v1, and its GRAPHMEM_LLM_MODEL",
        )
    from graphmem.adapters.llms.budget import Limits
    from graphmem.adapters.llms.cache import AnswerCache
    from graphmem.adapters.llms.openai_compatible import OpenAICompatible

    return OpenAICompatible(
        settings.llm_base_url,
        model=settings.llm_model,
        key=settings.llm_api_key
        or _secret_in("GRAPHMEM_LLM_API_KEY_FILE", settings.llm_api_key_file),
        timeout=settings.llm_timeout,
        concurrency=settings.llm_concurrency,
        retries=settings.llm_retries,
        reply_tokens=settings.llm_reply_tokens,
        limits=Limits(
            calls=settings.llm_budget_calls,
            tokens=settings.llm_budget_tokens,
            cost=settings.llm_budget_cost,
            price_in=settings.llm_price_in,
            price_out=settings.llm_price_out,
        ),
        cache=AnswerCache(settings.cache_dir / "llm.sqlite3") if settings.llm_cache else None,
    )


def _folder_of(location: str | Path) -> Path:
    text = str(location)
    if "://" not in text:
        return Path(location).expanduser()
    url = urlsplit(text)
    return Path(unquote(url.netloc + url.path)).expanduser()


def _system_clock() -> datetime:
    return datetime.now(UTC)
