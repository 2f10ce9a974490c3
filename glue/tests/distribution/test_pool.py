"""How the worker processes of the pool end."""

import subprocess
import sys

from tests.support.job import GLUE

# The workers take the end of their queue, as they may before the end of the pipe.
PROGRAM = """
from tributary.distribution.pool import _Pool
pool = _Pool(2, ".")
assert pool._executor.submit(abs, -2).result() == 2
pool._executor.shutdown()
"""


def test_ends_its_workers_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=GLUE, capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("", "")
