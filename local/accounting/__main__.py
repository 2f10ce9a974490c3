"""Accounts for every record of a pipeline: copies the outputs, compares them with the inputs.

Asks neither the jobs nor their statistics. The uploads come as a JSON list on standard input, in the order of
their uploading: dataset, bucket, key, version, and the path of the file as it was then.
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from local.accounting import ledger, manifests, uploads
from local.accounting.accounts import Accounts, copy_objects, first_rows
from local.accounting.clicks import ClicksRules
from local.accounting.customers import CustomersRules
from local.accounting.inputs import Upload
from local.accounting.ml_events import MlEventsRules
from local.accounting.rules import Rules
from local.accounting.shown_letters import letters_by_reason
from tributary.batch.names import processed_prefix
from tributary.datasets import load_dataset


def main(words: list[str]) -> None:
    """Copy, compare, and print the accounts of each dataset as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipeline", choices=["uploads", "manifests", "ledger"])
    parser.add_argument("--output", type=Path, required=True)
    for name in ("raw", "manifests", "curated", "quarantine"):
        parser.add_argument(f"--{name}", default="", help=f"the {name} bucket")
    parser.add_argument("--first-year", type=int, required=True)
    parser.add_argument("--last-year", type=int, required=True)
    arguments = parser.parse_args(words)
    by_dataset: defaultdict[str, list[Upload]] = defaultdict(list)
    for each in json.load(sys.stdin):
        by_dataset[each["dataset"]].append(Upload(**{**each, "path": Path(each["path"])}))
    years = range(arguments.first_year, arguments.last_year + 1)
    json.dump(
        {
            name: account_for(rules_of(name, years), of_dataset, arguments).__dict__
            for name, of_dataset in sorted(by_dataset.items())
        },
        sys.stdout,
    )


def rules_of(name: str, years: range) -> Rules:
    """Return the rules of a dataset; those with samples have rules of their own."""
    dataset = load_dataset(name)
    match name:
        case "customers":
            return CustomersRules(dataset)
        case "clicks":
            return ClicksRules(dataset)
        case "ml_events":
            return MlEventsRules(dataset, years)
    return Rules(dataset)


def account_for(rules: Rules, of_dataset: list[Upload], arguments: argparse.Namespace) -> Accounts:
    """Account for the files of one dataset."""
    name, prefix = rules.dataset.name, rules.dataset.prefix
    pipeline: str = arguments.pipeline
    outputs = {"Parquet": f"tables/{name}/"}
    if pipeline == "uploads":
        outputs["statistics"] = f"stats/{name}/"
    if rules.dataset.outputs.csv:
        outputs["CSV"] = f"csv/{name}/"
    kept = {
        "uploads": {"dead letters": f"dead-letters/{name}/", "quarantine": f"files/{name}/"},
        "manifests": {"dead letters": f"dead-letters/{name}/", "quarantine": "quarantine/"},
        "ledger": {"dead letters": ledger.MALFORMED, "quarantine": f"quarantine/{name}/"},
    }[pipeline]
    curated = copy_objects(arguments.curated, arguments.output / "curated", *outputs.values())
    quarantine = copy_objects(arguments.quarantine, arguments.output / "quarantine", *kept.values())
    accounts: Accounts
    places = [
        *((what, f"s3://{arguments.curated}/{each}") for what, each in outputs.items()),
        *((what, f"s3://{arguments.quarantine}/{each}") for what, each in kept.items()),
    ]
    if pipeline == "uploads":
        accounts = uploads.account_for(rules, of_dataset, curated, quarantine)
    elif pipeline == "manifests":
        accounts = manifests.account_for(rules, of_dataset, curated, quarantine)
        lists = copy_objects(arguments.manifests, arguments.output / "manifests", f"manifests/{name}/")
        accounts.manifests = count_manifests(lists / "manifests" / name)
        places.append(("manifests", f"s3://{arguments.manifests}/manifests/{name}/"))
    else:
        raw = ledger.raw_bucket(arguments.raw, prefix)
        accounts = ledger.account_for(rules, of_dataset, curated, quarantine, raw)
        places.append(("processed files", f"s3://{arguments.raw}/{processed_prefix(prefix)}"))
    accounts.letters = letters_by_reason(quarantine / kept["dead letters"], rules.dataset.prefix)
    accounts.firstRows = first_rows(curated / "tables" / name, rules.not_shown)
    accounts.places = places
    return accounts


def count_manifests(folder: Path) -> int:
    """Return the number of manifests that list files."""
    return sum(bool(json.loads(path.read_text())["entries"]) for path in folder.rglob("*.json"))


if __name__ == "__main__":
    main(sys.argv[1:])
