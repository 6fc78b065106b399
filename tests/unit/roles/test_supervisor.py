"""Which processes one machine runs, and what is left of an earlier run."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from gateway.bootstrap.recogniser import recogniser_urls
from gateway.live.run_dir import make_private, socket_path
from gateway.roles.run_folder import clear_away
from gateway.roles.supervisor import children
from gateway.settings import Settings
from gateway.settings.sections import Asr, Redis
from tests.support.command import ROOT

pytestmark = pytest.mark.unit


def test_calls_come_first_and_each_process_knows_the_others(tmp_path: Path) -> None:
    found = {child.spec.name: child.spec for child in children(Settings(data_dir=tmp_path, asr=Asr(workers=2)), None)}
    assert list(found) == ["valkey", "asr-0", "asr-1", "reader", "web+worker", "voice"]
    assert [spec.nice for spec in found.values()] == [0, 10, 10, 5, 5, 0]
    ours = [name for name in found if name != "valkey"]
    for name in ours:
        argv = list(found[name].argv)
        assert set(argv[argv.index("--siblings") + 1].split(",")) == {*ours} - {name}
    assert [name for name, spec in found.items() if spec.reloads] == ["asr-0", "asr-1", "web+worker", "voice"]
    assert [name for name, spec in found.items() if not spec.essential] == ["asr-0", "asr-1", "reader"]


def test_what_runs_elsewhere_is_not_started(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, asr=Asr(url="ws://elsewhere"), redis=Redis(url="redis://elsewhere"))
    assert [child.spec.name for child in children(settings, None)] == ["reader", "web+worker", "voice"]


@pytest.mark.parametrize(
    ("asr", "here"),
    [
        (Asr(), 1),
        (Asr(workers=0), 0),
        (Asr(url="wss://elsewhere:2700"), 0),
        (Asr(url="wss://elsewhere:2700", workers=2), 2),
        (Asr(url="wss://elsewhere:2700", workers=2, engine="remote"), 0),
    ],
)
def test_recognisers_of_this_machine_stand_beside_those_elsewhere(tmp_path: Path, asr: Asr, here: int) -> None:
    names = [child.spec.name for child in children(Settings(data_dir=tmp_path, asr=asr), None)]
    assert sum(name.startswith("asr-") for name in names) == here
    (tmp_path / "run").mkdir()
    for n in range(here):
        (tmp_path / "run" / f"asr-{n}.json").write_text(f'{{"url": "ws://127.0.0.1:{n}"}}')
    assert len(recogniser_urls(Settings(data_dir=tmp_path, asr=asr))) == here + len(asr.urls)


def test_only_what_nobody_listens_at_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    living, dead = (socket_path(tmp_path, name) for name in ("asr-1", "asr-0"))
    make_private(living.parent)
    for name in ("asr-0", "asr-1"):
        (tmp_path / "run" / f"{name}.json").write_text("{}")
    with socket.socket(socket.AF_UNIX) as listening:
        for path in (dead, living):
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path))
        living.unlink()
        listening.bind(str(living))
        listening.listen()
        told = socket_path(tmp_path, "commits-1")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(str(told))
            clear_away(tmp_path)
            assert sorted(path.name for path in told.parent.glob("*.sock")) == ["asr-1.sock", "commits-1.sock"]
        clear_away(tmp_path)
        assert sorted(path.name for path in told.parent.glob("*.sock")) == ["asr-1.sock"]
        assert [path.name for path in (tmp_path / "run").glob("*.json")] == ["asr-1.json"], "it is heard there"


def test_systemd_waits_longer_than_an_orderly_stop_may_take(tmp_path: Path) -> None:
    """Children are stopped one after the other; who is killed midway leaves calls to be recovered."""
    longest = sum(child.spec.stop_s for child in children(Settings(data_dir=tmp_path), None))
    units = sorted((ROOT / "deploy").glob("*.service"))
    assert units
    for unit in units:
        told = re.findall(r"^TimeoutStopSec=(\d+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert [int(seconds) for seconds in told if int(seconds) > longest], (
            f"{unit.name}: stops take up to {longest} s"
        )
