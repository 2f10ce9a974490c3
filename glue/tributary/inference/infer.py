"""The declaration that the given files show: format, columns, and what a reader should know of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tributary.errors import EmptyFileError, OtherFormatError, TributaryError
from tributary.expected import expected_at
from tributary.inference.columns import NULL_WORDS, Field, column_of, suggestions
from tributary.inference.csv_form import compared, csv_form, encoding_of
from tributary.inference.evidence import Evidence, Hint
from tributary.inference.files import batches_of, chunks_of, declared, head_of, rejects_in
from tributary.inference.json_form import is_json, json_form, kinds_of
from tributary.inference.names import column_name
from tributary.kernels.compression.streams import HEAD_BYTES, is_text
from tributary.kernels.sniffing import FormatKind, of_format

_BINARY: Final[dict[FormatKind, bytes]] = {"avro": b"Obj\x01", "parquet": b"PAR1", "orc": b"ORC"}
_MOST_COLUMNS: Final = 1_000
"""Fields beyond these stay undeclared: a file with so many has keys that are data."""

_MOST_KEY_COLUMNS: Final = 50
"""First columns that may be keys: all values of those that are wait in memory."""


@dataclass(slots=True)
class Inferred:
    """What a declaration says of format and columns, and sentences on what the evidence leaves open.

    `suggested` has what a pipeline may ask for: `time` and `key` are columns, `partition` is one with few
    values, and `values` are these.
    """

    format: dict[str, Any]
    columns: list[dict[str, Any]]
    notes: list[str]
    rows: int
    suggested: dict[str, Any]


class UnusedHintError(TributaryError):
    """A hint is of a column that the files do not have."""


def infer(files: Sequence[Path], hints: Mapping[str, Hint], reserved: Sequence[str], work: Path) -> Inferred:
    """Look at all rows of the files, which are of one format; `hints` are by a column's name or a field's.

    No column is called as one of `reserved`. Raises `WholeFileError` for a file that nobody can read,
    `OtherFormatError` where they differ in format, and `UnusedHintError`.
    """
    form, notes, names = _form(files, work)
    is_csv = form["kind"] == "csv"
    reading = _Reading(files, hints, frozenset({"line", *reserved}), names, work)
    fields = reading.fields(form, frozenset(["", *NULL_WORDS] if is_csv else []))
    if is_csv and any(word for each in fields if each.is_typed for word in each.evidence.null_words):
        if nulls := _nulls(fields):
            form["nulls"] = nulls
            notes.append(f"{_listed(nulls)} without quotes stands for null")
        fields = reading.fields(form, frozenset([""]))
    declarable = [each for each in fields if each.name is not None]
    notes += [
        f"the field {each.field} has no name of its own: kept as text" for each in fields if each.name is None
    ]
    if len(declarable) > _MOST_COLUMNS:
        notes.append(f"{len(declarable) - _MOST_COLUMNS} fields beyond {_MOST_COLUMNS} stay undeclared")
    columns = [column_of(each, form, notes) for each in declarable[:_MOST_COLUMNS]]
    suggested = suggestions(declarable[:_MOST_COLUMNS], columns, notes)
    unused = [name for name in hints if not any(name in (each.name, each.field) for each in declarable)]
    if unused:
        known = ", ".join(column["name"] for column in columns)
        raise UnusedHintError(expected_at("--column", f"one of {known}", unused[0]))
    return Inferred(form, columns, notes, reading.rows, suggested)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def _nulls(fields: Sequence[Field]) -> list[str]:
    """The texts that stand for null: they are amid values that are none of text, and in no text themselves.

    Those that mean nothing else may stand in texts, too.
    """
    amid_values = {word for each in fields if each.is_typed for word in each.evidence.null_words if word}
    texts = [each.evidence for each in fields if each.evidence.readings is not None and not each.is_typed]
    in_texts = {word for evidence in texts for word in evidence.null_words}
    return [
        word
        for word in NULL_WORDS
        if word in amid_values and (word in NULL_WORDS[:4] or word not in in_texts)
    ]


def _form(files: Sequence[Path], work: Path) -> tuple[dict[str, Any], list[str], Sequence[Sequence[str]]]:
    """The format, notes on it, and of CSV the names in the header of each file."""
    heads = [head_of(file) for file in files]
    kinds = [_kind(head) for head in heads]
    for file, kind in zip(files, kinds, strict=True):
        if kind != kinds[0]:
            wanted = f"a file of {kinds[0]}, as {files[0]} is (a dataset has one format)"
            raise OtherFormatError(expected_at(str(file), wanted, kind))
    if kinds[0] in _BINARY:
        return {"kind": kinds[0]}, [], ()
    heads = [b"".join(of_format(iter([head]), "csv")) for head in heads]
    if kinds[0] == "json":
        forms = [json_form(head) for head in heads if head.strip()]
        return _shared([form for form, _ in forms]), forms[0][1], ()
    encodings = [encoding_of(of_format(chunks_of(file), "csv")) for file in files]
    encoding = max(encodings, key=("utf-8", "windows-1252", "latin-1").index)
    found = [csv_form(head, encoding) for head in heads if head.strip()]
    if not found:
        raise EmptyFileError(expected_at(str(files[0]), "a file with rows", ""))
    form, notes, _ = found[0]
    if encoding != "utf-8":
        notes.append(f"the bytes are no UTF-8: read as {encoding}, so look whether accents are right")
    return _escaped(form, heads, work), notes, [names for _, _, names in found]


def _kind(head: bytes) -> FormatKind:
    for kind in _BINARY:
        if head.startswith(_BINARY[kind]) and not is_text(head[:HEAD_BYTES]):
            return kind
    return "json" if is_json(b"".join(of_format(iter([head]), "csv"))) else "csv"


def _shared(forms: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The form that all files have; where they differ, that which each file tells by itself."""
    if all(form == forms[0] for form in forms):
        return forms[0]
    return next((form for form in forms if "records" in form), {"kind": "json"})


