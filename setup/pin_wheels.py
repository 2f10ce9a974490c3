"""Resolves what jobs import to wheels for Glue 5.0 and prints them as JSON: [{"file": …, "sha256": …}].

The versions are those of the lock, and each wheel must be one that the lock vouches for.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

# Glue 5.0 is Amazon Linux 2023 with glibc 2.34; its newest wheels of use are built for glibc 2.28.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 26, 24, 17)] + ["manylinux2014_x86_64"]


def main() -> None:
    """Parse the command line, resolve, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--project", type=Path, required=True, help="the pyproject.toml whose dependencies are resolved"
    )
    parser.add_argument("--lock", type=Path, required=True, help="the lock with the versions and hashes")
    arguments = parser.parse_args()
    wanted: list[str] = tomllib.loads(arguments.project.read_text())["project"]["dependencies"]
    lock = arguments.lock.read_text()
    wheels = sorted((wheel_of(item) for item in resolve(wanted, lock)), key=lambda wheel: wheel["file"])
    for wheel in wheels:
        if f"sha256:{wheel['sha256']}" not in lock:
            sys.exit(
                f"{wheel['file']}, SHA-256 {wheel['sha256']}, is not in {arguments.lock}; renew that first"
            )
    print(json.dumps(wheels, indent=2))


def resolve(wanted: list[str], lock: str) -> list[dict[str, Any]]:
    """Return pip's report of what it would install on Glue for `wanted`, at the versions of `lock`."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(re.findall(r"^([\w.-]+==[^\s;]+)", lock, re.MULTILINE)))
        report = Path(folder, "report.json")
        platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
        subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
                *("--target", folder, "--report", report, "--constraint", constraints),
                *("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"),
                *platforms,
                *wanted,
            ],
            check=True,
            stdout=sys.stderr,
        )
        installed: list[dict[str, Any]] = json.loads(report.read_text())["install"]
        return installed


def wheel_of(item: dict[str, Any]) -> dict[str, str]:
    """Return the file and the checksum of one entry of pip's report."""
    download = item["download_info"]
    return {
        "file": download["url"].rsplit("/", 1)[-1],
        "sha256": download["archive_info"]["hashes"]["sha256"],
    }


if __name__ == "__main__":
    main()
