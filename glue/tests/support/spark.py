"""Jobs on Spark as Glue runs them: the script alone, and the package as the zip that Glue ships."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.support.job import FAULTY_SITE, GLUE


def make_home(folder: Path) -> Path:
    """A folder that looks like the package's own: Spark's workers write into it."""
    home = folder / "spark"
    home.mkdir()
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    for entry in Path(spec.origin).parent.iterdir():
        (home / entry.name).symlink_to(entry)
    return home


def submit(
    script: Path, words: Sequence[str], home: Path, folder: Path, faults: str = ""
) -> subprocess.Popen[str]:
    """Start a job on two executor processes, from a folder that holds the script alone."""
    submitted = shutil.copy(script, folder)
    command = [str(home / "bin" / "spark-submit"), "--master", "local-cluster[2,1,1024]"]
    shipped = ["--py-files", str(_shipped_package(folder))]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(FAULTY_SITE) if faults else "",
        "TRIBUTARY_TEST_FAULTS": faults,
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Processes that live for seconds lose more by the better compiler, and threads of the collector, than
        # they gain: so a test takes 29 instead of 48 seconds of CPU.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    return subprocess.Popen(
        [*command, *shipped, submitted, *words],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )


def _shipped_package(folder: Path) -> Path:
    package = folder / "tributary.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for path in sorted((GLUE / "tributary").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(GLUE))
        for path in sorted((GLUE.parent / "datasets").rglob("*.*")):
            archive.write(path, "tributary/datasets/declared" / path.relative_to(GLUE.parent / "datasets"))
    return package
