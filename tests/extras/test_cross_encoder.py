"""The cross-encoder reranker on a tiny model made here: it proves the adapter, and no gain.

The weights are random, since no hub can be asked; what they score is compared with what the model
itself gives, and nothing is said of how good it is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem import Memory
from graphmem.adapters.rerankers import reranker_maker
from graphmem.adapters.rerankers.cross_encoder import CrossEncoderReranker
from graphmem.errors import ConfigurationError, ModelUnavailableError
from graphmem.settings import Settings

pytestmark = pytest.mark.extras

TEXTS = ["Tea grows on hills.", "Ines founded Brightwater.", "The ferry was built in 1987."]
QUESTION = "Who founded Brightwater?"


def tiny_model(folder: Path, *, labels: int) -> Path:
    """A BERT of one narrow layer with random weights, saved as models are."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    words = sorted({w.strip("?.").lower() for w in " ".join([QUESTION, *TEXTS]).split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ".", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,  # else random scores hardly differ
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", labels=1)


def test_scores_are_the_models_own_logits(folder: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    reranker = CrossEncoderReranker(str(folder), device="cpu", offline=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        batch = tokenizer([QUESTION] * 3, TEXTS, padding=True, return_tensors="pt")
        expected = model(**batch).logits[:, 0].tolist()
    judged = reranker.judge(QUESTION, TEXTS)
    assert judged.scores == pytest.approx(expected, abs=1e-4)
    assert len(set(judged.scores)) == 3
    assert (judged.missing, judged.ignored) == (0, 0)
    assert reranker.judge(QUESTION, []).scores == ()
    assert reranker.name.startswith("cross-encoder:tiny@")


def test_a_memory_is_searched_with_it(folder: Path, tmp_path: Path) -> None:
    settings = Settings(
        workers=0, reranker=f"cross-encoder:{folder}", reranker_device="cpu", rerank_weight=10.0
    )
    scores = CrossEncoderReranker(str(folder), device="cpu").judge(QUESTION, TEXTS).scores
    with Memory.open(tmp_path / "mem", settings=settings) as memory:
        for n, text in enumerate(TEXTS):
            memory.add(text, source=f"note:{n}")
        hits = memory.search(QUESTION, mode="dense", explain=True)
    assert hits[0].source == f"note:{scores.index(max(scores))}"
    assert hits[0].note.startswith("Reranked by cross-encoder:tiny@")
    for hit in hits:
        assert sum(hit.signals.values()) == pytest.approx(hit.score)


def test_a_model_of_several_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="3 scores"):
        CrossEncoderReranker(str(tiny_model(tmp_path / "nli", labels=3)), device="cpu")


def test_a_model_or_a_device_that_is_not_there_is_reported(folder: Path, tmp_path: Path) -> None:
    make = reranker_maker("cross-encoder:nobody/none", llm=None, device=None, offline=True)
    with pytest.raises(ModelUnavailableError, match="switched off"):
        make()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailableError):
        CrossEncoderReranker(str(tmp_path / "empty"), offline=True)
    with pytest.raises(ConfigurationError, match="GRAPHMEM_RERANKER_DEVICE"):
        CrossEncoderReranker(str(folder), device="abacus", offline=True)
