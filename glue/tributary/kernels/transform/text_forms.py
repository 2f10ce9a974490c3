"""Declared standard forms of text columns, vectorised over Arrow arrays."""

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

# Letters whose capital and small forms are one character each, in ASCII, Latin-1, Latin Extended-A and
# Cyrillic, and what stands between words; without digits, for "3rd" is one word.
_SIMPLE_NAME = (
    "^[A-Za-z\u00c0-\u00d6\u00d8-\u00de\u00e0-\u00f6\u00f8-\u012f\u0132-\u0148\u014a-\u017e\u0400-\u045f"
    r" !-/:-@\[-`{-~" + "\u00a0\u2010-\u2015\u2018\u2019]*$"
)
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")


def trimmed(texts: pa.Array) -> pa.Array:
    """Without white space (Unicode's) at both ends."""
    return pc.utf8_trim_whitespace(texts)


def lower(texts: pa.Array) -> pa.Array:
    """Trimmed, in lower case."""
    return pc.utf8_lower(trimmed(texts))


def words(texts: pa.Array) -> pa.Array:
    """Trimmed, each word with a capital first letter and small ones after it.

    A word is a run of letters, digits and combining marks: `o'brien jean-luc 3rd`, `O'Brien Jean-Luc 3rd`.
    """
    texts = trimmed(texts)
    capitalised = pc.utf8_title(texts)
    simple = pc.match_substring_regex(texts, _SIMPLE_NAME)
    if pc.all(simple).as_py() is not False:
        return capitalised
    rare = pc.invert(simple)
    exact = [capitalise_words(text) for text in texts.filter(rare).to_pylist() if text is not None]
    return pc.replace_with_mask(capitalised, pc.fill_null(rare, False), pa.array(exact, texts.type))


def capitalise_words(text: str) -> str:
    """The rule of `words` for one text."""
    return _WORD.sub(lambda word: word.group()[:1].title() + word.group()[1:].lower(), text)


FORMS: dict[str, Callable[[pa.Array], pa.Array]] = {"trimmed": trimmed, "lower": lower, "words": words}
