"""Recordings and attachments: a scope of their own, and of secret tickets only who has just revealed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.change import Change, NewEvent
from gateway.web.auth import sha256
from tests.integration.web.test_form import log_in
from tests.support.clocks import SetClock
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration


async def recorded(house: WebHouse, **wishes: bool) -> tuple[str, str]:
    """Paths of a ticket and of its recording."""
    call = await house.finished_call("路灯坏了", external_id="c")
    if wishes:
        fields = {("requester", key): value for key, value in wishes.items()}
        event = NewEvent(type="ticket.updated", at=house.clock.now())
        await house.database.changes.apply(Change(ticket_id=call.ticket_id, ticket_fields=fields, events=(event,)))
    path = f"/api/v1/tickets/{call.ticket_id}"
    return path, f"{path}/recordings/{call.interaction_id}"


async def heard(house: WebHouse, path: str, who: str | None) -> tuple[int, str | None]:
    status, body = await house.get(path, who)
    return status, body["code"] if isinstance(body, dict) else None


async def test_listening_needs_its_scope_and_the_desk_has_it(house: WebHouse) -> None:
    _, path = await recorded(house)
    for who in ("reader", "writer", "contacts"):
        assert await heard(house, path, who) == (403, "scope_missing")
    assert (await heard(house, path, "listener"))[0] == (await heard(house, path, "admin"))[0] == 200
    await log_in(house)
    assert (await heard(house, path, None))[0] == 200


async def test_a_scope_to_listen_is_none_to_find_what(house: WebHouse) -> None:
    _, path = await recorded(house)
    await house.database.accounts.add_token(name="ears", scopes=["media:read"], token_sha256=sha256("token-of-ears"))
    assert await heard(house, path, "ears") == (403, "scope_missing")


async def test_of_a_secret_ticket_only_who_has_just_revealed_it(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock) as house:
        ticket, path = await recorded(house, secret=True)
        assert await heard(house, path, "listener") == (403, "reveal_first")
        assert await heard(house, path, "admin") == (403, "reveal_first")
        csrf = await log_in(house)
        assert await heard(house, path, None) == (403, "reveal_first")
        await house.get(ticket, None)
        assert await heard(house, path, None) == (403, "reveal_first")
        assert (await house.ask("POST", f"{ticket}/actions/reveal", None, headers=csrf))[0] == 200
        assert (await heard(house, path, None))[0] == 200
        assert await heard(house, path, "listener") == (403, "reveal_first"), "it was somebody else who revealed it"
        clock.forward(601)
        assert await heard(house, path, None) == (403, "reveal_first")
        await house.get(f"{ticket}?unmasked=true", None)
        assert (await heard(house, path, None))[0] == 200
        await house.get(ticket, "admin")
        assert (await heard(house, path, "admin"))[0] == 200


async def test_an_anonymous_ticket_is_heard_by_whom_it_is_given_to(house: WebHouse) -> None:
    _, path = await recorded(house, anonymous=True)
    assert (await heard(house, path, "listener"))[0] == 200
