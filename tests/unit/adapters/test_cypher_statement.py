"""What a statement may not ask for, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.adapters.cypher.statement import PROCEDURES, checked
from graphmem.errors import QueryError


@pytest.mark.parametrize("name", sorted(PROCEDURES))
def test_procedures_of_the_list_pass_in_any_case(name: str) -> None:
    assert checked(f"CALL {name.upper()}()") == f"CALL {name.upper()}()"


@pytest.mark.parametrize(
    "harmless",
    [
        "RETURN 'LOAD CSV FROM' AS x",
        "MATCH (load:Entity) RETURN load.csv",
        "RETURN {call: 1} AS x, $call AS y",
        "MATCH (e:Entity) RETURN e.call IS NULL",
        "RETURN 1 // CALL db.cdc.enable()",
        "CALL { RETURN 1 AS x } RETURN x",
    ],
)
def test_words_that_only_look_like_it_pass(harmless: str) -> None:
    assert checked(harmless)


@given(
    st.lists(st.sampled_from([" ", "\n", "\t", "/* x */", "// y\n"]), min_size=1, max_size=4),
    st.tuples(st.booleans(), st.booleans()),
    st.sampled_from(["", "MATCH (n) RETURN n UNION ", "RETURN 'x' AS `a` UNION\n"]),
)
def test_reading_files_is_refused_however_it_is_spelt(
    between: list[str], quoted: tuple[bool, bool], before: str
) -> None:
    load, csv = (f"`{w}`" if q else w for w, q in zip(("lOaD", "Csv"), quoted, strict=True))
    with pytest.raises(QueryError, match="reads files"):
        checked(f"{before}{load}{''.join(between)}{csv} FROM 'x' AS row RETURN row")
