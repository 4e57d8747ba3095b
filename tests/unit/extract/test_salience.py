from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.extract.page import Referent
from graphmem.extract.salience import TOPIC, UNNAMED_TOPIC, Entity, Scene
from graphmem.model.knowledge import EntityType

ANN = Referent("Ann", "Ann", EntityType.PERSON)


@given(later=st.integers(0, 4), dep=st.sampled_from(["nsubj", "dobj", "pobj", "npadvmod"]))
def test_half_of_what_was_said_is_left_a_sentence_later(later: int, dep: str) -> None:
    entity = Entity(1)
    entity.mention(0, dep)
    assert entity.salience(later + 1) == pytest.approx(entity.salience(later) / 2)


def test_a_subject_is_more_salient_than_an_object_and_mentions_add_up() -> None:
    subject, object_ = Entity(1), Entity(2)
    subject.mention(0, "nsubj")
    object_.mention(0, "dobj")
    assert subject.salience(0) > object_.salience(0)
    object_.mention(1, "nsubj")
    assert object_.salience(1) > subject.salience(1)


def test_within_a_sentence_only_the_best_mention_counts() -> None:
    entity = Entity(1)
    entity.mention(0, "nsubj")
    once = entity.salience(0)
    entity.mention(0, "pobj")
    assert entity.salience(0) == once


def test_the_topic_is_on_ones_mind_throughout() -> None:
    topic = Entity(ANN, is_topic=True)
    assert topic.salience(40) == UNNAMED_TOPIC
    topic.mention(0, "nsubj")
    assert topic.salience(40) == TOPIC


def test_the_best_is_the_most_salient_that_fits() -> None:
    scene = Scene()
    first, second = scene.add(Entity(1)), scene.add(Entity(ANN))
    scene.mention(1, first, 0, "nsubj")
    scene.mention(3, second, 0, "dobj")
    assert scene.named("Ann") is scene.at(3) is second
    assert scene.best([(first, 1.0), (second, 1.0)], 0, least=1) is first
    assert scene.best([(first, 0.0), (second, 1.0)], 0, least=1) is second
    assert scene.best([(first, 1.0), (second, 1.0)], 0, without=[first], least=1) is second
    assert scene.best([(first, 1.0)], 0, least=1000) is None
