"""The manifests pipeline: a thousand good files beside those of a hostile sender."""

import pytest

from tests.support.effort import cpu_seconds
from tests.support.hostile import GOOD_FILES, json_files, unreadable_files
from tests.support.manifests import EVEN, ManifestWorld, lines
from tests.support.refusals import REFUSED, refusing

MANIFESTS = 10


def upload_good(world: ManifestWorld, name: str) -> list[tuple[str, str]]:
    """Upload a thousand files of two rows; return their keys and versions."""
    records = [
        [{"id": f"{name}-{number}-{row}", "n": 1.5} for row in range(2)] for number in range(GOOD_FILES)
    ]
    files = {f"{name}-{number:04}.ndjson": lines(*rows) for number, rows in enumerate(records)}
    return [(world.key(file), world.upload(file, body)) for file, body in files.items()]


def work(world: ManifestWorld, files: list[tuple[str, str]]) -> float:
    """Publish a manifest of the files; return the CPU seconds that it took."""
    world.send(world.manifest(*(world.entry(*file) for file in files)))
    return cpu_seconds(world.run)


@pytest.mark.slow
def test_publishes_every_good_row_in_twice_the_time_at_most(world: ManifestWorld) -> None:
    hostile = [*json_files({"id": "hostile"}, of_lines=True), *unreadable_files(lines({"id": "hidden"}))]
    uploaded = [
        (world.key(file.name), world.upload(file.name, file.body, **file.headers)) for file in hostile
    ]
    good = upload_good(world, "calm")
    among = [*upload_good(world, "among"), *uploaded]
    # what the first work of a process takes is no part of either
    work(world, [(world.key("first"), world.upload("first", lines({"id": "first"})))])
    calm = beside = 0.0
    # by turns, so that what else the machine does slows both
    for number in range(MANIFESTS):
        calm += work(world, good[number::MANIFESTS])
        with refusing(**REFUSED):
            beside += work(world, among[number::MANIFESTS])
    assert world.waiting() == (0, 0)
    rows = [row["id"] for row in world.rows() if str(row["id"]).startswith(("calm", "among"))]
    assert len(rows) == len(set(rows)) == 4 * GOOD_FILES
    reasons = {key: reason["reason"] for key, reason in world.reasons().items()}
    assert reasons.keys() == {world.key(file.name) for file in hostile if file.reasons}
    for file in hostile:
        assert not file.reasons or reasons[world.key(file.name)] in file.reasons, file.name
    assert world.account() == EVEN
    assert beside <= 2 * calm, f"{calm:.1f} s without a hostile sender, {beside:.1f} s beside one"
