"""Every scripted dialogue by telephone, on the real answering of calls in virtual time."""

from __future__ import annotations

import pytest

from tests.conversations.judge import Played, transcript, wrong
from tests.conversations.script import Play, plays
from tests.conversations.spoken import in_virtual_time

pytestmark = pytest.mark.integration
PLAYS = [play for play in plays() if play.channel == "voice"]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Those that are wanted: all calls at the same time."""
    here = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    wanted = [item.callspec.params["play"] for item in here]  # type: ignore[attr-defined]  # every test here has one
    return in_virtual_time(wanted, tmp_path_factory.mktemp("hotline"))


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_call(play: Play, played: dict[str, Played]) -> None:
    done = played[play.name]
    faults = wrong(done)
    assert not faults, "\n" + transcript(done, faults)
