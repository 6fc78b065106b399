"""``gateway tickets action``: the verbs of the API at the command line, on the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.settings import load
from gateway.storage.database import open_database
from tests.contract.storage.changes import written
from tests.support.command import configured

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(tmp_path)


@pytest.fixture
def ticket_no(config: Path) -> str:
    """A ticket about a street lamp."""

    async def register() -> str:
        settings = load(config)
        database = await open_database("", data_dir=settings.data_dir, zone=settings.zone)
        try:
            fields: dict[Any, Any] = {("demand", "category"): {"code": "010101"}, ("demand", "type"): "complaint"}
            return (await database.changes.execute(written("1", content="停水三天", fields=fields))).ticket_no
        finally:
            await database.aclose()

    settings = load(config)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return asyncio.run(register())


@pytest.fixture
def action(config: Path, ticket_no: str) -> Callable[..., int]:
    return lambda *words: main(["tickets", "action", ticket_no, *words, "--config", str(config)])


def test_a_ticket_is_dispatched_signed_and_replied_to(
    action: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert action("dispatch") == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert (lines[0][1], lines[1][1:3]) == ("dispatched", ["E01", "offered"])
    assert lines[2][:3] == ["职能划分 Function", "派单目录规定由该单位承办 The dispatch table names this unit", "E01"]
    task_id = lines[1][0]
    assert action("dispatch") == 0
    assert capsys.readouterr().err == "it is so already / 无需变更\n", "and no line of a log"
    assert action("sign", "--task", task_id) == 0
    assert action("uphold", "--task", task_id) == 1
    assert "uphold is not possible for a task that is signed; possible: " in capsys.readouterr().err
    assert action("reply", "--task", task_id, "--data", '{"text": "已恢复供水"}') == 0
    assert "\taccepted" in capsys.readouterr().out
    assert action("reply", "--data", '{"text": "已恢复供水"}') == 0
    assert "\treplied\t" in capsys.readouterr().out


def test_the_centre_states_that_duties_cross_and_the_decision_goes_by_it(
    action: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert action("dispatch", "--data", '{"crossing": "enforcement"}') == 0
    head, *_, step = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert head[1] == "classified", "the place is unknown, and so which town leads"
    assert step[0] == "中心研判 Centre decides"
    assert action("dispatch", "--data", '{"crossing": "sideways"}') == 1
    assert "crossing" in capsys.readouterr().err


def test_mistakes_are_told_in_a_line(action: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (("sign",), "is not done to a ticket: name its task with --task"),
        (("archive", "--data", '{"reason": "tired"}'), "gateway: reason: "),
        (("archive", "--data", "nonsense"), "gateway: --data: "),
        (("reopen", "--data", '{"reason": "not_solved"}'), "cannot be reopened"),
        (("dispatch", "--data", '{"unit": "X99", "reason": "duty"}'), "the directory has no unit X99"),
        (("dispatch", "--task", "k1"), "is not done to a task"),
    ):
        assert action(*words) == 1
        assert told in capsys.readouterr().err
    assert action("withdraw", "--data", '{"reason": "settled"}') == 0
    assert "\twithdrawn\t" in capsys.readouterr().out
