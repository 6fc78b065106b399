"""Two machines of each role behind Kamailio: all are killed; PostgreSQL, Valkey and the case system go; clocks jump.

Nothing is lost or doubled, no live call is closed by anybody but its owner, what is ordered stays in order. Short form
in `make test`; the long form in `make soak` (`SOAK_ROUNDS`, about two minutes each). `CRASH_SEED` repeats a run's
choices.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crash.split.night import Plan, night

pytestmark = pytest.mark.crash


async def test_every_fault_once(tmp_path: Path) -> None:
    await night(tmp_path, Plan())


@pytest.mark.soak
async def test_a_night_of_faults(tmp_path: Path) -> None:
    rounds = int(os.environ.get("SOAK_ROUNDS", "60"))
    await night(tmp_path, Plan(lease_s=15.0, away_s=30.0, rounds=rounds, pause_s=(0.5, 5.0)))
