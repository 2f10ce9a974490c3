"""Builds the native library of the kernels and packs it as the wheel `tributary_native`.

The compiler is the pinned wheel `ziglang` of the interpreter that runs this. On x86_64 the kernels are
compiled twice, for any processor and for those of the level x86-64-v3; `library.zig` tells which of them can
run. The same sources, compiler and version give the same bytes, wherever they lie.
"""

import argparse
import base64
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
PROJECT = SOURCES.parent / "pyproject.toml"
CACHES = SOURCES.parents[1] / ".tributary" / "zig"

# Bounds and overflow are checked in what ships. Debug information would name folders of this machine.
FLAGS = ("-O", "safe", "-fstrip", "-fPIC", "-lc")

IMPOSSIBLE = 3
"""Exit code where there is no compiler or no target for this machine; a failed build has 1."""


@dataclass(frozen=True, slots=True)
class Target:
    """Platform of a wheel."""

    triple: str
    processors: tuple[str, ...]
    """In Zig's names; the first is the one that every machine of the platform has."""
    tag: str
    """Platform tag of the wheel."""
    library: str
    """File name of the shared library."""


TARGETS: Mapping[str, Target] = {
    "linux-x86_64": Target(
        "x86_64-linux-gnu.2.17", ("x86_64", "x86_64_v3"), "manylinux_2_17_x86_64", "libtributary.so"
    ),
    "linux-aarch64": Target(
        "aarch64-linux-gnu.2.17", ("generic",), "manylinux_2_17_aarch64", "libtributary.so"
    ),
    "darwin-x86_64": Target(
        "x86_64-macos.11.0", ("x86_64", "x86_64_v3"), "macosx_11_0_x86_64", "libtributary.dylib"
    ),
    "darwin-arm64": Target("aarch64-macos.11.0", ("apple_m1",), "macosx_11_0_arm64", "libtributary.dylib"),
}


class BuildError(Exception):
    """The sources do not build; the message is the compiler's."""


class ImpossibleError(Exception):
    """The library can neither be built nor run on this machine."""


def main() -> int:
    """Parse the command line, build, print the path of the wheel; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--target", choices=TARGETS, help="the platform (default: this machine's)")
    parser.add_argument("--output", type=Path, required=True, help="folder that gets the wheel")
    arguments = parser.parse_args()
    try:
        print(build_wheel(TARGETS[arguments.target or this_machine()], arguments.output))
    except ImpossibleError as error:
        print(error, file=sys.stderr)
        return IMPOSSIBLE
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def this_machine() -> str:
    """The name of this machine's target. Raises ImpossibleError where there is none."""
    name = f"{sys.platform}-{platform.machine()}"
    if name not in TARGETS:
        raise ImpossibleError(f"no target for {name}; there are {', '.join(TARGETS)}")
    if sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        raise ImpossibleError("the library needs glibc, which this Python does not use")
    return name


def build_wheel(target: Target, output: Path) -> Path:
    """Path of the wheel for `target`, built in the folder `output`.

    Raises BuildError where the compiler refuses the sources, ImpossibleError where there is no compiler.
    """
    if importlib.util.find_spec("ziglang") is None:
        raise ImpossibleError(f"the package ziglang is not installed for {sys.executable}")
    version = tomllib.loads(PROJECT.read_text())["project"]["version"]
    with tempfile.TemporaryDirectory() as scratch:
        library = compile_library(target, Path(scratch)).read_bytes()
    output.mkdir(parents=True, exist_ok=True)
    wheel = output.resolve() / f"tributary_native-{version}-py3-none-{target.tag}.whl"
    draft = wheel.with_suffix(f".{os.getpid()}")
    write_wheel(draft, contents(target, version, library), f"tributary_native-{version}.dist-info")
    return draft.replace(wheel)


def compile_library(target: Target, scratch: Path) -> Path:
    """The shared library, made in the folder `scratch`."""

    def kernels(processor: str) -> Path:
        made = scratch / f"{processor}.o"
        zig("build-obj", target, processor, made, "ndjson.zig")
        return made

    with ThreadPoolExecutor() as pool:
        objects = list(pool.map(kernels, target.processors))
    made = scratch / target.library
    # Without a name, macOS libraries carry the path they were made at.
    name = ("--name", "tributary", *(["-install_name", target.library] if "macos" in target.triple else []))
    zig("build-lib", target, target.processors[0], made, "-dynamic", *name, "library.zig", *map(str, objects))
    return made


def zig(command: str, target: Target, processor: str, made: Path, *words: str) -> None:
    """Run the compiler in the folder of the sources, so that its messages name them shortly."""
    caches = {
        "ZIG_GLOBAL_CACHE_DIR": str(CACHES / "global"),
        "ZIG_LOCAL_CACHE_DIR": str(CACHES / "local"),
    }
    outcome = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "ziglang", command, *FLAGS, "-target", target.triple),
            *(f"-mcpu={processor}", f"-femit-bin={made}", *words),
        ],
        cwd=SOURCES,
        env=caches | os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        raise BuildError(outcome.stderr.strip() or f"{command} ended with {outcome.returncode}")


def contents(target: Target, version: str, library: bytes) -> dict[str, bytes]:
    """Return the files that the wheel installs, by path."""
    information = f"tributary_native-{version}.dist-info"
    module = (
        '"""The native kernels of Tributary as a shared library with a C interface."""\n\n'
        "from pathlib import Path\n\n"
        f'LIBRARY = Path(__file__).with_name("{target.library}")\n'
    )
    metadata = f"Metadata-Version: 2.1\nName: tributary-native\nVersion: {version}\nLicense: Apache-2.0\n"
    wheel = f"Wheel-Version: 1.0\nGenerator: tributary\nRoot-Is-Purelib: false\nTag: py3-none-{target.tag}\n"
    return {
        "tributary_native/__init__.py": module.encode(),
        f"tributary_native/{target.library}": library,
        "tributary_native/py.typed": b"",
        f"{information}/METADATA": metadata.encode(),
        f"{information}/WHEEL": wheel.encode(),
    }


def write_wheel(path: Path, files: Mapping[str, bytes], information: str) -> None:
    """Write the files and their record, stored: compressors differ between machines."""
    record = f"{information}/RECORD"
    lines = [f"{name},sha256={checksum(data)},{len(data)}\n" for name, data in files.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, record: "".join([*lines, f"{record},,\n"]).encode()}.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # Unix, whose permissions these are
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)


def checksum(data: bytes) -> str:
    """SHA-256 as a wheel's record has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main())
