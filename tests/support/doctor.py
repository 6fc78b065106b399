"""Asking ``gateway doctor`` in this process: its exit code and what it says under each name."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

from gateway.cli import main

QUIET = """
[asr]
workers = 0
[recording]
min_free_percent = 0
[attachments]
min_free_percent = 0
"""
"""What a machine of the tests may not have, switched off."""


class Diagnosis:
    """What it found."""

    def __init__(self, code: int, lines: list[dict[str, str]]) -> None:
        self.code = code
        self.lines = lines

    def status(self, name: str) -> list[str]:
        """The states of every line of this name, in order."""
        return [line["status"] for line in self.lines if line["name"] == name]

    def said(self, name: str) -> str:
        """What was found and what to do, of every line of this name."""
        return "\n".join(f"{line['found']} → {line['advice']}" for line in self.lines if line["name"] == name)


def diagnose(config: Path | None, *words: str) -> Diagnosis:
    """Run it with ``words``; every line that is not ok says what to do."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["doctor", "--json", *words, *(["--config", str(config)] if config else [])])
    lines = json.loads(out.getvalue())
    for line in lines:
        assert set(line) == {"name", "status", "found", "advice"}
        assert line["found"]
        assert bool(line["advice"]) is (line["status"] != "ok"), line
    assert code == int(any(line["status"] == "fail" for line in lines))
    return Diagnosis(code, lines)
