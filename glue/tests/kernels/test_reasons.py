"""Sentences on rejected records: the cause and the place of each kind of near-JSON."""

import json
import re
import time
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson.batch import MESSAGES
from tributary.kernels.formats.ndjson.parse import parse
from tributary.kernels.formats.ndjson.reasons import explain, explained
from tributary.kernels.record_limits import RecordLimits

LIMITS = RecordLimits()

NOT_JSON: dict[str, str] = {
    "{'a':1}": 'column 2: "\'" where a key is expected: texts stand in double quotes',
    "{\"a\":'x'}": 'column 6: "\'" where a value is expected: texts stand in double quotes',
    '{"a":NaN}': 'column 6: the word "NaN", which JSON does not have: write null, or a text',
    '{"a":-Infinity}': 'column 6: the word "-Infinity", which JSON does not have: write null, or a text',
    '{"a":None}': 'column 6: the word "None", which JSON does not have: it has null',
    '{"a":False}': 'column 6: the word "False", which JSON does not have: it has false',
    '{"a":yes}': 'column 6: the word "yes", which JSON does not have',
    '{"a":1,}': 'column 8: a comma too many before "}"',
    '{"a":[1,]}': 'column 9: a comma too many before "]"',
    '{"a":1,,"b":1}': "column 8: a comma too many",
    '{"a":1 "b":1}': "column 8: a comma is missing before '\"'",
    '{"a":[{} {}]}': 'column 10: a comma is missing before "{"',
    '{"a" 1}': 'column 6: "1" where a colon is expected',
    '{"a"=1}': 'column 5: "=" where a colon is expected',
    '{"a":}': 'column 6: "}" where a value is expected',
    "{a:1}": 'column 2: the key "a" without quotes',
    "{1:1}": 'column 2: "1" where a key is expected',
    '{"a":01}': 'column 7: the number "01" is not written as in JSON: it begins with 0',
    '{"a":.5}': 'column 6: the number ".5" is not written as in JSON: a digit is missing before the point',
    '{"a":5.}': 'column 7: the number "5." is not written as in JSON: a digit is missing behind the point',
    '{"a":+1}': 'column 6: the number "+1" is not written as in JSON: it has a plus sign',
    '{"a":0x1F}': 'column 7: the number "0x1F" is not written as in JSON: it is not decimal',
    '{"a":1_000}': 'column 7: the number "1_000" is not written as in JSON',
    '{"a":-}': 'column 6: the number "-" is not written as in JSON',
    '{"a":"x\ty"}': "column 8: U+0009 (a control character) in "
    "the text that begins at column 6: it is written \\u0009",
    '{"a":"\\x41"}': "column 7: the escape \\x, which JSON does not have, in "
    "the text that begins at column 6",
    '{"a":"\\u12"}': "column 7: the escape \\u12, which JSON does not have, in "
    "the text that begins at column 6",
    '{"a":"it\\\'s"}': "column 9: the escape \\', which JSON does not have, in "
    "the text that begins at column 6",
    '{"a":"x"y"}': 'column 9: "y" behind the end of a text: a quote in a text is written \\"',
    '{"a":"x': "column 8: the text that begins at column 6 is not closed",
    '{"a":1': "column 7: it ends with a bracket open, as if cut off",
    '{"a":{"b":[': "column 12: it ends with 3 brackets open, as if cut off",
    '{"a":[1}': 'column 8: "}" where a comma or "]" is expected',
    '{"a":1}}': 'column 8: a closing "}" too many',
    '{"a":1},': "column 8: a comma behind the value, which is all of the record",
    '{"a":1} x': 'column 9: "x" behind the value, which is all of the record',
    '{"a":1} // c': "column 9: a comment, which JSON does not have",
    "# c": "column 1: a comment, which JSON does not have",
    '{"a":/* c */1}': "column 6: a comment, which JSON does not have",
    "hello": 'column 1: the word "hello", which JSON does not have',
    "<xml/>": 'column 1: "<" where a value is expected',
    "{“a”:1}": "column 2: U+201C (left double quotation mark) where a key is expected: "
    "texts stand in double quotes",
    '{"a":\N{NO-BREAK SPACE}1}': "column 6: U+00A0 (no-break space) where a value is expected",
    '{"a":1}\N{ZERO WIDTH SPACE}': "column 8: U+200B (zero width space) behind the value, "
    "which is all of the record",
    '\N{BYTE ORDER MARK}{"a":1}': "column 1: U+FEFF (zero width no-break space) where a value is expected",
    "\x1b[31m": "column 1: U+001B (a control character) where a value is expected",
    '{\n "a": 1\n "b": 2\n}': "line 3, column 2 of the record: a comma is missing before '\"'",
    '{\n "a": "x\n y"\n}': (
        "line 2, column 9 of the record: the text that begins at line 2, column 7 of the record is not closed"
        " on its line (a line break in a text is written \\n)"
    ),
}

