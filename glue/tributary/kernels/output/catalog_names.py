"""Any JSON key as a column name that Glue, Athena and Parquet take, and back again.

A name holds `a` to `z`, `0` to `9` and `_` alone. Small letters and digits stand for themselves, and so does
an underscore before one of them or at the end; two underscores begin an escape:

| Escape | Stands for | Example |
|---|---|---|
| `__` and a letter | that letter as a capital | `userId` is `user__id` |
| `___` | an underscore before anything that is escaped, or before another one | `a__b` is `a____b` |
| `__0`, hex digits, `_` | the character of that code point | `a.b` is `a__02e_b` |
| `__0_`, nothing else | the empty key | |

Reading from the left, each step is told by at most three characters, so a name is the name of one key only.
Two things are added, both reported by the callers: a key whose name is reserved has its first character as a
code point (`line` becomes `__06c_ine`), which reads back alike; and a key whose name would be longer than
Glue takes is `__1`, its SHA-256 in hex, `_` and the beginning of the name: unique as well, but not readable
back.
"""

import hashlib
import json
import re
from collections.abc import ItemsView
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

MAXIMUM_LENGTH = 255
"""Characters of a column name in the Glue Data Catalog (its API's `NameString`)."""

_PLAIN = re.compile(r"_?[a-z0-9]+(?:_[a-z0-9]+)*_?")
_TOKEN = re.compile(
    r"__(?:(?P<capital>[a-z])|(?P<underscore>_)|0(?P<code>10[0-9a-f]{4}|[0-9a-f]{1,5})_)|(?P<plain>[a-z0-9]|_(?!_))"
)
_EMPTY = "__0_"
_SHORTENED = "__1"
_SHOWN = 50
_NAMES_CACHED = 1 << 14


def catalog_name(key: str, reserved: AbstractSet[str] = frozenset()) -> str:
    """The column name of a key, never one of `reserved`, of at most 255 characters."""
    if len(key) > MAXIMUM_LENGTH:
        # No name is shorter than its key, and of a long one the beginning is enough.
        return _shortened(key, _escaped(key[: MAXIMUM_LENGTH + 1]))
    return _usual_name(key, reserved)


@lru_cache(_NAMES_CACHED)
def _usual_name(key: str, reserved: AbstractSet[str]) -> str:
    name = key if _PLAIN.fullmatch(key) else _escaped(key) or _EMPTY
    if name in reserved:
        name = _code(key[0]) + _escaped(key[1:])
    return name if len(name) <= MAXIMUM_LENGTH else _shortened(key, name)


def key_of(name: str) -> str:
    """The key that a column name stands for.

    Raises `ValueError` for what is no such name, and for the name of a key that was too long.
    """
    if name == _EMPTY:
        return ""
    key = []
    position = 0
    while position < len(name):
        token = _TOKEN.match(name, position)
        if token is None:
            raise ValueError(f'"{name}" is not the name of a key: what begins at character {position + 1}?')
        key.append(_character(token))
        position = token.end()
    if not key:
        raise ValueError('"" is not the name of a key; the empty key is "__0_"')
    return "".join(key)


@dataclass(slots=True)
class KeyNames:
    """Catalog names of the keys of one output, each computed once; exceptions from the rule are noted."""

    reserved: AbstractSet[str] = frozenset()
    notes: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        if key not in self._names:
            name = self._names[key] = catalog_name(key, self.reserved)
            self._note(key, name)
        return self._names[key]

    def known(self, key: str) -> str | None:
        """The name of a key that was asked for before."""
        return self._names.get(key)

    def items(self) -> ItemsView[str, str]:
        """Keys and names, in the order first asked for."""
        return self._names.items()

    def _note(self, key: str, name: str) -> None:
        shown = json.dumps(key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…", ensure_ascii=False)
        if name.startswith(_SHORTENED):
            self.notes.append(
                f"the key {shown} of {len(key)} characters is too long for a column name: {name}"
            )
        elif name != catalog_name(key):
            self.notes.append(f"the key {shown} has the name of another column: {name}")


def _escaped(key: str) -> str:
    return "".join(_piece(character, following) for character, following in pairwise([*key, ""]))


def _piece(character: str, following: str) -> str:
    if "a" <= character <= "z" or "0" <= character <= "9":
        return character
    if "A" <= character <= "Z":
        return f"__{character.lower()}"
    if character == "_":
        return "_" if not following or _PLAIN.fullmatch(following) else "___"
    return _code(character)


def _code(character: str) -> str:
    return f"__0{ord(character):x}_"


def _shortened(key: str, name: str) -> str:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{_SHORTENED}{digest}_{name}"[:MAXIMUM_LENGTH]


def _character(token: re.Match[str]) -> str:
    if token["capital"]:
        return token["capital"].upper()
    if token["code"]:
        return chr(int(token["code"], 16))
    return "_" if token["underscore"] else token["plain"]
