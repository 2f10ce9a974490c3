"""What is left of temporary folders."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.job import GLUE
from tributary.running.temporary import temporary_folder

KILLED = """
import os
from tributary.running.temporary import temporary_folder
with temporary_folder("test") as folder:
    (folder / "file").touch()
    os._exit(9)
"""


def test_removes_what_killed_processes_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        tmp_path / f"tributary-test-{os.getppid()}-x",
        tmp_path / "tributary-pool-12",
        tmp_path / "else",
    ]
    for other in others:
        other.mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", KILLED], cwd=GLUE, env=environment, check=False)
    assert len(list(tmp_path.iterdir())) == 4
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder("test") as folder:
        assert set(tmp_path.iterdir()) == {*others, folder}
    assert set(tmp_path.iterdir()) == set(others)
