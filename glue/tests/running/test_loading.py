import subprocess
import sys
from pathlib import Path

import pytest

GLUE = Path(__file__).parents[2]

# without the packages of site, so whatever is not Python's own cannot be loaded
PROGRAM = """
import sys
sys.path.insert(0, {glue!r})
import {module}
print(*sorted(name for name in sys.modules if name.startswith("tributary.")))
"""


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("tributary.running.log", {"running", "running.clock", "running.log"}),
        ("tributary.errors", {"errors"}),
    ],
)
def test_to_log_or_to_name_an_error_loads_nothing_else(module: str, loaded: set[str]) -> None:
    program = PROGRAM.format(glue=str(GLUE), module=module)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert set(done.stdout.split()) == {f"tributary.{name}" for name in loaded}


@pytest.mark.parametrize("job", ["batch.run", "manifests.work", "uploads.work"])
def test_a_job_loads_the_reader_of_no_format_before_a_file_asks_for_it(job: str) -> None:
    program = f"import sys, tributary.{job}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=GLUE
    )
    loaded = set(done.stdout.split())
    assert loaded & {"fastavro", "pyorc", "pyarrow.orc", "tributary.kernels.formats.csv.file"} == set()
    assert "tributary.kernels.formats.reader" in loaded
