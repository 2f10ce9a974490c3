"""Hides what a Glue job of ours does not install, and a test has for another reader of our files.

With pandas Arrow gives its times of nanoseconds as that one's, and without it no code may count on them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Hidden(MetaPathFinder):
    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> None:
        if name in ("numpy", "pandas"):
            raise ModuleNotFoundError(f"{name} is not there for jobs, and hidden from their tests", name=name)


sys.meta_path.insert(0, _Hidden())
