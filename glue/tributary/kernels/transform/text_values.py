"""Texts as values of declared types, by the way in which a dataset says that they are written."""

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import ColumnType, DecimalType, Scalar
from tributary.kernels.transform.glue_types import Cast
from tributary.kernels.transform.nested_types import cast
from tributary.kernels.transform.text_forms import FORMS
from tributary.kernels.transform.text_times import dates_of, instants_of, timestamps_of


def text_values(texts: pa.Array, kind: ColumnType, column: InputColumn, *, empty_is_null: bool) -> Cast:
    """The texts as values of the column's type, each exactly or not at all; docs/datasets.md has the rules.

    With `empty_is_null` an empty text is no value of any type but string. Raises `DeclarationError` for a
    date format or a zone that nobody can read by.
    """
    if kind == Scalar("string"):
        return Cast(FORMS[column.text](texts) if column.text in FORMS else texts, None)
    given = pc.if_else(pc.equal(texts, ""), None, texts) if empty_is_null else texts
    values = _values(given, kind, column)
    if values.null_count == given.null_count:
        return Cast(values, None)
    return Cast(values, pc.and_(pc.is_valid(given), pc.is_null(values)))


def _values(texts: pa.Array, kind: ColumnType, column: InputColumn) -> pa.Array:
    match kind:
        case Scalar("boolean") if column.true_words is not None or column.false_words is not None:
            return _booleans(texts, column.true_words or ("true",), column.false_words or ("false",))
        case Scalar("date") if column.dates != ("iso",):
            return dates_of(texts, column.dates)
        case Scalar("timestamp"):
            return timestamps_of(texts, column.dates, column.zone)
        case Scalar("instant"):
            return instants_of(texts, column.dates, column.zone)
        case Scalar("int" | "bigint" | "double") | DecimalType():
            return cast(_plain_numbers(texts, column), kind).values
    return cast(texts, kind).values


def _booleans(texts: pa.Array, true: tuple[str, ...], false: tuple[str, ...]) -> pa.Array:
    lower = pc.utf8_lower(texts)
    is_true, is_false = (
        pc.is_in(lower, pa.array([word.lower() for word in words], texts.type)) for words in (true, false)
    )
    return pc.if_else(pc.or_(is_true, is_false), is_true, None)


def _plain_numbers(texts: pa.Array, column: InputColumn) -> pa.Array:
    """The numbers as JSON writes them; null where signs are not the declared ones, or groups not of three."""
    if column.decimal == "." and column.grouping is None:
        return texts
    decimal = rf"\x{{{ord(column.decimal):x}}}"
    digits = "[0-9]+"
    if column.grouping is not None:
        digits = rf"(?:[0-9]{{1,3}}(?:\x{{{ord(column.grouping):x}}}[0-9]{{3}})+|[0-9]+)"
    fits = pc.match_substring_regex(texts, rf"^-?{digits}(?:{decimal}[0-9]+)?(?:[eE][+-]?[0-9]+)?$")
    numbers = pc.if_else(fits, texts, None)
    if column.grouping is not None:
        numbers = pc.replace_substring(numbers, column.grouping, "")
    return pc.replace_substring(numbers, column.decimal, ".")
