"""The city's own reader: half a second to make, the same for every test of a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.prefill.reader import PrefillReader

CONFIG = Path(__file__).resolve().parents[2] / "config"


@cache
def city_prefill() -> PrefillReader:
    """What the tables of this repository read by."""
    return PrefillReader.of(CONFIG, "Asia/Shanghai")
