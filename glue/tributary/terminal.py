r"""All that a command prints goes through here, as in TypeScript through `setup/terminal.ts`.

What a terminal would obey, hide or reorder in the words of others is shown by code point, as `\u{1b}`.
"""

import argparse
import json
import sys
import traceback
from types import TracebackType
from typing import IO, TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's controls (C0, DEL, C1), formats (bidirectional, zero width, tags), lone surrogates, separators of
lines and paragraphs.
"""


def visible(text: str) -> str:
    """One line of `text`, line breaks and tabs shown, too: for a cell, whose width is then its length."""
    if text.isprintable():
        return text
    return "".join(f"\\u{{{ord(each):x}}}" if category(each) in _UNSEEN else each for each in text)


def visible_lines(text: str) -> str:
    """Lines of `text`: as `visible`, but for line feeds and tabs."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))


def visible_json(value: object, indent: int | None = None) -> str:
    r"""JSON of `value`, the same to whoever reads it, with `\u009b` for what cannot be seen.

    What JSON has no form for becomes its text.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return "\n".join("".join(map(_in_json, line)) for line in text.split("\n"))


def _in_json(character: str) -> str:
    if category(character) not in _UNSEEN:
        return character
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def show(text: str) -> None:
    """Print lines of text."""
    _write(visible_lines(text), sys.stdout)


def show_json(value: object, indent: int | None = None) -> None:
    """Print a value as JSON: on one line, or indented."""
    _write(visible_json(value, indent), sys.stdout)


def show_error(text: str) -> None:
    """Print lines of text about what goes on or wrong."""
    _write(visible_lines(text), sys.stderr)


def _write(text: str, stream: IO[str]) -> None:
    stream.write(f"{text}\n")
    stream.flush()


class Parser(argparse.ArgumentParser):
    """Reads the command line; what it says of wrong words is printed as all else."""

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        super()._print_message(visible_lines(message), file)


def guard() -> None:
    """Let an error that nobody catches be printed as all else."""
    sys.excepthook = _show_uncaught


def _show_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    show_error("".join(traceback.format_exception(kind, error, trace)).rstrip())
