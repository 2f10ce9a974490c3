import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal

import pytest

from tests.support.job import GLUE
from tributary.errors import ArgumentsError
from tributary.running.arguments import read_arguments, read_run_id


@dataclass(frozen=True)
class Example:
    table: str
    engine: Literal["pool", "spark"]
    files: int
    formats: tuple[str, ...]
    note: str = "none"


GOOD = ["--table", "t", "--engine", "pool", "--files", "3", "--formats", "%d-%m-%Y, %Y-%m-%d"]


@pytest.mark.parametrize(
    "more", [[], ["--enable-metrics", "true", "--JOB_NAME", "x"], ["--enable-metrics"], ["word"]]
)
def test_reads_typed_arguments_and_leaves_the_rest(more: list[str]) -> None:
    expected = Example("t", "pool", 3, ("%d-%m-%Y", "%Y-%m-%d"))
    assert read_arguments(Example, more + GOOD) == read_arguments(Example, GOOD + more) == expected


@pytest.mark.parametrize(
    "more", [["--conf", "spark.ui.enabled=false"], ["--scriptLocation", "s3://b/k"], ["--mode=x"]]
)
def test_leaves_every_spelling_of_glue_to_glue(more: list[str]) -> None:
    assert read_arguments(Example, [*GOOD, *more]) == read_arguments(Example, GOOD)


def test_refuses_an_argument_that_the_job_does_not_have() -> None:
    with pytest.raises(ArgumentsError) as caught:
        read_arguments(Example, [*GOOD, "--tabel", "t", "--raw_bucket=other"])
    assert str(caught.value) == (
        'arguments: unknown key "tabel"; did you mean "table"?; '
        'arguments: unknown key "raw_bucket"; known are table, engine, files, formats, note'
    )


def test_reads_a_value_after_an_equals_sign_and_lets_the_last_one_count() -> None:
    assert read_arguments(Example, [*GOOD, "--files=4", "--note", "a=b"]) == Example(
        "t", "pool", 4, ("%d-%m-%Y", "%Y-%m-%d"), "a=b"
    )


def test_names_every_missing_and_wrong_argument_at_once() -> None:
    with pytest.raises(ArgumentsError) as caught:
        read_arguments(Example, ["--engine", "magic", "--files", "-1", "--table"])
    assert str(caught.value) == (
        '--table: expected a value, got ""; --engine: expected one of pool, spark, got "magic"; '
        '--files: expected a whole number of 0 or more, got "-1"; '
        "--formats is required: expected a comma separated list"
    )


def test_reads_the_run_id_that_glue_gives() -> None:
    assert read_run_id(["--JOB_RUN_ID", "jr_1"]) == "jr_1"
    with pytest.raises(ArgumentsError, match=r"^--JOB_RUN_ID is required: expected the run's id"):
        read_run_id(["--JOB_NAME", "x"])


def test_prints_the_arguments_of_a_job_as_json() -> None:
    command = [sys.executable, "-m", "tributary.running.arguments", "uploads_job"]
    printed = json.loads(subprocess.run(command, cwd=GLUE, capture_output=True, check=True).stdout)
    assert {"name": "uploads_table", "required": True} in printed
    assert len(printed) == 25
