"""What grows on and on is kept to a size."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.roles import child
from gateway.roles.child import Child, ChildSpec
from gateway.roles.rotation import rotate
from tests.support.waiting import until

pytestmark = pytest.mark.unit


def test_two_parts_are_kept_however_much_is_written(tmp_path: Path) -> None:
    path = tmp_path / "valkey.log"
    assert not rotate(path, 100)
    for n in range(50):
        with path.open("a", encoding="ascii") as file:
            file.write(f"line {n}\n")
        rotate(path, 100)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["valkey.log", "valkey.log.1"]
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 2 * 120
    kept = (tmp_path / "valkey.log.1").read_text() + path.read_text()
    assert kept.endswith("line 49\n")


async def test_a_child_s_log_is_looked_at_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.log"
    write = (
        "import pathlib, time\n"
        f"path = pathlib.Path({str(path)!r})\n"
        "while True:\n"
        "    with path.open('a') as log: log.write('x' * 1000)\n"
        "    time.sleep(0.01)\n"
    )
    monkeypatch.setattr(child, "ROTATE_S", 0.02)
    monkeypatch.setattr(child, "rotate", lambda own: rotate(own, 5000))
    running = Child(ChildSpec(name="writer", argv=[sys.executable, "-c", write], log=path))
    task = asyncio.create_task(running.run())
    aside = tmp_path / "own.log.1"
    try:
        await until(lambda: aside.exists() and path.exists(), "a rotated log")
        first = aside.stat().st_ino
        await until(lambda: aside.stat().st_ino != first, "the next part in place of the first")
    finally:
        await running.stop()
        await task
    assert {p.name for p in tmp_path.iterdir()} - {"own.log"} == {"own.log.1"}, "it may have been stopped in between"
