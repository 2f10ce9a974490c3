"""SQL functions for transforms, in addition to DuckDB's own: documented in docs/datasets.md.

The macros are plain SQL, so that a rule can be read and tried in any DuckDB shell.
"""

from collections.abc import Sequence

_SPACE = r"[\s\x{A0}\x{2007}\x{2009}\x{202F}]*"
_CURRENCY = r"(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3})"
_GROUPED = r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \x{A0}\x{2009}\x{202F}'\x{2019}]\d{3})+"
_NUMBER = rf"(?:(?:{_GROUPED}|\d+)(?:\.\d*)?|\.\d+)"
_MONEY = rf"(?:{_CURRENCY}{_SPACE})?{_NUMBER}(?:{_SPACE}{_CURRENCY})?"
AMOUNT = "|".join(
    [
        rf"(?:[+\-\x{{2212}}]{_SPACE})?{_MONEY}",
        rf"{_CURRENCY}{_SPACE}[+\-\x{{2212}}]{_SPACE}{_NUMBER}",
        rf"{_MONEY}{_SPACE}[\-\x{{2212}}]",
        rf"(?:{_CURRENCY}{_SPACE})?\({_SPACE}{_MONEY}{_SPACE}\)(?:{_SPACE}{_CURRENCY})?",
    ]
)
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = (
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|[Xx][Nn]--[A-Za-z0-9-]{{1,58}}[A-Za-z0-9])"
)


def macros(date_formats: Sequence[str]) -> list[str]:
    """The statements that create `is_email`, `to_amount` and `to_date`, the last with the formats given."""
    formats = ", ".join(_literal(date_format) for date_format in date_formats)
    return [
        f"""CREATE MACRO is_email(text) AS coalesce(
            regexp_full_match(text, {_literal(EMAIL)}) AND length(text) <= 254 AND strpos(text, '@') <= 65,
            false)""",
        r"""CREATE MACRO exact_amount(digits) AS CASE
            WHEN regexp_full_match(digits, '-?0*\d{0,14}(?:\.\d{0,4}0*)?')
            THEN TRY_CAST(digits AS DECIMAL(18,4))
            END""",
        f"""CREATE MACRO to_amount(text) AS CASE
            WHEN regexp_full_match(text, '-?\\d{{1,14}}(?:\\.\\d{{1,4}})?')
            THEN TRY_CAST(text AS DECIMAL(18,4))
            WHEN regexp_full_match(text, {_literal(AMOUNT)}) THEN exact_amount(
                CASE WHEN regexp_matches(text, '[(\\-\\x{{2212}}]') THEN '-' ELSE '' END
                || regexp_replace(text, '[^0-9.]', '', 'g'))
            END""",
        # DuckDB takes words such as "infinity" and "epoch" by any format, and gives a day of 1900 for them.
        # And of two digits for a year it makes one of the first century.
        f"""CREATE MACRO to_date(text) AS CASE
            WHEN regexp_matches(text, '[0-9]') AND try_strptime(text, [{formats}]) >= TIMESTAMP '1000-01-01'
            THEN try_strptime(text, [{formats}])::DATE
            WHEN try_strptime(text, [{formats}]) >= TIMESTAMP '0001-01-01'
            AND contains(text, strftime(try_strptime(text, [{formats}]), '%Y'))
            THEN try_strptime(text, [{formats}])::DATE END""",
    ]


def date_format_check(date_format: str) -> str:
    """A query that is true when the format carries every day there and back."""
    text = _literal(date_format)
    return f"SELECT try_strptime(strftime(DATE '2024-12-31', {text}), {text})::DATE = DATE '2024-12-31'"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
