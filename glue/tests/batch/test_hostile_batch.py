"""The ledger pipeline: a thousand good files beside those of a hostile sender."""

import pytest

from tests.support.batches import FOLDER, BatchWorld, event
from tests.support.effort import cpu_seconds
from tests.support.hostile import GOOD_FILES, json_files, unreadable_files
from tests.support.manifests import lines
from tests.support.refusals import REFUSED, refusing

ROWS = 20


def upload_good(world: BatchWorld, folder: str) -> set[str]:
    """Upload a thousand files of 5 KB; return the identifiers of their rows."""
    for number in range(GOOD_FILES):
        records = [event(f"{folder}-{number}-{row}", day=1 + number % 3) for row in range(ROWS)]
        world.upload(f"{folder}/{number:04}.json", lines(*records))
    return {f"r{folder}-{number}-{row}" for number in range(GOOD_FILES) for row in range(ROWS)}


@pytest.mark.slow
def test_publishes_every_good_row_in_twice_the_time_at_most(batches: BatchWorld) -> None:
    settings = batches.settings(files=10_000)
    expected = upload_good(batches, "calm")
    calm = cpu_seconds(lambda: batches.run(settings=settings))
    expected |= upload_good(batches, "among")
    hostile = [*json_files(event("hostile")), *unreadable_files(lines(event("hidden")))]
    for file in hostile:
        batches.upload(file.name, file.body, **file.headers)
    with refusing(**REFUSED):
        beside = cpu_seconds(lambda: batches.run(settings=settings))
    found = [row["record_id"] for row in batches.rows() if row["record_id"] in expected]
    assert sorted(found) == sorted(expected)
    reasons = {key.removeprefix(FOLDER): why for key, why in batches.reasons().items()}
    assert reasons.keys() == {file.name for file in hostile if file.reasons}
    for file in hostile:
        assert not file.reasons or reasons[file.name] in file.reasons, file.name
    lines_found = batches.lines_found()
    assert set(lines_found.values()) == {1}
    empty = {"empty.json", "mark.json"}
    expected_files = {file.name for file in hostile if not file.reasons} - empty
    assert expected_files <= {key.removeprefix(FOLDER) for key, _, _ in lines_found}
    assert beside <= 2 * calm, f"{calm:.1f} s without a hostile sender, {beside:.1f} s beside one"
