"""Reasons of the NDJSON kernel for its rejects, whichever engine reads the lines."""

from typing import Literal

Reason = Literal[
    "line-too-long",
    "invalid-utf8",
    "not-json",
    "not-an-object",
    "too-deep",
    "lone-surrogate",
    "duplicate-key",
    "too-many-keys",
]
"""Why a line is a reject."""

MESSAGES: dict[Reason, str] = {
    "line-too-long": "the line is longer than {limits.line_bytes} bytes",
    "invalid-utf8": "the line is not valid UTF-8",
    "not-json": "the line is not JSON after RFC 8259",
    "not-an-object": "the line is JSON, but not an object",
    "too-deep": "the line nests deeper than {limits.depth} levels",
    "lone-surrogate": "a \\u escape gives half of a surrogate pair",
    "duplicate-key": "a top-level key stands twice in the line",
    "too-many-keys": "the line adds to {limits.keys} top-level keys, or to {limits.key_bytes} bytes of them",
}
"""A sentence for each reason, to be formatted with `limits`."""
