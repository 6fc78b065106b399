"""The city's own reader: half a second to make, the same for every test of a process."""

from __future__ import annotations

from functools import cache

from gateway.prefill.reader import Prefill
from tests.support.command import ROOT

CONFIG = ROOT / "config"


@cache
def city_prefill() -> Prefill:
    """What the tables of this repository read by."""
    return Prefill.of(CONFIG, "Asia/Shanghai")
