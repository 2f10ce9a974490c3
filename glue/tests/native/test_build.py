import base64
import csv
import hashlib
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from native.build import CACHES, PROJECT, SOURCES, TARGETS, ImpossibleError, this_machine

ELF_X86_64, ELF_AARCH64 = 62, 183
MACHO_X86_64, MACHO_ARM64 = 0x0100_0007, 0x0100_000C
CODE_SIGNATURE = 0x1D

# What is shared are the parts of the compiler's own; ours have a cache in each copy.
SHARED_CACHE = {"ZIG_GLOBAL_CACHE_DIR": str(CACHES / "global")}


def copy_of_sources(folder: Path) -> Path:
    """The build script in a copy of the project's part that it reads."""
    native = folder / "glue" / "native"
    shutil.copytree(SOURCES, native, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT, native.parent)
    return native / "build.py"


def build(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    output = script.parents[2] / "out"
    return subprocess.run(
        [sys.executable, *words, "--output", output],
        env=SHARED_CACHE | os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def built(script: Path, target: str) -> Path:
    outcome = build(script, str(script), "--target", target)
    assert outcome.returncode == 0, outcome.stderr
    return Path(outcome.stdout.strip())


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_sources(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def wheels(script: Path) -> dict[str, Path]:
    return {target: built(script, target) for target in TARGETS}


def library_of(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if Path(name).name.startswith("libtributary.")]
        return archive.read(name)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["linux-x86_64", "darwin-arm64"])
def test_gives_the_same_bytes_in_any_folder(wheels: dict[str, Path], tmp_path: Path, target: str) -> None:
    other = built(copy_of_sources(tmp_path / "deeper" / "folder"), target)
    assert other.name == wheels[target].name
    assert other.read_bytes() == wheels[target].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "machine"), [("linux-x86_64", ELF_X86_64), ("linux-aarch64", ELF_AARCH64)]
)
def test_builds_for_linux_with_an_old_glibc(wheels: dict[str, Path], target: str, machine: int) -> None:
    library = library_of(wheels[target])
    kind, found = struct.unpack_from("<HH", library, 16)
    assert (library[:4], kind, found) == (b"\x7fELF", 3, machine)
    needed = [(int(a), int(b)) for a, b in re.findall(rb"GLIBC_(\d+)\.(\d+)", library)]
    assert (2, 0) < max(needed) <= (2, 17)
    assert set(re.findall(rb"lib[a-z]+\.so\.\d+", library)) <= {b"libc.so.6"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "machine"), [("darwin-x86_64", MACHO_X86_64), ("darwin-arm64", MACHO_ARM64)]
)
def test_builds_for_macos(wheels: dict[str, Path], target: str, machine: int) -> None:
    library = library_of(wheels[target])
    magic, found, _, kind, commands = struct.unpack_from("<5I", library)
    assert (magic, found, kind) == (0xFEED_FACF, machine, 6)
    offset, kinds = 32, []
    for _ in range(commands):
        command, size = struct.unpack_from("<II", library, offset)
        kinds.append(command)
        offset += size
    # Without one, macOS on arm64 loads nothing.
    assert machine == MACHO_X86_64 or CODE_SIGNATURE in kinds


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_holds_the_kernels_of_each_variant_and_no_folder_of_this_machine(
    wheels: dict[str, Path], script: Path, target: str
) -> None:
    library = library_of(wheels[target])
    variants = set(re.findall(rb"tributary_ndjson_([a-z0-9]+)_open\0", library))
    assert variants == ({b"baseline", b"v3"} if "x86_64" in target else {b"baseline"})
    folders = (script.parents[2], Path(sys.prefix), Path.home(), Path("/tmp"))
    assert [folder for folder in folders if f"{folder}/".encode() in library] == []


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_records_every_file(wheels: dict[str, Path], target: str) -> None:
    name = wheels[target].name
    assert re.fullmatch(rf"tributary_native-[\d.]+-py3-none-{TARGETS[target].tag}\.whl", name)
    with zipfile.ZipFile(wheels[target]) as archive:
        [record] = [each for each in archive.namelist() if each.endswith(".dist-info/RECORD")]
        rows = list(csv.reader(archive.read(record).decode().splitlines()))
        assert [path for path, _, _ in rows] == archive.namelist()
        for path, checksum, size in rows[:-1]:
            data = archive.read(path)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (checksum, int(size)) == (f"sha256={digest}", len(data))
        assert rows[-1] == [record, "", ""]


@pytest.mark.slow
def test_installs_without_an_index_and_loads(wheels: dict[str, Path], tmp_path: Path) -> None:
    pip = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path]
    subprocess.run([sys.executable, *pip, wheels[this_machine()]], check=True)
    program = (
        "import ctypes, json; from tributary_native import LIBRARY; library = ctypes.CDLL(str(LIBRARY));"
        "library.tributary_variants.restype = ctypes.c_char_p;"
        "names = library.tributary_variants().decode().split();"
        "assert all(library[f'tributary_ndjson_{name}_open'] for name in names);"
        "print(json.dumps([str(LIBRARY), names]))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True
    )
    path, variants = json.loads(outcome.stdout)
    assert Path(path).is_relative_to(tmp_path)
    assert variants == (["v3", "baseline"] if has_v3() else ["baseline"])


def has_v3() -> bool:
    """Whether the processor is of the level x86-64-v3, as glibc or macOS sees it."""
    if platform.machine() != "x86_64":
        return False
    if sys.platform == "darwin":
        answer = subprocess.run(["sysctl", "-n", "hw.optional.avx2_0"], capture_output=True, check=True)
        return answer.stdout.strip() == b"1"
    flags = re.findall(r"^flags\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[0].split()
    return {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"} <= set(flags)


def test_shows_the_compilers_message_for_a_broken_source(tmp_path: Path) -> None:
    script = copy_of_sources(tmp_path)
    with (script.parent / "ndjson.zig").open("a") as source:
        source.write("\nconst broken = ;\n")
    outcome = build(script, str(script))
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert re.match(r"ndjson\.zig:\d+:\d+: error: expected", outcome.stderr)
    assert not (tmp_path / "out").exists()


def test_tells_a_missing_compiler_from_a_failed_build(tmp_path: Path) -> None:
    # -S: without the packages of the environment
    outcome = build(copy_of_sources(tmp_path), "-S", str(SOURCES / "build.py"))
    assert outcome.returncode == 3
    assert "the package ziglang is not installed" in outcome.stderr


@pytest.mark.parametrize(
    ("system", "machine", "libc", "message"),
    [
        ("linux", "riscv64", "glibc", "no target for linux-riscv64"),
        ("win32", "AMD64", "", "no target for win32-AMD64"),
        ("linux", "x86_64", "", "needs glibc"),
    ],
)
def test_refuses_a_machine_without_a_target(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, libc: str, message: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, "2.36"))
    with pytest.raises(ImpossibleError, match=message):
        this_machine()
