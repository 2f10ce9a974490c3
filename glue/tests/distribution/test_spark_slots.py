"""Slots of Spark: one for as many cores as a task has. No Spark runs here; `test_engines` has one."""

from typing import Any

import pytest

from tributary.distribution import spark


class Context:
    """What the engine asks of Spark for its slots."""

    defaultParallelism = 16  # noqa: N815 Spark's own name

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings

    def getConf(self) -> dict[str, str]:  # noqa: N802 Spark's own name
        return self._settings


@pytest.mark.parametrize(
    ("parallelism", "settings", "slots"),
    [
        (0, {}, 16),
        (0, {"spark.task.cpus": "2"}, 8),
        (0, {"spark.task.cpus": "32"}, 1),
        (5, {"spark.task.cpus": "2"}, 5),
    ],
)
def test_has_one_slot_for_the_cores_of_a_task_unless_slots_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, parallelism: int, settings: dict[str, str], slots: int
) -> None:
    context: Any = Context(settings)
    monkeypatch.setattr(spark.SparkContext, "getOrCreate", lambda _: context)
    monkeypatch.setattr(spark, "SparkConf", _Conf)
    assert spark.SparkEngine(parallelism).slots == slots


class _Conf:
    """Settings that the engine makes, without a Java behind them."""

    def setIfMissing(self, *_: str) -> "_Conf":  # noqa: N802 Spark's own name
        return self

    def set(self, *_: str) -> "_Conf":
        return self
