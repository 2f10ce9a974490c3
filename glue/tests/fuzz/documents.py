"""NDJSON documents for the fuzzer: made by a grammar, then broken, a function of the random numbers."""

import json
from itertools import pairwise
from random import Random

from tests.fuzz.cases import Case
from tributary.kernels.record_limits import RecordLimits

TOKENS = [
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"\\\\", b'\\"', b" ", b"\t", b"\r", b"\n", b"\r\n",
    b"\n\n", b"{}", b"[]", b'""', b'{"a":1}', b'"a":', b',"a":1', b',"b":"x"', b"null", b"true", b"false",
    b"nul", b"NaN", b"0", b"-", b"-0", b"1.10", b"1e5", b"01", b".", b"e", b"E+", b"12345678901234567890",
    b"/**/", b"'", b"\\u0061", b"\\u0000", b"\\u00e9", b"\\ud83d\\ude00", b"\\ud800", b"\\udc00", b"\\uZZZZ",
    b"\\u00", b"\\n", b"\\/", b"\\x", b"\x00", b"\x01", b"\x1f", b"\x7f", b"\xef\xbb\xbf",
    "é".encode(), "€".encode(), "😀".encode(), b"\x80", b"\xc0\xaf", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80",
    b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xff", b"[[[[", b"]]]]", b'{"a":{"a":', b"}}", b"}{", b"} {",
]  # fmt: skip
"""What mutations put in."""

_RUNS = [
    b" ",
    b"x",
    b"[",
    b'{"k":',
    b"\\\\",
    b'\\"',
    b"9",
    b"\r",
    b"\xc3\xa9",
    b"\x80",
    b"\\u0041",
    b"\n",
    b"\xff",
]
_LENGTHS = [1, 2, 3, 7, 8, 14, 15, 16, 17, 30, 31, 32, 33, 47, 48, 62, 63, 64, 65, 100, 127, 128, 129, 260]
_LETTERS = 'abcdefghij KXYZ_.-/"\\\n\t\0\x7fé€😀\u2028'
_HALVES = ["\\ud800", "\\udfff", "\\udc00\\ud800", "\\ud800\\u0041", "\\uD8", "\\uDBFF\\uDFFF", "\\\\ud800"]
_KEYS = ["id", "a", "b", "", "A", "a.b", "user", "é", 'key with "quotes"', "n\n", "😀", "x" * 40]
_KEYS += [
    "k" * 30,
    "k" * 31,
    "k" * 32,
    "k" * 33,
    "k" * 32 + "l",
    "k" * 31 + "\n",
    "k" * 30 + '"',
    "k" * 31 + "é",
]
_NUMBERS = ["0", "-0", "1.10", "-1.5e-7", "1E+5", "12345678901234567890", "0.1", "3", "42", "9" * 40]
_ENDS = [b"\n"] * 12 + [b"\r\n"] * 3 + [b"", b"", b" ", b"\r\r\n", b"\n\n", b"\n \t\n", b"\r"]

POOL_LINES = 400

MAXIMUM_BYTES = 1 << 20
"""Of a case."""


