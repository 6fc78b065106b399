"""``gateway status``: where nothing runs it says so; measures that it does not know show up by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.running import Process, Running
from gateway.cli.status_view import as_text, status
from gateway.settings import Settings
from tests.support.command import configured

pytestmark = pytest.mark.unit


def test_where_nothing_runs_it_says_so_and_makes_nothing(tmp_path, capsys):
    config = configured(tmp_path)
    assert main(["status", "--config", str(config)]) == 1
    assert "no gateway runs on data_dir" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [config]


def test_it_loads_no_library_that_it_does_not_use(tmp_path):
    heavy = ["sqlalchemy", "asyncpg", "redis", "aiohttp", "prometheus_client", "pypinyin", "numpy", "telegram"]
    code = (
        "import sys; from gateway.cli import main; main(['status']); "
        f"sys.exit(' '.join(set({heavy}) & set(sys.modules)) or 0)"
    )
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def gauge(name: str, value: float, **labels: str) -> dict[str, object]:
    return {"name": name, "help": f"Help of {name}", "type": "gauge", "samples": [[name, labels, value]]}


def test_measures_of_processes_come_together_and_new_ones_show_up_by_themselves(tmp_path):
    def process(name: str, pid: int, *families: dict[str, object], **answers: object) -> Process:
        return Process(name=name, pid=pid, answers={"metrics": {"families": families}, **answers})

    running = Running(
        processes=(
            process(
                "voice",
                1,
                gauge("gateway_calls_active", 2, channel_id="hotline"),
                gauge("gateway_recording_free_fraction", 0.5),
                gauge("gateway_brand_new_seconds", 7, feed="cases"),
                ready={"sql": True, "channel:hotline": False},
                alarms={"alarms": [["recordings_disk_low", None, 0.04], ["feed_held", "cases", 1.0]]},
            ),
            process(
                "voice-1",
                2,
                gauge("gateway_calls_active", 3, channel_id="hotline"),
                gauge("gateway_recording_free_fraction", 0.04),
                today={"day": "20261129", "tickets": 41},
            ),
            Process(name="web", pid=3, answers={"metrics": None}),
            Process(name="worker", pid=None, answers={"metrics": None}),
        )
    )
    told = status(running, Settings(data_dir=tmp_path))
    assert (told["calls"], told["tickets_today"]) == (5, 41)
    values = {one["name"]: one["value"] for one in told["measures"]}
    assert values == {"gateway_recording_free_fraction": 0.04, "gateway_brand_new_seconds": 7}
    assert told["degraded"] == [
        "channel:hotline",
        "feed_held:cases",
        "process_down:web",
        "process_down:worker",
        "recordings_disk_low",
    ]
    text = as_text(told)
    assert "  worker       DOWN\n" in text
    assert text.startswith("degraded / 异常: channel:hotline\n")
    assert "Help of gateway_brand_new_seconds (cases): 7 s" in text
