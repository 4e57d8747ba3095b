"""The ONNX embedder, folders of models, the choice by settings and the cache of questions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graphmem.adapters.embedders import make_embedder
from graphmem.adapters.embedders.cached import QueryCache
from graphmem.adapters.embedders.catalogue import KNOWN, MODEL_FILE, TOKENIZER_FILE, Recipe
from graphmem.adapters.embedders.local import read_folder
from graphmem.adapters.embedders.onnx import OnnxEmbedder
from graphmem.adapters.models import read_model
from graphmem.errors import ConfigurationError, ModelUnavailableError
from graphmem.settings import Settings

TEXTS = ["A town by the sea.", "The mayor opened the new bridge. " * 30, "Salt."]


def _files(name: str) -> dict[str, bytes]:
    return read_model(KNOWN[name].source, cache_dir=Settings().cache_dir)


@pytest.fixture(scope="module")
def minilm() -> OnnxEmbedder:
    return OnnxEmbedder(KNOWN["all-minilm-l6-v2"].recipe, _files("all-minilm-l6-v2"), threads=2)


def _folder(path: Path, **configs: Any) -> Path:
    """A folder of a model whose digest is not a known one."""
    path.mkdir(parents=True)
    for name, data in _files("all-minilm-l6-v2").items():
        # A protobuf field of an unknown number (1000, length 0) changes the digest, not the model.
        (path / name).write_bytes(data + b"\xc2\x3e\x00" if name == MODEL_FILE else data)
    for name, config in configs.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(exist_ok=True)
        file.with_suffix(".json").write_text(json.dumps(config))
    return path


def test_a_vector_does_not_depend_on_its_neighbours_or_on_threads(minilm: OnnxEmbedder) -> None:
    together = minilm.embed(TEXTS)
    assert [minilm.embed([text]).tobytes() for text in TEXTS] == [row.tobytes() for row in together]
    single = OnnxEmbedder(KNOWN["all-minilm-l6-v2"].recipe, _files("all-minilm-l6-v2"), threads=1)
    assert single.embed(TEXTS).tobytes() == together.tobytes()


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_prefixes_are_those_that_the_model_was_trained_with(name: str) -> None:
    known = KNOWN[name]
    embedder = OnnxEmbedder(known.recipe, _files(name))
    bare = OnnxEmbedder(Recipe("bare", pooling=known.recipe.pooling), _files(name))
    query, passage = {
        "bge-small-en-v1.5": ("Represent this sentence for searching relevant passages: ", ""),
        "all-minilm-l6-v2": ("", ""),
        "e5-small-v2": ("query: ", "passage: "),
    }[name]
    question, text = "Who is the mayor?", "Ann is the mayor."
    assert np.array_equal(embedder.embed_queries([question]), bare.embed([query + question]))
    assert np.array_equal(embedder.embed([text]), bare.embed([passage + text]))


def test_pooling_is_by_first_token_or_by_mean() -> None:
    import onnxruntime
    from tokenizers import Tokenizer

    files = _files("bge-small-en-v1.5")
    ids = np.array([Tokenizer.from_buffer(files[TOKENIZER_FILE]).encode("A town by the sea.").ids])
    session = onnxruntime.InferenceSession(files[MODEL_FILE], providers=["CPUExecutionProvider"])
    feed = {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }
    tokens = session.run(["last_hidden_state"], feed)[0][0]
    for pooling, expected in (("cls", tokens[0]), ("mean", tokens.mean(axis=0))):
        made = OnnxEmbedder(Recipe("made", pooling=pooling), files).embed(["A town by the sea."])[0]
        assert float(made @ expected / np.linalg.norm(expected)) > 0.9999


def test_a_folder_with_a_known_model_makes_the_same_vectors_under_the_same_name(
    tmp_path: Path,
) -> None:
    for name, data in _files("bge-small-en-v1.5").items():
        (tmp_path / name).write_bytes(data)
    by_folder = make_embedder(Settings(embedder=f"onnx:{tmp_path}"))
    by_name = make_embedder(Settings(embedder="bge-small-en-v1.5"))
    assert by_folder.name == by_name.name
    assert np.array_equal(by_folder.embed_queries(TEXTS), by_name.embed_queries(TEXTS))


def test_a_folder_is_used_as_its_files_say(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path / "my-model",
        **{
            "1_Pooling__config": {
                "pooling_mode_cls_token": True,
                "pooling_mode_mean_tokens": False,
            },
            "sentence_bert_config": {"max_seq_length": 16},
            "config_sentence_transformers": {"prompts": {"query": "Q: ", "document": "D: "}},
        },
    )
    recipe, files = read_folder(folder)
    assert recipe == Recipe(recipe.name, "cls", 16, "Q: ", "D: ")
    assert recipe.name.startswith("my-model@")
    embedder = OnnxEmbedder(recipe, files)
    assert np.array_equal(embedder.embed_queries(["salt"]), embedder.embed(["salt"])) is False
    assert np.array_equal(embedder.embed([TEXTS[1]]), embedder.embed([TEXTS[1] + "Salt."]))


def test_a_folder_without_configuration_is_pooled_by_mean(
    tmp_path: Path, minilm: OnnxEmbedder
) -> None:
    folder = _folder(tmp_path / "plain")
    (folder / "onnx").mkdir()
    shutil.move(folder / MODEL_FILE, folder / "onnx" / MODEL_FILE)
    recipe, files = read_folder(folder)
    assert recipe == Recipe(recipe.name)
    assert np.array_equal(OnnxEmbedder(recipe, files).embed(TEXTS[:1]), minilm.embed(TEXTS[:1]))


def test_a_folder_that_asks_for_another_pooling_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "m", **{"1_Pooling__config": {"pooling_mode_max_tokens": True}})
    with pytest.raises(ConfigurationError, match="max_tokens"):
        read_folder(folder)


def test_a_broken_folder_is_reported_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"holds no model\.onnx"):
        make_embedder(Settings(embedder=f"onnx:{tmp_path / 'nowhere'}"))
    folder = _folder(tmp_path / "m")
    (folder / "sentence_bert_config.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"sentence_bert_config\.json is not JSON"):
        read_folder(folder)
    (folder / "sentence_bert_config.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="list, not an object"):
        read_folder(folder)


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE])
@pytest.mark.parametrize("data", [b"", b"not a model"])
def test_files_that_are_no_model_are_refused(name: str, data: bytes) -> None:
    files = {**_files("all-minilm-l6-v2"), name: data}
    with pytest.raises(ModelUnavailableError, match="made"):
        OnnxEmbedder(Recipe("made"), files)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'gpt-9'") as raised:
        make_embedder(Settings(embedder="gpt-9"))
    for name in (*KNOWN, "onnx:FOLDER", "sentence-transformers:NAME_OR_FOLDER"):
        assert name in raised.value.remedy


def test_a_package_that_is_not_installed_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ConfigurationError, match="not installed") as raised:
        make_embedder(Settings(embedder="sentence-transformers:any/model"))
    assert "pip install 'graphmem[sentence-transformers]'" in raised.value.remedy


def test_offline_without_the_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="switched off"):
        make_embedder(Settings(cache_dir=tmp_path, offline=True))


def test_importing_loads_no_back_end() -> None:
    script = (
        "import sys, graphmem.adapters.embedders.onnx, graphmem.adapters.embedders.local\n"
        "import graphmem.adapters.embedders.sentence_transformers, graphmem.adapters.models\n"
        "heavy = {'onnxruntime', 'tokenizers', 'jgo', 'sentence_transformers', 'torch'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


class Counting:
    """The real embedder, with the questions that reached it."""

    def __init__(self, embedder: OnnxEmbedder) -> None:
        self._embedder = embedder
        self.asked: list[str] = []

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._embedder.embed(texts)

    def embed_queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return self._embedder.embed_queries(texts)

    def embed_variants(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return self._embedder.embed_variants(texts)

    def embed_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._embedder.embed_words(words)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)


def test_a_question_asked_again_does_not_reach_the_model(minilm: OnnxEmbedder) -> None:
    counting = Counting(minilm)
    cache = QueryCache(counting)
    first = cache.embed_queries(["one", "two", "one"])
    again = cache.embed_queries(["two", "three", "one"])
    assert counting.asked == ["one", "two", "three"]
    assert np.array_equal(first, minilm.embed_queries(["one", "two", "one"]))
    assert np.array_equal(again, minilm.embed_queries(["two", "three", "one"]))


def test_variants_asked_for_together_again_do_not_reach_the_model(minilm: OnnxEmbedder) -> None:
    counting = Counting(minilm)
    cache = QueryCache(counting)
    for _ in range(2):
        cache.embed_variants(["one", "two"])[:] = 0.0
    assert counting.asked == ["one", "two"]
    assert np.array_equal(
        cache.embed_variants(["one", "two"]), minilm.embed_variants(["one", "two"])
    )
    cache.embed_variants(["two", "one"])
    assert counting.asked == ["one", "two", "two", "one"]


def test_a_caller_who_writes_into_a_vector_does_not_change_the_next_answer(
    minilm: OnnxEmbedder,
) -> None:
    cache = QueryCache(minilm)
    cache.embed_queries(["one"])[:] = 0.0
    cache.embed_queries(["one"])[:] = 0.0
    assert np.array_equal(cache.embed_queries(["one"]), minilm.embed_queries(["one"]))


def test_the_cache_lets_go_of_the_question_not_asked_for_longest(minilm: OnnxEmbedder) -> None:
    counting = Counting(minilm)
    cache = QueryCache(counting, size=2)
    for question in ("one", "two", "one", "three", "one", "two"):
        cache.embed_queries([question])
    assert counting.asked == ["one", "two", "three", "two"]
    assert np.array_equal(
        cache.embed_queries(["a", "b", "c"]), minilm.embed_queries(["a", "b", "c"])
    )
