"""What a unit may reach, asked of every route that the application serves: refused, unless the table here says more.

A route that lets units in without a row of the table fails, and so does a row whose route is gone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.task_status import UNIT_VERBS
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.web.routing import Route
from tests.support.pictures import png
from tests.support.units import UnitPerson, dispatched, person_of
from tests.support.web_house import WebHouse, audited, web_house

pytestmark = pytest.mark.integration
TASK = "/api/v1/unit/tasks/{task}"
OWN = {
    f"GET {TASK}": 200,
    f"POST {TASK}/notes": 422,
    f"POST {TASK}/pictures": 422,
    f"GET {TASK}/pictures/{{attachment}}": 200,
}
"""What is said about a task of one's own to a request without anything in it; about another unit's always 404."""
VERBS = {
    f"POST {door}/actions/{verb}" for door in (TASK, "/api/v1/tickets/{ticket}/tasks/{task}") for verb in UNIT_VERBS
}
"""By their own door, and by the one that the centre uses: of one's own task they do what can be done with it now."""
OF_NOBODY = {
    "GET /api/v1/unit/tasks",
    "GET /api/v1/session",
    "DELETE /api/v1/session",
    "POST /api/v1/session",
    "POST /api/v1/session/password",
}
"""What is about nobody's ticket: one's own list, one's own session."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path, files=AttachmentFiles(tmp_path / "attachments")) as opened:
        yield opened


def _routes(house: WebHouse) -> dict[str, Route]:
    served = (one.handler.__dict__["route"] for one in house.serving.runner.app.router.routes() if one.method != "HEAD")
    return {f"{route.method} {route.path}": route for route in served}


async def _ask(
    person: UnitPerson, route: Route, ticket_id: str, interaction_id: str, task_id: str, picture: str
) -> tuple[int, Any]:
    known = {"ticket": ticket_id, "interaction": interaction_id, "task": task_id, "verb": "sign", "event_seq": "1"}
    known["attachment"] = picture
    path = re.sub(r"\{(\w+)[^{}]*\}", lambda found: known.get(found.group(1), "nothing"), route.path)
    body: dict[str, Any] = {} if route.method == "GET" else {"json": {}}
    return await person.ask(route.method, path, **body)


async def _pictured(person: UnitPerson, task_id: str) -> str:
    """The attachment_id of a picture that the unit has taken for its task."""
    status, task = await person.ask("POST", f"{TASK.format(task=task_id)}/pictures", data=png(2, 2))
    assert status == 201
    return str(task["pictures"][0]["attachment_id"])


async def test_a_unit_account_sees_its_own_tasks_and_nothing_beyond(house: WebHouse) -> None:
    routes = _routes(house)
    assert OWN.keys() | OF_NOBODY | VERBS <= routes.keys(), "a row without a route"
    own = await house.finished_call("龙华区停水了", external_id="own", seconds=0.2)
    others = await house.finished_call("龙华区停水了", external_id="others", seconds=0.2)
    (mine,) = await dispatched(house, own.ticket_id, "M02")
    (theirs,) = await dispatched(house, others.ticket_id, "M04")
    async with person_of(house, "M02") as person, person_of(house, "M04") as other:
        my_picture, their_picture = await _pictured(person, mine), await _pictured(other, theirs)
        for name, route in sorted(routes.items()):
            if route.public or name in OF_NOBODY or route.path.startswith("/open311/"):  # which knows no sessions
                continue
            about_own = await _ask(person, route, own.ticket_id, own.interaction_id, mine, my_picture)
            about_others = await _ask(person, route, others.ticket_id, others.interaction_id, theirs, their_picture)
            if name in VERBS:
                assert about_own[0] not in {401, 403, 404}, name
                assert about_others[0] == 404, name
                continue
            if name in OWN:
                assert (about_own[0], about_others[0]) == (OWN[name], 404), name
                continue
            for status, answer in (about_own, about_others):
                assert (status, answer["code"]) == (403, "scope_missing"), (name, "let in without a row here")
        by_own_door = await person.get(f"{TASK.format(task=mine)}/pictures/{their_picture}")
        assert by_own_door[0] == 404, "a picture of another ticket by the door of one's own task"
    assert ("user:m02", "reveal") not in await audited(house)
