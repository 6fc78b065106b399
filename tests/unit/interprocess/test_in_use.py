"""One user a data_dir and process name, for as long as it or a child of it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.interprocess import in_use as module
from gateway.interprocess.in_use import holders, in_use

pytestmark = pytest.mark.unit
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from gateway.interprocess.in_use import in_use
with in_use(Path(sys.argv[1]), ["all", "voice"]) as locks:
    child = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=locks[:1], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


@contextmanager
def another(folder: Path, child_s: float = 0) -> Iterator[subprocess.Popen[str]]:
    """A process that holds ``all`` and ``voice``, and whose child inherits the first for ``child_s``."""
    arguments = [sys.executable, "-c", HOLDER, str(folder), str(child_s)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_second_one_is_told_who_the_first_is(folder: Path) -> None:
    with another(folder) as first:
        for names in (["all"], ["voice"], ["reader", "voice"]):
            with pytest.raises(ConfigError) as refused, in_use(folder, names):
                raise AssertionError("it must not begin")
            assert f"in use by pid {first.pid} ({names[-1]})" in str(refused.value)
        with in_use(folder, ["asr-3"]):
            assert holders(folder) == {"all": first.pid, "voice": first.pid, "asr-3": os.getpid()}
    with in_use(folder, ["all", "voice"]):  # its child may still be on its way out
        pass
    assert holders(folder) == {}


def test_a_killed_one_frees_the_folder_when_its_last_child_has_gone(folder: Path) -> None:
    with another(folder, child_s=2) as first:
        first.kill()
        first.wait()
        assert holders(folder) == {"all": first.pid}
        with in_use(folder, ["all"]):
            assert holders(folder) == {"all": os.getpid()}


def test_children_that_stay_are_not_waited_for_without_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAVING_S", 0.1)
    with another(folder, child_s=2) as first:
        first.kill()
        first.wait()
        with pytest.raises(ConfigError, match="in use"), in_use(folder, ["all"]):
            raise AssertionError("it must not begin")


def test_a_folder_without_locks_has_no_user(tmp_path: Path) -> None:
    assert holders(tmp_path) == {}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "voice.lock").write_text("4711")
    assert holders(tmp_path) == {}
