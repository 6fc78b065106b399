"""The city's own reader: half a second to make, the same for every test of a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.prefill.reader import Prefill

CONFIG = Path(__file__).resolve().parents[2] / "config"


@cache
def city_prefill() -> Prefill:
    """What the tables of this repository read by."""
    return Prefill.of(CONFIG, "Asia/Shanghai")
