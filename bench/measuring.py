"""Measurements of processes, and tables of figures, for all benches."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tributary.expected import option, whole_number


def bind(cores: int) -> None:
    """Bind this process and its children to that many cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def cpu_seconds(process: int) -> float:
    """Seconds of CPU of all threads of another process; Linux only."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, Any]:
    """Return CPU, cores and system of this machine."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    return {"cpu": cpu, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"}


def significant(number: float) -> float:
    """The number to four significant digits, so that a rate on a slow machine is not rounded to none."""
    return float(f"{number:.4g}")


def versions(*packages: str) -> dict[str, str]:
    """The versions of Python packages, and that of Python."""
    return {name: version(name) for name in packages} | {"python": platform.python_version()}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """Lines of a table; the columns `left`, counted from 0, are flush left, the others right."""
    cells = [heads, *rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def measured_on(report: dict[str, Any]) -> str:
    """A line on machine and versions."""
    on = report["machine"]
    numbers = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    return f"{on['cpu']}, {on['cores']} cores, {on['system']}; {numbers}"


positive = option("a whole number of 1 or more", lambda text: whole_number(text, 1))
"""The type of an option that counts something."""

several = option(
    "whole numbers of 1 or more, separated by commas",
    lambda text: [whole_number(word, 1) for word in text.split(",")],
)
"""The type of an option that takes some of these."""
