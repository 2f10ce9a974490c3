"""Dead letters as a person wants to see them: how many of each reason, and the first ones of it."""

import base64
from collections import Counter
from pathlib import Path
from typing import Any, TypedDict

from tributary.kernels.output.dead_letters import read_letters

SHOWN_LETTERS = 20
SHOWN_CHARACTERS = 500


class ShownLetter(TypedDict):
    """A dead letter, its record cut where it is long; `bytes` is how long it was."""

    key: str
    version: str
    line: int
    message: str
    text: str
    bytes: int


class ReasonLetters(TypedDict):
    """The dead letters of one reason."""

    reason: str
    count: int
    first: list[ShownLetter]


def letters_by_reason(folder: Path, prefix: str) -> list[ReasonLetters]:
    """Return the dead letters of files below a prefix, the most frequent reason first."""
    counts: Counter[str] = Counter()
    first: dict[str, list[ShownLetter]] = {}
    for path in sorted(folder.rglob("*.ndjson")):
        for letter in read_letters(path.read_bytes().splitlines()):
            if not letter["source_key"].startswith(prefix):
                continue
            reason = letter["reason"]
            counts[reason] += 1
            if counts[reason] <= SHOWN_LETTERS:
                first.setdefault(reason, []).append(_shown(letter))
    return [{"reason": reason, "count": n, "first": first[reason]} for reason, n in counts.most_common()]


def _shown(letter: dict[str, Any]) -> ShownLetter:
    if "raw_text" in letter:
        text: str = letter["raw_text"]
        size = len(text.encode())
    else:
        raw = base64.b64decode(letter["raw_base64"])
        text, size = raw.decode(errors="backslashreplace"), len(raw)
    return {
        "key": letter["source_key"],
        "version": letter["source_version"],
        "line": letter["line"],
        "message": letter["message"],
        "text": text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…",
        "bytes": letter.get("raw_length", size),
    }
