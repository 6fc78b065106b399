"""``gateway tickets action``: the verbs of the API at the command line, on the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.cli.tickets import TICKET_VERBS
from gateway.settings import load
from gateway.storage.database import Database, open_database
from gateway.web.api.corrections import ACTIONS
from gateway.web.app import API_ROUTES
from tests.contract.storage.changes import written
from tests.support.command import configured

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(tmp_path)


def stored(config: Path, use: Callable[[Database], Awaitable[Any]]) -> Any:
    """What ``use`` finds in the database, or does to it."""

    async def with_it() -> Any:
        settings = load(config)
        database = await open_database("", data_dir=settings.data_dir, zone=settings.zone)
        try:
            return await use(database)
        finally:
            await database.aclose()

    load(config).data_dir.mkdir(parents=True, exist_ok=True)
    return asyncio.run(with_it())


def registered(config: Path, external_id: str) -> str:
    """The number of a new ticket about water, of a requester with a name and a number."""
    fields: dict[Any, Any] = {
        ("demand", "category"): {"code": "010101"},
        ("demand", "type"): "complaint",
        ("prefill", "fields", "demand.type"): {
            "value": "complaint",
            "source": "rules",
            "span": None,
            "confidence": 0.9,
            "confirmed_by": None,
        },
    }
    change = written(external_id, content="停水三天", fields=fields, requester={"name": "张三"})
    return str(stored(config, lambda database: database.changes.execute(change)).ticket_no)


@pytest.fixture
def ticket_no(config: Path) -> str:
    """A ticket about water."""
    return registered(config, "1")


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
    told = capsys.readouterr().out
    assert ("\taccepted" in told, "\treplied\t" in told) == (True, True)
    assert action("reply", "--data", '{"text": "已恢复供水"}') == 1
    assert "cannot be answered" in capsys.readouterr().err


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


def test_every_verb_of_the_api_is_known() -> None:
    """Erasing has a verb of its own, ``gateway erase``."""
    room = "/api/v1/tickets/{ticket}/actions/"
    of_api = {route.path.removeprefix(room) for route in API_ROUTES if route.path.startswith(room)}
    assert set(TICKET_VERBS) == of_api - {"{verb}", "erase"} | ACTIONS.keys()


def test_tickets_are_merged_and_parted(
    action: Callable[..., int], config: Path, ticket_no: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert action("unmerge") == 1
    assert "not merged into another one" in capsys.readouterr().err
    assert action("merge", "--data", '{"into": "20200101-0000001"}') == 1
    assert "no such ticket to merge into" in capsys.readouterr().err
    head = registered(config, "2")
    assert action("merge", "--data", f'{{"into": "{head}"}}') == 0
    assert "\tmerged\t" in capsys.readouterr().out
    assert action("unmerge") == 0
    assert "\tmerged\t" not in capsys.readouterr().out
    events = stored(config, lambda database: database.reader.events())
    of_merging = [
        one for one in events if one["type"] in {"ticket.merged", "ticket.unmerged"} and one["ticket_no"] == ticket_no
    ]
    assert [one["actor"][:4] for one in of_merging] == ["cli:", "cli:"]


def test_what_was_filled_in_is_confirmed(
    action: Callable[..., int], config: Path, ticket_no: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert action("confirm", "--data", '{"paths": ["place.address"]}') == 1
    assert "Only fields that were filled in can be confirmed" in capsys.readouterr().err
    assert action("confirm", "--data", '{"paths": ["demand.type"]}') == 0
    record = stored(config, lambda database: database.reader.ticket(ticket_no))
    assert record["prefill"]["fields"]["demand.type"]["confirmed_by"].startswith("cli:")


def test_who_reveals_is_written_down(
    action: Callable[..., int], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert action("reveal") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "张三"
    (look,) = stored(config, lambda database: database.audit.read(action="reveal"))
    assert look["actor"].startswith("cli:")
    assert action("lift-secrecy", "--data", '{"reason": "law"}') == 1
    assert "This requester is not secret" in capsys.readouterr().err
    assert action("same_requester", "--data", '{"ticket_id": "T"}') == 1
    assert "none that is offered" in capsys.readouterr().err
