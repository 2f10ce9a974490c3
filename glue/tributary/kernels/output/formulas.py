"""Texts in a CSV file that a spreadsheet would take for a formula."""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

LEADING = ("=", "+", "-", "@", "\t", "\n", "\r", "\0", "＝", "＋", "－", "＠")
"""First characters by which spreadsheets know a formula, or which some of them skip before they look for one.

@see https://owasp.org/www-community/attacks/CSV_Injection (2026-11-30)
"""

_BLANKS = (
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""Characters that some importers strip before they look for a formula.

@see https://github.com/zvory/csv-safe/pull/25 (2026-11-30)
"""

_NUMBER = r"^[+-][0-9]+(\.[0-9]+)?$"
"""A number with its sign: what a spreadsheet makes of it is the same number."""


def escaped(texts: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """The texts, with an apostrophe before each that would be taken for a formula."""
    whole = texts.combine_chunks()  # a call of Arrow takes microseconds, and there are hundreds of chunks
    # most columns have but texts between these two, which two comparisons find out in 4 ns a text
    if not pc.any(pc.or_(pc.less(whole, "A"), pc.greater_equal(whole, "\u00a0"))).as_py():
        return texts
    suspects = _begins_with(whole, (*LEADING, *_BLANKS))
    if not pc.any(suspects).as_py():
        return texts
    told = pc.utf8_ltrim(whole, _BLANKS)
    formulas = pc.and_(_begins_with(told, LEADING), pc.invert(pc.match_substring_regex(told, _NUMBER)))
    return pc.if_else(formulas, pc.binary_join_element_wise("'", whole, ""), whole)


def _begins_with(texts: pa.Array, characters: Collection[str]) -> pa.Array:
    return pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), pa.array(characters))
