"""The city's own reader: half a second to make, the same for every test of a process."""

from __future__ import annotations

from functools import cache

from gateway.prefill.reader import PrefillReader
from tests.support.command import ROOT

CONFIG = ROOT / "config"


@cache
def city_prefill() -> PrefillReader:
    """What the tables of this repository read by."""
    return PrefillReader.of(CONFIG, "Asia/Shanghai")
