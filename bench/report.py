"""What a bench says, and how it is written down."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

RESULTS = Path(__file__).resolve().parent / "results"


class Row(TypedDict):
    """One figure. A goal is about the ratio, never about an absolute figure, which is the machine's."""

    measure: str
    ours: str
    beside: str
    """The peer or the limit, measured in the same run, and its figure."""
    ratio: str
    goal: str
    met: bool | None
    """None: there is no goal, or it cannot be judged here; ``goal`` says why."""


def judged(
    measure: str, ours: str, beside: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None
) -> Row:
    """A row whose ratio is compared with its goal; without one it only informs."""
    goal, met = "", None
    if at_least is not None:
        goal, met = f"≥ {at_least:g}", ratio >= at_least
    elif at_most is not None:
        goal, met = f"≤ {at_most:g}", ratio <= at_most
    return Row(measure=measure, ours=ours, beside=beside, ratio=f"{ratio:.2f}", goal=goal, met=met)


def machine() -> str:
    """The cores, their model and the system."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text(encoding="utf-8").splitlines() if cpu.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {model or platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine is besides: figures taken beside other work say less."""
    return f"{os.getloadavg()[0]:.1f}"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """``rows`` in Markdown."""
    head = ("measure", "ours", "beside it, in the same run", "ratio", "goal", "met")
    keys = ("measure", "ours", "beside", "ratio", "goal")
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join([*(_cell(row.get(key, "")) for key in keys), _met(row.get("met"))]) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _met(met: bool | None) -> str:  # noqa: FBT001 - it is the value shown
    return "—" if met is None else "yes" if met else "**no**"


def write_one(name: str, about: str, rows: Sequence[Mapping[str, Any]], *, began_load: str, took_s: float) -> None:
    """``results/<name>.md``."""
    RESULTS.mkdir(exist_ok=True)
    text = (
        f"# {name}\n\n{about.strip()}\n\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine()} · "
        f"load average at the start {began_load} · took {took_s:.0f} s\n\n{table(rows)}\n"
    )
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def write_summary(names: Sequence[str]) -> None:
    """``results/README.md``: the tables of every bench that has a result, in one page."""
    parts = [
        "# Results of `make bench`\n",
        "Ratios beside a peer or a limit of the same run; absolute figures are the machine's, and its other work's.",
    ]
    for name in names:
        path = RESULTS / f"{name}.md"
        if not path.exists():
            continue
        head, *body = path.read_text(encoding="utf-8").split("\n")
        kept = [line for line in body if line.startswith("|") or " UTC · " in line]
        stamp, rows = kept[0], kept[1:]
        parts.append(f"\n## [{head.removeprefix('# ')}]({name}.md)\n\n{stamp}\n\n" + "\n".join(rows))
    (RESULTS / "README.md").write_text("\n".join(parts) + "\n", encoding="utf-8")