OTHERS: dict[tuple[str, str], str] = {
    ("[1]", "not-an-object"): "the record is an array, not an object",
    ("null", "not-an-object"): "the record is null, not an object",
    ("-1", "not-an-object"): "the record is a number, not an object",
    ('"x"', "not-an-object"): "the record is a text, not an object",
    (r'"{\"a\":1}"', "not-an-object"): "the record is a text that holds JSON (encoded twice), not an object",
    ('{"a":1, "a":2}', "duplicate-key"): 'the key "a" stands twice, the second time at column 9',
    (
        r'{"\u001b":1,"\u001b":2}',
        "duplicate-key",
    ): r'the key "\u001b" stands twice, the second time at column 13',
    (r'{"a":["\ud800"]}', "lone-surrogate"): (
        r"the text at column 7 has a \u escape for half of a surrogate pair"
    ),
}


@pytest.mark.parametrize("text", NOT_JSON)
def test_says_what_is_wrong_with_near_json_and_where(text: str) -> None:
    assert explain(text.encode(), "not-json", LIMITS)[0] == f"not JSON at {NOT_JSON[text]}"


@pytest.mark.parametrize(("text", "reason"), OTHERS)
def test_says_more_of_every_other_reason(text: str, reason: str) -> None:
    assert explain(text.encode(), reason, LIMITS)[0] == OTHERS[text, reason]


def test_says_which_bytes_are_no_utf8_and_how_deep_is_too_deep() -> None:
    assert explain(b'{"a":"caf\xe9"}', "invalid-utf8", LIMITS)[0] == "not UTF-8: byte 10 of the record is E9"
    message, _ = explain(b'{"a":[[1]]}', "too-deep", replace(LIMITS, depth=2))
    assert message == "the bracket at column 7 opens level 3, one more than is read"


def messages(data: bytes, limits: RecordLimits = LIMITS) -> list[tuple[str, str | None]]:
    batches: list[FormatBatch] = list(explained(parse([data], limits), limits))
    return [(each["reason"], each["message"]) for batch in batches for each in batch.rejects.to_pylist()]


def test_leaves_the_general_sentence_where_the_record_alone_says_nothing() -> None:
    data = b'{"a":1}\n{"b":1}\n' + b"x" * 99
    limits = replace(LIMITS, keys=1, line_bytes=50)
    assert messages(data, limits) == [("too-many-keys", None), ("line-too-long", None)]


def test_explains_until_a_file_has_had_its_share() -> None:
    line = b'{"a":"%s",}\n' % (b"x" * 7_000)
    found = [message for _, message in messages(line * 60)]
    assert found[0] == 'not JSON at column 7009: a comma too many before "}"'
    assert 30 < found.count(found[0]) < 60
    assert set(found[-10:]) == {None}


@pytest.mark.parametrize("character", ["x", "é"])
def test_looks_at_no_more_of_a_record_than_its_file_has_left(character: str) -> None:
    record = f'{{"a":"{character * (2 << 20)}",}}'.encode()
    length = len(record[: 256 << 10].decode(errors="ignore"))
    assert messages(record) == [("not-json", f"not JSON, somewhere behind its first {length} characters")]
    before = b'{"a":"%s",}\n' % (b"x" * 200_000)
    (_, explained_whole), (_, cut) = messages(before * 2)
    assert (explained_whole or "").endswith('a comma too many before "}"')
    assert cut == f"not JSON, somewhere behind its first {(256 << 10) - 200_008 - 64} characters"


def test_tells_the_kind_of_a_record_that_is_longer_than_what_is_looked_at() -> None:
    record = b"[" + b"1," * (1 << 20) + b"1]"
    assert explain(record, "not-an-object", LIMITS) == ("the record is an array, not an object", 256 << 10)


def test_explains_a_flood_in_little_time() -> None:
    began = time.process_time()
    assert len(messages(b"x\n" * 100_000)) == 100_000
    assert time.process_time() - began < 20


JSON_WORDS = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"a"',
        '"b"',
        '"',
        "1",
        "-",
        "0.5",
        "true",
        "null",
        " ",
        "\n",
        "x",
        "\\",
        "é",
    ]
)
AGREED = {
    "Expecting ',' delimiter": "comma",
    "Expecting ':' delimiter": "colon",
}


@given(st.lists(JSON_WORDS, max_size=12).map("".join))
@example('{"a":1 "b":2}')
@example('{"a":[true 1]}')
@example('"\\\n{')
def test_finds_the_place_that_python_finds(text: str) -> None:
    record = text.strip().encode()
    for reason in MESSAGES:
        message, looked = explain(record, reason, LIMITS)
        assert looked <= len(text)
        assert message is None or message.isprintable()
    try:
        json.loads(record)
    except json.JSONDecodeError as error:
        message, _ = explain(record, "not-json", LIMITS)
        if error.msg in AGREED and message is not None:
            place = (
                f"column {error.colno}"
                if b"\n" not in record
                else f"line {error.lineno}, column {error.colno} "
            )
            assert re.match(rf"not JSON at {place}\b", message)
    else:
        # What Python takes, too, is rejected for its keys or its kind.
        assert not (explain(record, "not-json", LIMITS)[0] or "").startswith("not JSON at")


def test_changes_nothing_of_a_batch_but_its_messages() -> None:
    [before] = parse([b'{"a":1}\nx\n'], LIMITS, keep_lines=True)
    [after] = explained(iter([before]), LIMITS)
    assert (after.rows, after.positions) == (before.rows, before.positions)
    assert after.rejects.drop_columns(["message"]) == before.rejects.drop_columns(["message"])
    assert after.rejects["message"] == pa.array(
        ['not JSON at column 1: the word "x", which JSON does not have']
    )
