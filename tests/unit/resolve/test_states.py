"""Which facts tell of a state that can change, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import ConfigurationError
from graphmem.resolve.states import Part
from graphmem.resolve.states_file import load_states


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


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[state]]", ", line 1: a"),
        ('[[state]]\nname = "x"\nholds = ["a | b | c",\n  "no bars"]', ", line 4: 'no bars'"),
        ('[[state]]\nname = "x"\nholds = ["a | | c"]', ", line 3: 'a | | c'"),
        ('[[state]]\nname = "x"\nhold = []', ", line 3: "),
        ('[[once]]\nname = "x"\nholds = "a | b | c"', ", line 3: 'holds' is not texts"),
        ('[[state]]\nname = "x"\nholds = []\n[[state]]\nname = "y"\nholds = 1', ", lines 3, 6: "),
        ('[state]\nname = "x"', ", line 1: 'state' is no table"),
        ("[[learned]]\nnever = []", ", line 1: 'learned' is no table"),
        ('[learned]\nnever = [\n  "a | b | c",\n  "a | b"]', ", line 4: 'a | b'"),
        ('[learned]\nnever = ["a | b | "]', ", line 2: 'a | b | '"),
        ("[learned]\nnever = 3", ", line 2: 'never' is not texts"),
        ("[learnt]\nnever = []", ", line 1: there is no 'learnt'"),
        ("[places]\nregions = []\n= =", "(at line 3"),
    ],
)
def test_a_bad_line_of_a_file_of_states_is_named(tmp_path: Path, text: str, where: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_states(own)
    assert str(own) in refused.value.message
    assert where in refused.value.message
    assert refused.value.remedy
