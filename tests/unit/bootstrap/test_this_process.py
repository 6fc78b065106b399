"""What a process is called in leases, and when another one is surely gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from gateway.bootstrap.this_process import ThisProcess

pytestmark = pytest.mark.unit
PRINT = (
    "from gateway.bootstrap.this_process import ThisProcess; print(ThisProcess('a-node-1').owner, flush=True); input()"
)


def test_another_process_of_the_node_is_gone_when_it_has_ended() -> None:
    here = ThisProcess("a-node-1")
    with subprocess.Popen(
        [sys.executable, "-c", PRINT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        owner = other.stdout.readline().strip()
        assert owner != here.owner
        assert not here.is_gone(owner)
        assert not here.is_gone(here.owner)
        assert not ThisProcess("a-node-2").is_gone(owner)
        other.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert here.is_gone(owner), "it has ended, though its parent has not asked for its exit code yet"
    assert here.is_gone(owner)


def test_a_process_id_that_was_given_again_is_another_process() -> None:
    here = ThisProcess("n")
    node, place, pid, started = here.owner.rsplit("-", 3)
    assert here.is_gone(f"{node}-{place}-{pid}-{int(started) - 1}")


@pytest.mark.parametrize("owner", ["n", "n-1", "n-elsewhere-1-1", "n-elsewhere-999999999-1", "", "n-x-y-z"])
def test_of_other_places_nothing_is_known(owner: str) -> None:
    assert not ThisProcess("n").is_gone(owner)
