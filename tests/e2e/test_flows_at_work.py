"""Which flow a call gets, and new flows while the gateway runs, from outside."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT
from tests.support.running import RunningGateway
from tests.support.sounds import silent_wav
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e
FLOW_PROCESSES = 2
"""voice and web+worker."""


def off_duty() -> str:
    """Hours of a telephone where nobody is on duty, whatever the time is."""
    days = [(datetime.now(UTC) + timedelta(days=step)).date().isoformat() for step in range(-2, 3)]
    return f'hours = ["mon-sun 00:00-24:00"]\nholidays = [{", ".join(days)}]'


def flow_of_a_call(gateway: RunningGateway, folder: Path) -> dict[str, Any]:
    """Call, hang up; which flow answered."""
    silent = silent_wav(folder / "silent.wav")
    called = json.loads(
        gateway.cli("call", "--to", gateway.sip_uri, "--wav", str(silent), "--hangup-after", "1", "--json")
    )

    def found() -> Any:
        owns = (ticket["interactions"][0] for ticket in gateway.tickets())
        return next((own for own in owns if own["external_id"].startswith(called["call_id"])), None)

    flow: dict[str, Any] = eventually(found, what="the call")["flow"]
    return flow


def reload(gateway: RunningGateway, event: str, times: int) -> None:
    """SIGHUP to the supervisor, and wait until the processes that run flows have told of it in the log."""
    assert gateway.process is not None
    gateway.process.send_signal(signal.SIGHUP)
    eventually(lambda: gateway.log.read_text(encoding="utf-8").count(event) == times * FLOW_PROCESSES, what=event)


def test_after_hours_and_new_flows_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(ROOT / "ivr_flows", flows)
    monkeypatch.setenv("GATEWAY_FLOWS_DIR", str(flows))
    with RunningGateway(tmp_path / "gateway", channel=off_duty()) as gateway:
        children = gateway.children()
        first = flow_of_a_call(gateway, tmp_path)
        assert first["name"] == "after_hours"
        path = flows / "after_hours.yaml"
        good = path.read_text(encoding="utf-8")
        path.write_text(good.replace("to: demand", "to: nowhere"), encoding="utf-8")
        reload(gateway, "flows_not_reloaded", 1)
        assert flow_of_a_call(gateway, tmp_path) == first
        path.write_text(good + "# a new version\n", encoding="utf-8")
        reload(gateway, "flows_reloaded", 1)
        second = flow_of_a_call(gateway, tmp_path)
        assert second["name"] == "after_hours"
        assert second["version"] != first["version"]
        assert gateway.children() == children
