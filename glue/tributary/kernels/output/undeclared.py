"""Undeclared keys as columns: as many as the table admits, and the others in one column of JSON."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tributary.kernels.formats.exact_text import texts_of
from tributary.kernels.output.catalog_names import KeyNames, catalog_name
from tributary.terminal import visible_json

OTHER_COLUMN: Final = "_other"
"""Column of the keys that have none of their own: a JSON object of their exact texts, null without any."""

USUAL_CAP: Final = 500
"""Undeclared columns that a table may have where no setting says otherwise."""

_SHARES = 5
_OTHERS_NAMED = 10_000
_KEY_LENGTH = 101
_CONTROLS = r"[\x00-\x1f]"


class ColumnRegistry(Protocol):
    """The undeclared columns that a table may have, by their catalog names."""

    @property
    def columns(self) -> frozenset[str]:
        """Those admitted so far."""

    @property
    def cap(self) -> int:
        """How many there may be."""

    def admit(self, names: Sequence[str]) -> None:
        """Admit the names, none of them admitted yet, as far as there is room, the first ones first."""


class LocalColumns:
    """A registry of its own, empty at first."""

    def __init__(self, cap: int = USUAL_CAP) -> None:
        self.columns: frozenset[str] = frozenset()
        self.cap = cap

    def admit(self, names: Sequence[str]) -> None:
        """Admit the names, up to the cap."""
        self.columns |= frozenset(names[: self.cap - len(self.columns)])


def shown_key(key: str) -> str:
    """Return a key in quotes, cut at 100 characters, with what cannot be seen by code point."""
    return visible_json(key if len(key) < _KEY_LENGTH else f"{key[: _KEY_LENGTH - 1]}…")


class UndeclaredColumns:
    """Places the undeclared keys of an output, which come in the order of the input.

    A key asks for a column with the first row that has a value for it; rows that were rejected ask for none.
    A file may bring a fifth of what the registry may have, so that none uses it up. What is beyond may come
    with a later file, and is a column from there on.
    """

    def __init__(self, registry: ColumnRegistry, reserved: AbstractSet[str]) -> None:
        """No column gets a name of `reserved`."""
        self._registry = registry
        self._share = -(-registry.cap // _SHARES)
        self._reserved = reserved | {OTHER_COLUMN}
        self._brought: Counter[int] = Counter()
        self._is_full = False
        self.names = KeyNames(self._reserved)
        self.new: list[str] = []
        self.others: dict[str, None] = {}
        self.other_rows = 0

    def narrowed(
        self, rows: pa.RecordBatch, declared: Collection[str]
    ) -> tuple[pa.RecordBatch, pa.Array | None]:
        """Return the rows of a file without keys that can have no column, and these as JSON objects.

        No table is wider than declared columns and cap. So of wider rows the declared keys are kept, those
        with columns, and as many others as two files may bring: what is kept may still be rejected.
        """
        if rows.num_columns <= len(declared) + self._registry.cap:
            return rows, None
        keys, admitted = rows.schema.names, self._registry.columns
        asking = [key for key in keys if key not in declared and self._name(key) not in admitted]
        beyond = frozenset(asking[2 * self._share :])
        if not beyond:
            return rows, None
        others = {
            key: texts_of(column) for key, column in zip(keys, rows.columns, strict=True) if key in beyond
        }
        self._note(key for key, texts in others.items() if texts.null_count < len(texts))
        return rows.select([key for key in keys if key not in beyond]), texts_as_json(others)

    def placed(
        self, undeclared: Mapping[str, pa.Array], sources: pa.Array, others: pa.Array | None = None
    ) -> dict[str, pa.Array]:
        """Return the columns of some rows, from the texts of their keys and the numbers of their files.

        The numbers rise, and `others` are keys that were taken out before. `names` then has the keys with
        columns, `new` the names that were admitted here, `others` the first keys without one, cut at 101
        characters; `other_rows` counts the rows with such.
        """
        names = {key: self._name(key) for key in undeclared}
        admitted = self._registry.columns if undeclared else frozenset()
        if unknown := {names[key]: text for key, text in undeclared.items() if names[key] not in admitted}:
            self._ask(unknown, sources)
            admitted = self._registry.columns
        columns = {self.names[key]: undeclared[key] for key, name in names.items() if name in admitted}
        left = {key: undeclared[key] for key, name in names.items() if name not in admitted}
        return columns | self._gathered(left, others)

    def _name(self, key: str) -> str:
        return self.names.known(key) or catalog_name(key, self._reserved)

    def _ask(self, unknown: Mapping[str, pa.Array], sources: pa.Array) -> None:
        wanted = list(self._wanted(unknown, sources))
        if wanted:
            before = self._registry.columns
            self._registry.admit(wanted)
            # Once there was no room, none is asked for again: rows must not depend on when it comes back.
            self._is_full = not self._registry.columns.issuperset(wanted)
            self.new += [name for name in wanted if name in self._registry.columns and name not in before]

    def _wanted(self, unknown: Mapping[str, pa.Array], sources: pa.Array) -> dict[str, None]:
        """The names that the files ask for, in the order of rows and keys."""
        wanted: dict[str, None] = {}
        if self._is_full or not any(map(self._has_share, pc.unique(sources).to_pylist())):
            return wanted
        firsts = [
            (row, index, source, name)
            for index, (name, texts) in enumerate(unknown.items())
            for row, source in _first_rows(texts, sources)
        ]
        for _, _, source, name in sorted(firsts):
            if name not in wanted and self._has_share(source):
                self._brought[source] += 1
                wanted[name] = None
        return wanted

    def _has_share(self, source: int) -> bool:
        return self._brought[source] < self._share

    def _gathered(self, left: Mapping[str, pa.Array], others: pa.Array | None) -> dict[str, pa.Array]:
        present = {key: texts for key, texts in left.items() if texts.null_count < len(texts)}
        self._note(present)
        objects = texts_as_json(present) if present else None
        if objects is not None and others is not None:
            objects = _merged(objects, others)
        objects = others if objects is None else objects
        if objects is None or objects.null_count == len(objects):
            return {}
        self.other_rows += len(objects) - objects.null_count
        return {OTHER_COLUMN: objects}

    def _note(self, keys: Iterable[str]) -> None:
        room = _OTHERS_NAMED - len(self.others)
        self.others |= dict.fromkeys(key[:_KEY_LENGTH] for key in islice(keys, room))


def _first_rows(texts: pa.Array, sources: pa.Array) -> Iterator[tuple[int, int]]:
    """The first row of each source that has a value, and the source."""
    rows = pc.indices_nonzero(texts.is_valid())
    runs = pc.run_end_encode(sources.take(rows))
    starts = [0, *runs.run_ends.to_pylist()]
    for start, source in zip(starts, runs.values.to_pylist(), strict=False):
        yield rows[start].as_py(), source


def texts_as_json(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return the texts of each row as a JSON object of strings, by their keys; null where a row has none.

    The work is done for all keys at once: most of them have a value in few rows.
    """
    length = len(next(iter(columns.values())))
    texts = pa.concat_arrays(list(columns.values()))
    cells = pc.indices_nonzero(texts.is_valid()).cast(pa.int64())
    keys = pc.divide(cells, length)
    rows = pc.subtract(cells, pc.multiply(keys, length))
    members = pc.binary_join_element_wise(
        pa.array([f"{json.dumps(key, ensure_ascii=False)}:" for key in columns]).take(keys),
        _quoted(texts.take(cells)),
        "",
    )
    order = pc.array_sort_indices(rows)  # stable, so that the keys of a row keep their order
    runs = pc.run_end_encode(rows.take(order))
    offsets = pa.array([0, *runs.run_ends.to_pylist()], pa.int32())
    lists = pa.ListArray.from_arrays(offsets, members.take(order))
    objects = pc.binary_join_element_wise("{", pc.binary_join(lists, ","), "}", "")
    return objects.take(pc.index_in(pa.array(range(length), pa.int64()), runs.values))


def _merged(some: pa.Array, others: pa.Array) -> pa.Array:
    """Objects of both, whose keys differ."""
    joined = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(some, 0, -1), pc.utf8_slice_codeunits(others, 1), ","
    )
    return pc.coalesce(joined, some, others)


def _quoted(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    if pc.any(pc.match_substring_regex(texts, _CONTROLS)).as_py():
        for character in map(chr, range(0x20)):
            texts = pc.replace_substring(texts, character, json.dumps(character)[1:-1])
    return pc.binary_join_element_wise('"', texts, '"', "")
