"""Lines of NDJSON as a shop's apps might send them: nested, in many scripts, some of them broken."""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache

#: Different lines before their event ids; a file goes round them from a place of its own.
_SHAPES = 2048
_PAGES = ("/", "/cart", "/search?q=blue+shoes", "/items/4711", "/account/orders", "/help/returns")
_REFERRERS = (None, "https://news.example.com/a?b=c&d=e", "android-app://mail")
_TITLES = (
    "Winter boots, size 42",
    "Kaffeemühle „Größe M“",
    "東京の夜景ポスター",
    "Ноутбук 15.6″",
    'A "quoted" \\ title',
    "emoji 🛒 and a tab\there",
)
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"

#: Every seventh file has a key that the others lack: a table's columns are no property of its first file.
_LATE_KEY = b',"campaign":"spring"'
_LATE_KEY_EVERY = 7

#: Ways to break a line; docs/ndjson.md names the reason of each: not-json, not-an-object, invalid-utf8,
#: not-json, lone-surrogate, duplicate-key.
_BREAKS: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line[: len(line) // 2],
    lambda line: b"[" + line + b"]",
    lambda line: line.replace(b'"page":"', b'"page":"\xff\xfe', 1),
    lambda line: line.replace(b'"count":', b'"count":NaN,"was":', 1),
    lambda line: line.replace(b'"page":"', b'"page":"\\ud800', 1),
    lambda line: line[:-1] + b',"event_id":"twice"}',
)


def blocks(seed: int, file: int, dirty: float) -> Iterator[tuple[list[bytes], set[int]]]:
    """Give a file's lines, endlessly: blocks with their line feeds, and which lines of each are broken.

    Each line is broken by a chance of `dirty`; where that is not 0, each block ends with a blank line, too.
    """
    rng = random.Random(f"{seed} {file}")  # noqa: S311
    shapes = _shapes(seed)
    late = _LATE_KEY if file % _LATE_KEY_EVERY == _LATE_KEY_EVERY - 1 else b""
    number = 0
    while True:
        turn = rng.randrange(_SHAPES)
        head = b'{"event_id":"%d-%d-%%d"%s' % (seed, file, late)
        lines = [head % (number + index) + shape for index, shape in enumerate(shapes[turn:] + shapes[:turn])]
        broken = {index for index in range(_SHAPES) if rng.random() < dirty} if dirty else set()
        for index in sorted(broken):
            lines[index] = rng.choice(_BREAKS)(lines[index].rstrip(b"\n")) + b"\n"
        if dirty:
            lines[-1] = b" \r\n"
            broken.discard(_SHAPES - 1)
        yield lines, broken
        number += _SHAPES


@cache
def _shapes(seed: int) -> list[bytes]:
    rng = random.Random(seed)  # noqa: S311
    return [_shape(rng) for _ in range(_SHAPES)]


def _shape(rng: random.Random) -> bytes:
    """Return what follows a line's event id. Numbers are texts that a double would not give back."""
    time = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000):03}Z"
    fields = {
        "user_id": f"u{rng.randrange(10**6)}",
        "time": time,
        "page": rng.choice(_PAGES),
        "referrer": rng.choice(_REFERRERS),
        "title": rng.choice(_TITLES),
        "mobile": rng.random() < 0.6,
        "place": {
            "country": rng.choice(["DE", "JP", "US"]),
            "point": [rng.randrange(90), rng.randrange(180)],
        },
        "tags": [f"t{rng.randrange(50)}" for _ in range(rng.randrange(6))],
        "agent": _AGENT,
    }
    if rng.random() < 0.1:
        fields["coupon"] = f"C{rng.randrange(10**8)}"
    escaped = rng.random() < 0.5
    text = json.dumps(fields, ensure_ascii=escaped, separators=(",", ":"))
    price = f"{rng.randrange(500)}.{rng.randrange(10)}0"
    session = rng.randrange(10**18, 10**19)
    return f',"count":{rng.randrange(9)},"price":{price},"session":{session},{text[1:]}\n'.encode()
