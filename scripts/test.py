"""Run every test (``make test``): what may share the machine two at a time, what counts on all of it alone.

With ``HOTLINE_TEST_DATA`` the cases that use its folder follow in a part of their own; the parts before it run without
the variable, as in a clone with nothing beside it. Output is pytest's; the last line is like pytest's own and sums the
parts. The exit code is 1 when any part failed. Standard library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
DATA = "HOTLINE_TEST_DATA"
BESIDE = (
    "-n",
    "2",
    "--dist",
    "loadfile",
    "--durations=25",
    "-m",
    "(unit or contract or integration) and not (alone or soak)",
)
ALONE = ("--durations=25", "-m", "(e2e or crash or load or alone) and not soak")
MORE = ("-m", "more_data and not soak")


def run(arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[int, Counter[str]]:
    """Exit code of pytest, and how many tests passed, failed, had errors and were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}"]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        counts: Counter[str] = Counter()
        if report.exists():
            for suite in ET.parse(report).getroot():  # noqa: S314 - pytest has just written it
                found = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
                counts["failed"] += found["failures"]
                counts["errors"] += found["errors"]
                counts["skipped"] += found["skipped"]
                counts["passed"] += found["tests"] - found["failures"] - found["errors"] - found["skipped"]
    if code and not counts["failed"] + counts["errors"]:
        counts["errors"] += 1  # it ended before it could count: a crash, nothing collected, a wrong option
    return code, counts


def closing(counts: Counter[str], seconds: float) -> str:
    """The sum in the form of pytest's closing line."""
    words = {"failed": "failed", "passed": "passed", "skipped": "skipped", "errors": "errors"}
    if counts["errors"] == 1:
        words["errors"] = "error"
    told = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name])
    return f" {told} in {seconds:.2f}s ({time.strftime('%H:%M:%S', time.gmtime(seconds))}) ".center(80, "=")


def main() -> int:
    """Run the parts one after the other, each whether or not one before it failed."""
    without = {name: value for name, value in os.environ.items() if name != DATA}
    parts = [("two at a time", BESIDE, without), ("alone", ALONE, without)]
    if os.environ.get(DATA):
        parts.append((f"with the data of {os.environ[DATA]}", MORE, dict(os.environ)))
    began, failed, sums = time.monotonic(), False, Counter[str]()
    for number, (name, arguments, environment) in enumerate(parts, start=1):
        print(f"test: part {number} of {len(parts)}: {name}", flush=True)
        code, counts = run(arguments, environment)
        failed |= code != 0
        sums += counts
    print(closing(sums, time.monotonic() - began))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
