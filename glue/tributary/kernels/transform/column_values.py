"""Values of a declared column, from text in the way that it declares or from Arrow's own types."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tributary.datasets.declaration import InputColumn
from tributary.datasets.types import Scalar, column_type
from tributary.kernels.formats.csv.text import FORMS
from tributary.kernels.formats.exact_text import texts_of
from tributary.kernels.transform import arrow_values
from tributary.kernels.transform.glue_types import Cast

_STRING: Final = Scalar("string")


def column_values(found: pa.Array, column: InputColumn, *, empty_is_null: bool) -> Cast:
    """The values of a field as those of its column, each exactly or not at all.

    With `empty_is_null` an empty text is no value of any type but string.
    """
    kind = column_type(column.type)
    if kind == _STRING and column.text in FORMS:
        return Cast(FORMS[column.text](texts_of(found)), None)
    if empty_is_null and kind != _STRING and pa.types.is_string(found.type):
        found = pc.if_else(pc.equal(found, ""), None, found)
    return arrow_values.cast(found, kind, column.zone or "UTC")
