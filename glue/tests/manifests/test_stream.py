"""What the streaming job does to manifests, on the emulator."""

import gzip

from tests.support.job import finish_job, start_script
from tests.support.manifests import EVEN, SCRIPT, ManifestWorld, lines
from tests.support.waiting import wait_for


def test_turns_a_manifest_into_one_parquet_object_and_accounts_for_every_line(world: ManifestWorld) -> None:
    world.upload("c.ndjson.gz", gzip.compress(lines({"id": "3", "n": 1.50, "Late": [1, 2]})))
    key = world.files(a=lines({"id": "1", "v": {"x": 1}}, "", "{broken", {"id": "2"}), b=b"\n \r\n\t")
    world.run()
    sources = ("_source_file", "_source_version", "_source_revision")
    rows = [{name: value for name, value in row.items() if name not in sources} for row in world.rows()]
    nothing = {"v": None, "n": None, "__late": None}
    assert rows == [
        {"_source_line": 1, "id": "1", **nothing, "v": '{"x": 1}'},
        {"_source_line": 4, "id": "2", **nothing},
        {"_source_line": 1, "id": "3", **nothing, "n": "1.5", "__late": "[1, 2]"},
    ]
    [letter] = world.dead_letters()
    told = [letter[name] for name in ("line", "offset", "raw_text", "reason")]
    assert told == [3, 28, "{broken", "not-json"]
    assert world.account() == EVEN
    assert world.waiting() == (0, 0)
    [event] = world.processed()
    assert [event[name] for name in ("manifest", "rows", "dead_letters", "files")] == [key, 3, 1, 3]


def test_runs_as_glue_runs_it_until_it_is_told_to_stop(world: ManifestWorld) -> None:
    world.files(a=lines({"id": "1"}), b=lines({"id": "2"}))
    job = start_script(SCRIPT, world.arguments())
    wait_for(lambda: world.objects(world.curated, "tables/"))
    world.order(desired="stopped")
    code, log = finish_job(job)
    assert code == 0, log
    assert [line["event"] for line in log] == ["started", "received", "committed", "finished", "used"]
    assert log[-2]["why"] == "stopped"
    assert world.account() == EVEN
    assert world.waiting() == (0, 0)