def _escaped(form: dict[str, Any], heads: Sequence[bytes], work: Path) -> dict[str, Any]:
    """The form with a backslash as escape, where that makes records of what else are none."""
    if not any(b"\\" in head for head in heads):
        return form

    def rejects(form: Mapping[str, Any]) -> int:
        return sum(rejects_in(declared(form), head, work) for head in heads)

    escaped = {**form, "escape": "\\"}
    return escaped if rejects(escaped) < rejects(form) else form


@dataclass(slots=True)
class _Reading:
    """The reading of all files: once, and again where the first time has told more of the format."""

    files: Sequence[Path]
    hints: Mapping[str, Hint]
    reserved: frozenset[str]
    headers: Sequence[Sequence[str]]
    work: Path
    rows: int = 0

    def fields(self, form: Mapping[str, Any], words: frozenset[str]) -> list[Field]:
        """The fields in the order in which they first come; `words` are not judged in their values."""
        fields: dict[str, Field] = {}
        self.rows = 0
        is_json = form["kind"] in ("json", "ndjson")
        for file in self.files:
            for batch in batches_of(declared(form), chunks_of(file), self.work, keeps_bytes=is_json):
                for field in batch.rows.schema.names:
                    if field not in fields:
                        fields[field] = self._new(field, fields.values(), form, words)
                        fields[field].pass_rows(self.rows)
                    fields[field].take(batch.rows[field])
                for field in fields.keys() - set(batch.rows.schema.names):
                    fields[field].pass_rows(batch.rows.num_rows)
                self.rows += batch.rows.num_rows
                if is_json:
                    for key, kind in kinds_of(batch.positions["bytes"]):
                        if key in fields:
                            fields[key].evidence.kinds.add(kind)
        for each in fields.values():
            # what stands around the records is in none: a number there may have been a text
            if is_json and not each.evidence.kinds:
                each.evidence.kinds.add("string")
        return list(fields.values())

    def _new(
        self, field: str, before: Collection[Field], form: Mapping[str, Any], words: frozenset[str]
    ) -> Field:
        position = len(before) + 1
        taken = self.reserved.union(each.name for each in before if each.name)
        if not form.get("header", True):
            name = column_name(f"column_{position}", position, taken)
        elif form["kind"] == "csv" and not self._is_named_once(field):
            return Field(field, position, None, Evidence(None, words))
        else:
            name = column_name(field, position, taken)
        hint = self.hints.get(name, self.hints.get(field))
        evidence = Evidence(hint, words)
        if position > _MOST_KEY_COLUMNS:
            evidence.keys = None
        return Field(field, position, name, evidence)

    def _is_named_once(self, field: str) -> bool:
        counts = [list(names).count(compared(field)) for names in self.headers]
        return max(counts) == 1
