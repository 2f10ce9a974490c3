"""Downloads one Terraform release, checks it against the published checksums, and unpacks the program.

Python rather than Node: it honours the proxy variables, and reads zip files without another package.
"""

import argparse
import hashlib
import io
import os
import sys
import urllib.request
import zipfile
from pathlib import Path

TIMEOUT_SECONDS = 60


def main() -> None:
    """Parse the command line and install; ends with a one-line reason on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--releases", required=True, help="where releases are published, such as https://host/terraform"
    )
    parser.add_argument("--version", required=True)
    parser.add_argument("--platform", required=True, help="such as linux_amd64")
    parser.add_argument(
        "--target", type=Path, required=True, help="the program's file, which appears only when whole"
    )
    arguments = parser.parse_args()
    try:
        install(arguments.releases, arguments.version, arguments.platform, arguments.target)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"{type(error).__name__}: {error}")


def install(releases: str, version: str, platform: str, target: Path) -> None:
    """Put the program of `version` at `target`.

    Raises:
        ValueError: the archive is not the published one, or this platform has none.
        OSError: it cannot be downloaded or written.

    """
    archive_name = f"terraform_{version}_{platform}.zip"
    folder = f"{releases}/{version}"
    expected = published_checksum(download(f"{folder}/terraform_{version}_SHA256SUMS").decode(), archive_name)
    archive = download(f"{folder}/{archive_name}")
    actual = hashlib.sha256(archive).hexdigest()
    if actual != expected:
        raise ValueError(f"{archive_name} has the SHA-256 {actual}, published is {expected}")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        draft.write_bytes(files.read("terraform"))
    draft.chmod(0o755)
    draft.rename(target)


def published_checksum(checksums: str, archive_name: str) -> str:
    """Return the SHA-256 that a SHA256SUMS file gives for an archive."""
    for line in checksums.splitlines():
        checksum, _, name = line.partition("  ")
        if name == archive_name:
            return checksum
    raise ValueError(f"{archive_name} is not among the published archives")


def download(url: str) -> bytes:
    """Return what stands at `url`."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        content: bytes = response.read()
        return content


if __name__ == "__main__":
    main()
