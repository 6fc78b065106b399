"""API tokens and signing secrets end, and may be bound to networks; who is refused is told why."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.web.api.contacts import signature
from gateway.web.auth import sha256
from tests.support.clocks import SetClock
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration
TICKETS = "/api/v1/tickets"


async def token(house: WebHouse, name: str, **limits: object) -> None:
    await house.database.tokens.add(
        name=name,
        scopes=["tickets:read", "contacts:write"],
        token_sha256=sha256(f"token-of-{name}"),
        hmac_secret="signing-secret",
        **limits,
    )


async def signed(house: WebHouse, name: str, event_id: str, **headers: str) -> tuple[int, dict]:
    raw = json.dumps({"source": {"name": name, "event_id": event_id}, "content": "井盖坏了"}).encode()
    mac = signature("signing-secret", raw, int(house.clock.now().timestamp()))
    return await house.ask(
        "POST",
        "/api/v1/contacts",
        None,
        data=raw,
        headers={"Content-Type": "application/json", "X-Gateway-Signature": mac, **headers},
    )


async def test_a_token_ends_on_its_day_and_says_so(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock) as house:
        await token(house, "app", expires_at=clock.now() + timedelta(days=1))
        assert (await house.get(TICKETS, "app"))[0] == 200
        assert (await signed(house, "app", "1"))[0] == 201
        clock.forward(86_400)
        for status, problem in (await house.get(TICKETS, "app"), await signed(house, "app", "2")):
            assert (status, problem["code"]) == (401, "token_expired")
            assert "app expired at 2026-11-24" in problem["detail"]
        assert (await house.get(TICKETS, "reader"))[0] == 200, "tokens of before have no end"


async def test_a_token_works_from_its_networks_only(tmp_path: Path) -> None:
    async with web_house(tmp_path, trusted_proxies=("127.0.0.0/8",)) as house:
        await token(house, "app", addresses=["10.1.0.0/16", "2001:db8::/32"])
        for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8:7::1"):
            assert (await house.get(TICKETS, "app", headers={"X-Forwarded-For": address}))[0] == 200, address
            assert (await signed(house, "app", address, **{"X-Forwarded-For": address}))[0] == 201, address
        for address in ("10.2.0.1", "2001:db9::1", "nonsense"):
            for status, problem in (
                await house.get(TICKETS, "app", headers={"X-Forwarded-For": address}),
                await signed(house, "app", f"{address} again", **{"X-Forwarded-For": address}),
            ):
                assert (status, problem["code"]) == (403, "token_address_refused"), address


async def test_an_api_key_of_open311_is_held_to_its_limits_too(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock) as house:
        await token(house, "app", expires_at=clock.now() + timedelta(days=1))
        path = "/open311/v2/requests.json?api_key=token-of-app"
        assert (await house.get(path, None))[0] == 200
        clock.forward(86_400)
        assert (await house.get(path, None))[0] == 403