class Documents:
    """An endless supply of cases; the same chance gives the same cases."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._pool = [self._line() for _ in range(POOL_LINES)]

    def case(self) -> Case:
        chance = self._chance
        self._pool[chance.randrange(POOL_LINES)] = self._line()
        data = self._document()
        if chance.random() < 0.7:
            for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
                data = self._mutated(data)[:MAXIMUM_BYTES]
        return Case(tuple(self._cut(data)), self._limits(), chance.random() < 0.3)

    def _document(self) -> bytes:
        chance = self._chance
        count = chance.choice([1, 2, 5, 20, 60, 200, 600])
        lines = chance.choices(self._pool, k=count)
        end = chance.choice(_ENDS)
        mixed = chance.random() < 0.3
        ended = [line + (chance.choice(_ENDS) if mixed else end) for line in lines]
        if chance.random() < 0.3:
            ended[-1] = lines[-1]
        mark = b"\xef\xbb\xbf" if chance.random() < 0.05 else b""
        return mark + b"".join(ended)

    def _line(self) -> bytes:
        chance = self._chance
        kind = chance.random()
        if kind < 0.25:
            return self._record()
        if kind < 0.8:
            return self._object(chance.choice([0, 1, 1, 2, 3])).encode()
        if kind < 0.9:
            return b"".join(chance.choices(TOKENS, k=chance.randrange(12))).replace(b"\n", b"")
        if kind < 0.95:
            return self._value(2).encode()
        return bytes(
            chance.choices([0x20, 0x22, 0x5C, 0x7B, *range(256)], k=chance.choice(_LENGTHS))
        ).replace(b"\n", b"")

    def _record(self) -> bytes:
        """An event as applications write them."""
        chance = self._chance
        record = {
            "id": f"{chance.getrandbits(64):016x}",
            "at": f"2026-03-{chance.randrange(1, 29):02d}T12:34:56.{chance.randrange(10**6):06d}Z",
            "type": chance.choice(["click", "view", "purchase", "überweisung"]),
            "amount": round(chance.expovariate(0.01), 2),
            "user": {
                "id": chance.randrange(10**9),
                "name": self._text(12),
                "tags": [self._text(4) for _ in range(3)],
            },
            "ok": chance.random() < 0.5,
            "ref": None,
            "items": [
                {"sku": f"S-{n}", "price": chance.randrange(9999) / 100} for n in range(chance.randrange(3))
            ],
        }
        separators = chance.choice([(",", ":"), (", ", ": ")])
        return json.dumps(record, ensure_ascii=chance.random() < 0.5, separators=separators).encode()

    def _object(self, depth: int) -> str:
        chance = self._chance
        keys = chance.sample(_KEYS, chance.choice([0, 1, 1, 2, 3, 6]))
        if chance.random() < 0.2:
            keys.append(chance.choice([*_KEYS, f"k{chance.randrange(50)}"]))
        blank = chance.choice(["", "", "", " ", " \t", "\r "])
        members = (f"{blank}{self._string(key)}{blank}:{blank}{self._value(depth)}{blank}" for key in keys)
        return f"{{{','.join(members)}}}"

    def _value(self, depth: int) -> str:
        chance = self._chance
        kind = chance.randrange(10)
        if kind < 4:
            return self._string(self._text(chance.choice([0, 1, 5, 12, *_LENGTHS])))
        if kind < 6:
            return chance.choice(_NUMBERS)
        if kind < 8 or depth == 0:
            return chance.choice(["null", "true", "false"])
        if kind == 8:
            return self._object(depth - 1)
        return f"[{','.join(self._value(depth - 1) for _ in range(chance.randrange(4)))}]"

    def _text(self, most: int) -> str:
        letters = _LETTERS if self._chance.random() < 0.4 else "abc"
        return "".join(self._chance.choices(letters, k=self._chance.randint(0, most)))

    def _string(self, text: str) -> str:
        string = json.dumps(text, ensure_ascii=self._chance.random() < 0.4)
        if self._chance.random() < 0.01:
            return f'{string[:-1]}{self._chance.choice(_HALVES)}"'
        return string

    def _mutated(self, data: bytes) -> bytes:
        chance = self._chance
        at = chance.randint(0, len(data))
        to = min(len(data), at + chance.choice(_LENGTHS))
        match chance.randrange(9):
            case 0 if at < len(data):
                return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            case 1:
                return data[:at] + data[to:]
            case 2:
                return data[:at]
            case 3:
                return data[:to] + data[at:]
            case 4:
                other = chance.choice(self._pool)
                return data[:at] + other[chance.randint(0, len(other)) :] + data[to:]
            case 5:
                return data[:at] + chance.choice(_RUNS) * chance.choice(_LENGTHS) + data[at:]
            case 6:
                return data.replace(chance.choice(TOKENS), chance.choice(TOKENS), chance.choice([1, -1]))
            case 7:
                return data[:at] + chance.choice(TOKENS) + data[to:]
            case _:
                return data[:at] + chance.choice(TOKENS) + data[at:]

    def _cut(self, data: bytes) -> list[bytes]:
        chance = self._chance
        if chance.random() < 0.4:
            return [data]
        size = chance.choice([1, 2, 3, 5, 16, 17, 64, 100, 1000])
        if len(data) < 40 * size and chance.random() < 0.5:
            return [data[at : at + size] for at in range(0, len(data), size)]
        edges = [0, *sorted(chance.randint(0, len(data)) for _ in range(chance.randrange(1, 8))), len(data)]
        return [data[begin:end] for begin, end in pairwise(edges)]

    def _limits(self) -> RecordLimits:
        chance = self._chance
        large = RecordLimits()

        def drawn(usual: int, small: list[int]) -> int:
            return usual if chance.random() < 0.85 else chance.choice(small)

        return RecordLimits(
            line_bytes=drawn(large.line_bytes, [0, 1, 2, 7, 16, 31, 32, 33, 64, 100, 200]),
            kept_bytes=drawn(large.kept_bytes, [0, 1, 5, 16, 40, 64, 300]),
            depth=drawn(large.depth, [0, 1, 2, 3, 4, 8, 63, 64, 65]),
            keys=drawn(large.keys, [0, 1, 2, 3, 5, 8, 12, 30]),
            key_bytes=drawn(large.key_bytes, [0, 1, 5, 20, 60]),
            batch_lines=drawn(large.batch_lines, [1, 2, 3, 10, 100]),
            batch_bytes=drawn(large.batch_bytes, [1, 10, 100, 333, 1000, 5000]),
            batch_cells=drawn(large.batch_cells, [1, 5, 17, 64, 200, 900]),
            declared=tuple(chance.sample(_KEYS, chance.choice([0, 0, 1, 3]))),
        )
