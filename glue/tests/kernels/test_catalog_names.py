import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.kernels.output.catalog_names import MAXIMUM_LENGTH, KeyNames, catalog_name, key_of

TABLE = {
    "user_id": "user_id",
    "_id": "_id",
    "id_": "id_",
    "1st": "1st",
    "_": "_",
    "": "__0_",
    "userId": "user__id",
    "ID": "__i__d",
    "user_ID": "user_____i__d",
    "a__b": "a____b",
    "__": "____",
    "a.b": "a__02e_b",
    'a"b': "a__022_b",
    "a\nb": "a__0a_b",
    "\0": "__00_",
    "é": "__0e9_",
    "😀": "__01f600_",
}

# Few characters, so that keys that could be mistaken for each other are common; and any text.
KEYS = st.text("aAbB01_.é", max_size=12) | st.text()
RESERVED = frozenset({"line", "_source_file", "a", "user__id", "a_"})


@pytest.mark.parametrize("key", TABLE)
def test_names_a_key_readably(key: str) -> None:
    assert catalog_name(key) == TABLE[key]


@given(KEYS)
@example("x" * 300)
@example("line")
@example("a")
def test_gives_safe_names_that_read_back(key: str) -> None:
    for reserved in (frozenset[str](), RESERVED):
        name = catalog_name(key, reserved)
        assert re.fullmatch(r"[a-z0-9_]{1,255}", name)
        assert name not in reserved
        assert name.startswith("__1") or key_of(name) == key


@given(st.lists(KEYS, unique=True, min_size=2))
@example(["x" * 300 + "y", "x" * 300 + "z"])
@example(["userId", "user__id", "__075_ser__id"])
def test_never_gives_two_keys_one_name(keys: list[str]) -> None:
    assert len({catalog_name(key) for key in keys}) == len(keys)
    assert len({catalog_name(key, RESERVED) for key in keys}) == len(keys)


@given(
    st.from_regex(r"[a-z0-9]+(_[a-z0-9]+)*", fullmatch=True).filter(lambda key: len(key) <= MAXIMUM_LENGTH)
)
def test_leaves_snake_case_alone(key: str) -> None:
    assert catalog_name(key) == key


@given(st.text("aA01_f", max_size=12))
def test_reads_a_name_back_or_refuses_it(name: str) -> None:
    try:
        key = key_of(name)
    except ValueError:
        return
    assert re.fullmatch(r"[a-z0-9_]+", name)
    assert key_of(catalog_name(key)) == key


@pytest.mark.parametrize(
    "name", ["", "A", "a-b", "__", "a__", "__1", "__9", "__0", "__0g_", "__0110000_", catalog_name("x" * 300)]
)
def test_refuses_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a key"):
        key_of(name)


def test_tells_each_name_that_is_not_by_the_plain_rule() -> None:
    names = KeyNames(RESERVED)
    long = "é" * 100
    for key in ("ok", "line", "userId", long, "line"):
        assert names[key] == catalog_name(key, RESERVED)
    assert [*dict(names.items())] == ["ok", "line", "userId", long]
    assert names.notes == [
        'the key "line" has the name of another column: __06c_ine',
        'the key "userId" has the name of another column: __075_ser__id',
        f'the key "{long[:50]}…" of 100 characters is too long for a column name: {names[long]}',
    ]
