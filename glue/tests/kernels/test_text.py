import sys
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tributary.kernels.transform.text_forms import capitalise_words, words


@pytest.mark.slow
def test_the_fast_way_capitalises_every_character_as_the_slow_one() -> None:
    characters = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cs", "Cn")
    ]
    texts = [f"a{character}b {character}Xy" for character in characters]
    assert words(pa.array(texts)).to_pylist() == [capitalise_words(text.strip()) for text in texts]


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=5))
def test_the_fast_way_capitalises_every_text_as_the_slow_one(texts: list[str | None]) -> None:
    trimmed = [None if text is None else text.strip() for text in texts]
    expected = [None if text is None else capitalise_words(text) for text in trimmed]
    assert words(pa.array(trimmed, pa.string())).to_pylist() == expected
