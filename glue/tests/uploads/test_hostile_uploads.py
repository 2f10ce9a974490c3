"""The uploads pipeline: good files beside those of a hostile sender.

It works on each file by itself, so a tenth of a thousand good files tells what all of them take.
"""

import pytest

from tests.support.effort import cpu_seconds
from tests.support.hostile import GOOD_FILES, csv_files, unreadable_files
from tests.support.refusals import REFUSED, refusing
from tests.support.world import HEADER, World, customers

PREFIX = "input/customers/"
ROW = b"h,ann lee,ann@example.com,01-04-2025,125.50,active\n"


SHARE = 10


def upload_good(world: World, name: str) -> list[str]:
    """Upload a share of the good files, of two rows; return their keys."""
    keys = [f"{PREFIX}{name}-{number:04}.csv" for number in range(GOOD_FILES // SHARE)]
    for key in keys:
        world.upload(key, customers("1", "2"))
    return keys


@pytest.mark.slow
def test_publishes_every_good_row_in_twice_the_time_at_most(world: World) -> None:
    calm_keys = upload_good(world, "calm")
    calm = cpu_seconds(world.run)
    hostile = [*csv_files(HEADER.encode(), ROW), *unreadable_files(customers("1"))]
    versions = {
        file.name: world.upload(f"{PREFIX}{file.name}", file.body, **file.headers) for file in hostile
    }
    keys = upload_good(world, "among")
    with refusing(**REFUSED):
        beside = cpu_seconds(world.run)
    assert all(world.published_parquet(key) == ["1", "2"] for key in [*calm_keys, *keys])
    for file in hostile:
        item = world.item(f"{PREFIX}{file.name}", versions[file.name])
        assert item["status"] == ("quarantined" if file.reasons else "processed"), file.name
        if file.reasons:
            reason = world.reason(f"{PREFIX}{file.name}", versions[file.name])["reason"]
            assert reason in file.reasons, file.name
        else:
            counts = item["counts"]
            assert counts["input_count"] == counts["output_count"] + counts["rejected_count"]
    more, all_good = beside - calm, SHARE * calm
    assert more <= all_good, f"{more:.1f} s for the hostile files, {all_good:.1f} s for the good ones"
