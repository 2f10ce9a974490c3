"""Values of a declared column, from text in the way that it declares or from Arrow's own types."""

from typing import Final

import pyarrow as pa

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import Scalar, column_type
from tributary.kernels.formats.exact_text import plain, texts_of
from tributary.kernels.transform import arrow_values
from tributary.kernels.transform.glue_types import Cast
from tributary.kernels.transform.text_forms import FORMS
from tributary.kernels.transform.text_values import text_values

_STRING: Final = Scalar("string")


def column_values(found: pa.Array, column: InputColumn, *, empty_is_null: bool) -> Cast:
    """The values of a field as those of its column, each exactly or not at all.

    With `empty_is_null` an empty text is no value of any type but string.
    """
    kind = column_type(column.type, column.keys)
    texts = plain(found)
    if pa.types.is_string(texts.type):
        return text_values(texts, kind, column, empty_is_null=empty_is_null)
    if kind == _STRING and column.text in FORMS:
        return Cast(FORMS[column.text](texts_of(found)), None)
    return arrow_values.cast(found, kind, column.zone or "UTC")
