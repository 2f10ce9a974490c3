"""Jobs on Spark as Glue runs them: the script alone, and the package as the zip that Glue ships."""

import json
import re
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.support.job import FAULTY_SITE, GLUE, worker_variables


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
    shipped = ["--properties-file", str(_settings(folder)), "--py-files", str(_shipped_package(folder))]
    environment = {
        **worker_variables(),
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


def _settings(folder: Path) -> Path:
    """Settings by which none but this test's processes reach Spark's own, which would run anybody's code.

    In a file, for everybody sees the words of a command.
    """
    path = folder / "spark.conf"
    path.touch(mode=0o600)
    secret = secrets.token_hex(20)
    path.write_text(f"spark.authenticate true\nspark.authenticate.secret {secret}\nspark.ui.enabled false\n")
    return path


def _shipped_package(folder: Path) -> Path:
    package = folder / "tributary.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for path in sorted((GLUE / "tributary").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(GLUE))
        for path in sorted((GLUE.parent / "datasets").rglob("*.*")):
            archive.write(path, "tributary/datasets/declared" / path.relative_to(GLUE.parent / "datasets"))
        schema = GLUE.parent / "docs" / "dataset.schema.json"
        archive.write(schema, "tributary/datasets/dataset.schema.json")
    return package


def answer_to_a_stranger(home: Path) -> str:
    """Return the driver's answer to a message of somebody who does not know its secret."""
    listed = subprocess.check_output(["ps", "-Aww", "-o", "args="], text=True)
    [address, *_] = re.findall(rf"{re.escape(str(home))}/.* --driver-url spark://\w+@([\w.]+:\d+)", listed)
    host, _, port = address.partition(":")
    # of Spark's protocol: a frame's length, its type (a call), the call's number, and what is called
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack(">qbqib", 22, 3, 7, 1, 0))
        length, kind, number, _ = struct.unpack(">qbqi", answer.read(21))
        assert (kind, number) == (5, 7), "expected that the call failed"
        return answer.read(length - 21).decode()


_READING = """
import json, secrets, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.authenticate", "true")
builder = builder.config("spark.authenticate.secret", secrets.token_hex(20))
spark = builder.getOrCreate()
found = []
for path, *expressions in json.loads(sys.argv[1]):
    rows = spark.read.parquet(path).selectExpr(*expressions).collect()
    found.append([list(row) for row in rows])
print(json.dumps(found))
spark.stop()
"""


def read_with_spark(files: Sequence[tuple[Path, Sequence[str]]]) -> list[list[list[Any]]]:
    """What one Spark session with default settings, but for its secret, reads of each file."""
    asked = json.dumps([[str(path), *expressions] for path, expressions in files])
    done = subprocess.run(
        [sys.executable, "-c", _READING, asked],
        env={**worker_variables(), "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[list[list[Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found
