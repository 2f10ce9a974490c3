"""What the values of one field show, over all rows of all files, in bounded memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tributary.inference.readings import Reading, hinted, readings_of

MOST_KEYS = 50_000
"""First values of a column with which all others are compared."""

_MOST_VALUES = 50
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Hint:
    """What somebody says of a column: its type, and where it is a date or time perhaps its format."""

    type: str
    date_format: str | None = None


@dataclass(slots=True)
class Evidence:
    """The evidence on one field: which readings are left, and how many rows have which kind of value.

    Texts among `words` are counted in `null_words` and not judged. `kinds` are JSON's, of JSON alone.
    `refuted` is the text that took the last reading away, and what that reading was. `keys` has hashes of the
    values as long as none came twice, of so many at most; `values` has all, None where they are too many.
    """

    hint: Hint | None = None
    words: frozenset[str] = frozenset()
    rows: int = 0
    nulls: int = 0
    readings: list[Reading] | None = None
    proven: list[Reading] = field(default_factory=list)
    refuted: tuple[str, str] | None = None
    null_words: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    keys: set[int] | None = field(default_factory=set)
    values: set[str] | None = field(default_factory=set)

    @property
    def missing(self) -> int:
        """The rows without a value."""
        return self.nulls + self.null_words[""]

    def add(self, texts: pa.Array) -> None:
        """Take the texts of some rows, null where a row has no value."""
        self.rows += len(texts)
        self.nulls += texts.null_count
        found = texts.drop_null().value_counts()
        values = found.field("values")
        is_word = pc.is_in(values, pa.array(sorted(self.words), pa.string()))
        for entry in found.filter(is_word).to_pylist():
            self.null_words[entry["values"]] += entry["counts"]
        judged = values.filter(pc.invert(is_word))
        if len(judged):
            self._judge(judged)
            self._collect(judged.to_pylist(), is_once=pc.max(found.field("counts")).as_py() == 1)

    def _judge(self, texts: pa.Array) -> None:
        if self.readings is None:
            first = texts[0].as_py()
            hint = self.hint
            self.readings = readings_of(first) if hint is None else hinted(hint.type, hint.date_format, first)
        left: list[Reading] = []
        for reading in reversed(self.readings):
            misfit = reading.misfit(texts) if self.hint is None else reading.unreadable(texts)
            if misfit is not None:
                self.refuted = (misfit if len(misfit) <= _SHOWN else f"{misfit[:_SHOWN]}…", reading.type)
                continue
            left.insert(0, reading)
            if reading not in self.proven and reading.proves(texts):
                self.proven.append(reading)
        self.readings = left

    def _collect(self, values: Iterable[str], *, is_once: bool) -> None:
        texts = set(values)
        if self.values is not None:
            self.values = self.values | texts if len(self.values | texts) <= _MOST_VALUES else None
        if self.keys is not None:
            keys = set(map(hash, texts))
            if not is_once or not self.keys.isdisjoint(keys):
                self.keys = None
            elif len(self.keys) < MOST_KEYS:
                self.keys |= keys
