"""Every name that `gateway doctor` may print has its row in both languages, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.cli.check import problems_by_part
from gateway.cli.doctor import GROUPS
from gateway.cli.doctor.subjects import all_checks
from gateway.plugins.channels import known_channels, load_channel_spec
from gateway.settings import Settings

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
NAME = re.compile(rf"({'|'.join(GROUPS)})(\.[a-z0-9_]+)?")


def printed() -> set[str]:
    """Names in the checks' source, and those that are made of a part or a kind."""
    names = {"processes", "alarms", "trunks"} | {f"config.{part}" for part in problems_by_part(Settings())}
    for spec in map(load_channel_spec, known_channels()):
        names |= {f"port.{spec.kind}"} if spec.listens else set()
        names |= {f"provider.{spec.kind}"} if spec.probe else set()
    for source in (ROOT / "gateway" / "cli" / "doctor").glob("*.py"):
        for literal in re.findall(r'"([a-z0-9_.]+)"', source.read_text(encoding="utf-8")):
            if "." in literal and NAME.fullmatch(literal):
                names.add(literal)
    return names


@pytest.mark.parametrize("page", ["docs/doctor.md", "docs/doctor.zh-CN.md"])
def test_every_name_has_a_row(page):
    rows = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([a-z0-9_.]+)`", row.split("|")[1])}
    assert told == printed()


def test_every_check_has_a_heading():
    assert {check.name.partition(".")[0] for check in all_checks()} == set(GROUPS)
