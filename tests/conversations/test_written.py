"""Every scripted dialogue over web chat, SMS and WeChat, through a whole web process."""

from __future__ import annotations

import asyncio

import pytest

from tests.conversations.judge import Played, transcript, wrong
from tests.conversations.script import Play, plays
from tests.conversations.written import play_all

pytestmark = pytest.mark.integration
PLAYS = [play for play in plays() if play.channel != "voice"]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Those that are wanted, played in one house: all at the same time, as people write."""
    here = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    wanted = [item.callspec.params["play"] for item in here]  # type: ignore[attr-defined]  # every test here has one
    return asyncio.run(play_all(wanted, tmp_path_factory.mktemp("city")))


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_dialogue(play: Play, played: dict[str, Played]) -> None:
    done = played[play.name]
    faults = wrong(done)
    assert not faults, "\n" + transcript(done, faults)
