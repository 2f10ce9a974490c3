import argparse

import pytest

from tributary.expected import ABSENT, expected_at, option, unknown_key, whole_number


@pytest.mark.parametrize(
    ("got", "message"),
    [
        ("3x", 'n: expected a whole number, got "3x"'),
        ({"a": "ö"}, 'n: expected a whole number, got {"a": "ö"}'),
        ("x" * 198, f'n: expected a whole number, got "{"x" * 198}"'),
        ("x" * 199, f'n: expected a whole number, got "{"x" * 198}…'),
        ([7] * 5_000, f"n: expected a whole number, got [{'7, ' * 66}…"),
        (float("nan"), "n: expected a whole number, got NaN"),
        (float("-inf"), "n: expected a whole number, got -Infinity"),
        (2**64, "n: expected a whole number, got 18446744073709551616"),
        (None, "n: expected a whole number, got null"),
        (ABSENT, "n is required: expected a whole number"),
    ],
)
def test_says_where_what_was_expected_and_what_was_found(got: object, message: str) -> None:
    assert expected_at("n", "a whole number", got) == message


@pytest.mark.parametrize(
    ("key", "known", "way_out"),
    [
        ("colums", ["name", "columns"], 'did you mean "columns"?'),
        ("extra", ["name", "columns"], "known are name, columns"),
        ("extra", [], "known are none"),
    ],
)
def test_helps_with_an_unknown_key(key: str, known: list[str], way_out: str) -> None:
    assert unknown_key(key, known) == f'unknown key "{key}"; {way_out}'


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "²", "0"])
def test_an_option_says_what_it_expected(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--runs", type=option("a whole number of 1 or more", lambda one: whole_number(one, 1))
    )
    with pytest.raises(SystemExit):
        parser.parse_args([f"--runs={text}"])
    message = f'error: argument --runs: expected a whole number of 1 or more, got "{text}"\n'
    assert capsys.readouterr().err.endswith(message)
