"""Temporary folders, and the removal of those that killed processes left: a job may run for days."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"tributary-[a-z]+-(\d+)-.+")


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """Create a folder of this process, removed at the end; first remove those of ended processes."""
    for folder in Path(tempfile.gettempdir()).iterdir():
        owner = _NAME.fullmatch(folder.name)
        if owner and not _lives(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"tributary-{purpose}-{os.getpid()}-") as name:
        yield Path(name)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
