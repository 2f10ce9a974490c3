"""Names of columns, made of what the files call their fields."""

import re
import unicodedata
from collections.abc import Collection

_LONGEST = 63
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def column_name(field: str, position: int, taken: Collection[str]) -> str:
    """A lower-case name that none has taken: `cost_total` for `Cost Total $`, `item_count` for `itemCount`.

    A field without a letter or digit of ASCII gets its position, from 1.
    """
    plain = unicodedata.normalize("NFKD", field.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", _BETWEEN_WORDS.sub(" ", plain).lower())
    base = "_".join(words)[:_LONGEST].rstrip("_") or f"column_{position}"
    if not base[0].isalpha():
        base = f"c_{base}"[:_LONGEST]
    name, number = base, 1
    while name in taken:
        number += 1
        ending = f"_{number}"
        name = base[: _LONGEST - len(ending)] + ending
    return name
