"""Which facts tell of a state that can change, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import ConfigurationError
from graphmem.resolve.states import Part, load_states


def _read(predicate: str, **members: str) -> list[str]:
    parts = [Part(role, name, f"en_{name}") for role, name in members.items()]
    return [
        f"{reading.state} {reading.effect} {' '.join(sorted(reading.values))}"
        for reading in load_states().readings(predicate, parts)
    ]


@pytest.mark.parametrize(
    ("predicate", "members", "expected"),
    [
        ("live", {"subject": "Ann", "place": "Oslo"}, "residence holds oslo"),
        ("lives in", {"subject": "Ann", "object": "Oslo"}, "residence holds oslo"),
        ("move", {"subject": "Ann", "to": "Oslo"}, "residence starts oslo"),
        ("leave", {"subject": "Ann", "object": "Acme"}, "employment ends acme"),
        ("die", {"subject": "Ann"}, "life ends "),
        ("become", {"subject": "Ann", "attribute": "CEO of Acme"}, "office starts ann"),
        ("is the ceo of", {"subject": "Ann", "object": "Acme"}, "office holds ann"),
        (
            "be blue",
            {"subject": "Ann's favorite color", "attribute": "blue"},
            "attribute holds blue",
        ),
        ("rise", {"subject": "price of Bread", "to": "2 euros"}, "attribute starts 2 euros"),
        ("be vegan", {"subject": "Ann", "attribute": "vegan"}, "being vegetarian holds vegan"),
    ],
)
def test_states_are_read(predicate: str, members: dict[str, str], expected: str) -> None:
    assert expected in _read(predicate, **members)


@pytest.mark.parametrize(
    ("predicate", "members"),
    [
        ("visit", {"subject": "Ann", "object": "Oslo"}),
        ("live", {"subject": "his sister", "place": "Oslo"}),
        ("move", {"subject": "Ann", "object": "the court", "to": "Oslo"}),
        ("join", {"subject": "Ann", "object": "the Labour Party"}),
        ("be", {"subject": "Ann", "attribute": "member of Acme"}),
        ("be", {"subject": "Ann's dog", "attribute": "Rex"}),
        ("be open", {"subject": "Ann", "attribute": "open", "to": "ideas"}),
    ],
)
def test_what_may_be_so_of_many_at_once_is_no_state(
    predicate: str, members: dict[str, str]
) -> None:
    assert _read(predicate, **members) == []


def test_states_of_ones_own_are_added_from_a_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[state]]\nname = "car"\nholds = ["drive | subject | object"]\n'
        'starts = ["buy | subject | object"]\nends = []\n'
    )
    states = load_states(own)
    parts = [Part("subject", "Ann", "en_ann"), Part("object", "Tesla", "en_tesla")]
    assert [reading.state for reading in states.readings("drive", parts)] == ["car"]
    assert states.opens("buy", parts)
    assert states.readings("live", [parts[0], Part("place", "Oslo", "en_oslo")])


@pytest.mark.parametrize("text", ["[[state]]", '[[state]]\nname = "x"\nholds = ["no bars"]', "= ="])
def test_a_file_of_states_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(ConfigurationError, match=str(own)):
        load_states(own)
