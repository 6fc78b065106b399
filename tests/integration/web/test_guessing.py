"""Guessing passwords: what is hashed is reserved first, and no stranger holds up or locks out anybody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from argon2 import PasswordHasher

from gateway.web import login_trail, passwords
from gateway.web.auth import sha256
from gateway.web.routing import HOUSE
from gateway.web.services import Limits
from tests.integration.web.test_session import PATH
from tests.support.clocks import SetClock
from tests.support.waiting import until
from tests.support.web_house import PASSWORD, WebHouse, web_house

pytestmark = pytest.mark.integration
STRANGER, ADMIN = "203.0.113.9", "198.51.100.7"
LIMITS = Limits(failures_per_s=10_000)
"""So that the limit on requests without credentials is not what stops a guess."""


class Hashes:
    """Counts what is really hashed."""

    def __init__(self) -> None:
        self.checked: list[str] = []


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Hashes:
    found, verify = Hashes(), passwords.verify

    def counted(password: str, password_hash: str) -> bool:
        found.checked.append(password)
        return verify(password, password_hash)

    monkeypatch.setattr(passwords, "verify", counted)
    return found


async def guess(
    house: WebHouse, password: str, *, username: str = "chief", address: str = STRANGER, cookie: str = ""
) -> tuple[int, str | None, dict[str, Any]]:
    """Status, Retry-After and body of one log-in from ``address``, by a client that keeps no cookies."""
    headers = {"X-Forwarded-For": address} | ({"Cookie": cookie} if cookie else {})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        body = {"username": username, "password": password}
        async with http.post(house.url + PATH, json=body, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After"), await answer.json()


def proxied(tmp_path: Path, **services: Any) -> Any:
    return web_house(tmp_path, limits=LIMITS, trusted_proxies=("127.0.0.0/8",), **services)


async def test_of_sixty_guesses_at_once_only_the_allowed_ones_are_hashed(tmp_path: Path, hashes: Hashes) -> None:
    async with proxied(tmp_path) as house:
        answers = await asyncio.gather(*(guess(house, f"guess number {n}") for n in range(60)))
        assert len(hashes.checked) == 5
        statuses = [status for status, _, _ in answers]
        assert sorted(set(statuses)) == [401, 429]
        assert statuses.count(401) == 5
        assert all(int(wait or 0) >= 1 for status, wait, _ in answers if status == 429)
        assert (await guess(house, PASSWORD))[0] == 429, "the guesser is locked out, even with the right word"
        assert (await guess(house, PASSWORD, address=ADMIN))[0] == 200


async def test_over_two_processes_no_more_are_hashed_than_over_one(tmp_path: Path, hashes: Hashes) -> None:
    async with proxied(tmp_path) as one, proxied(tmp_path) as two:
        answers = await asyncio.gather(*(guess((one, two)[n % 2], f"guess number {n}") for n in range(60)))
        assert len(hashes.checked) == 5
        assert [status for status, _, _ in answers].count(401) == 5


async def test_a_stranger_locks_nobody_out_but_themselves(tmp_path: Path, hashes: Hashes) -> None:
    clock = SetClock()
    async with proxied(tmp_path, clock=clock) as house:
        for address in (STRANGER, "203.0.113.10", "2001:db8:1::1"):
            for n in range(8):
                await guess(house, f"guess number {n}", address=address)
        assert len(hashes.checked) == 15
        assert (await guess(house, PASSWORD, address=ADMIN))[0] == 200, "from an address never seen before"
        assert (await guess(house, PASSWORD))[0] == 429


async def test_locks_grow_from_one_to_fifteen_minutes(tmp_path: Path) -> None:
    clock = SetClock()
    async with proxied(tmp_path, clock=clock) as house:
        for _ in range(5):
            assert (await guess(house, "wrong"))[0] == 401
        waits = []
        for _ in range(6):
            waits.append(int((await guess(house, PASSWORD))[1] or 0))
            clock.forward(waits[-1])
            assert (await guess(house, "wrong"))[0] == 401
        assert waits == [60, 120, 240, 480, 900, 900]


async def test_whoever_tries_many_names_is_stopped_by_address_and_a_whole_ipv6_site_is_one(
    tmp_path: Path, hashes: Hashes
) -> None:
    clock = SetClock()
    async with proxied(tmp_path, clock=clock) as house:
        for n in range(40):
            await guess(house, "guess", username=f"user{n}", address=f"2001:db8:7:{n:x}::1")
        assert len(hashes.checked) == 30
        assert (await guess(house, PASSWORD, address="2001:db8:7:ffff::2"))[0] == 429
        assert (await guess(house, PASSWORD, address="2001:db8:8::2"))[0] == 200


async def test_right_passwords_of_an_office_behind_one_address_count_as_no_failures(tmp_path: Path) -> None:
    clock = SetClock()
    async with proxied(tmp_path, clock=clock) as house:
        for n in range(3):
            assert (await guess(house, "wrong", username=f"user{n}", address=ADMIN))[0] == 401
        for _ in range(35):
            assert (await guess(house, PASSWORD, address=ADMIN))[0] == 200


async def test_a_known_browser_gets_in_though_a_stranger_guesses_from_the_same_address(tmp_path: Path) -> None:
    async with proxied(tmp_path) as house:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            headers = {"X-Forwarded-For": STRANGER}
            body = {"username": "chief", "password": PASSWORD}
            async with http.post(house.url + PATH, json=body, headers=headers) as answer:
                assert answer.status == 200
                cookie = answer.cookies["gateway-device"]
                assert cookie["httponly"]
                assert cookie["samesite"] == "Strict"
        for n in range(60):
            await guess(house, f"guess number {n}")
        assert (await guess(house, PASSWORD))[0] == 429
        known = f"gateway-device={cookie.value}"
        assert (await guess(house, PASSWORD, cookie=known))[0] == 200
        assert (await guess(house, PASSWORD, username="wang", cookie=known))[0] == 200, "the address is not locked"
        for n in range(60):
            await guess(house, f"guess number {n}", username=f"user{n}")
        assert (await guess(house, PASSWORD, username="wang"))[0] == 429
        for status in ([401] * 5) + [429]:
            assert (await guess(house, "wrong", cookie=known))[0] == status, "a stolen device has no more tries"
        await house.database.users.add(
            username="chief", name="Chief", role="admin", password_hash=passwords.hash_password("another password 1")
        )
        assert (await guess(house, "another password 1", cookie=known))[0] == 429, "after a reset it is a stranger's"
        assert (await guess(house, "another password 1", cookie=known, address=ADMIN))[0] == 200


async def test_a_full_queue_is_told_at_once_and_keeps_places_for_known_browsers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = asyncio.Event()

    async def held(_: passwords.HashingTurn, password: str, password_hash: str | None) -> bool:
        await go.wait()
        return passwords.verify(password, password_hash or passwords.NOBODY)

    monkeypatch.setattr(passwords.HashingTurn, "matches", held)
    monkeypatch.setattr(passwords, "WAITING", 8)
    monkeypatch.setattr(passwords, "KEPT", 2)
    monkeypatch.setattr(passwords, "WAITING_EACH", 3)
    async with proxied(tmp_path) as house:
        await house.database.devices.remember(sha256("a-device"), "chief", house.clock.now())
        waiting = [
            asyncio.create_task(guess(house, PASSWORD, username=f"user{n}", address=f"203.0.113.{n // 3}"))
            for n in range(6)
        ]
        busy = house.serving.runner.app[HOUSE].passwords
        await until(lambda: busy.in_hand == 6, "six in the queue")
        status, wait, problem = await guess(house, PASSWORD, username="user9", address="203.0.113.99")
        assert (status, problem["code"]) == (429, "login_busy")
        assert int(wait or 0) >= 1
        kept = asyncio.create_task(guess(house, PASSWORD, cookie="gateway-device=a-device"))
        await until(lambda: busy.in_hand == 7, "the known browser in the queue")
        go.set()
        assert (await kept)[0] == 200
        assert [status for status, _, _ in await asyncio.gather(*waiting)] == [401] * 6
        assert busy.in_hand == 0


async def test_one_address_cannot_fill_the_queue(tmp_path: Path) -> None:
    async with proxied(tmp_path) as house:
        flood = [asyncio.create_task(guess(house, "wrong", username=f"user{n}")) for n in range(60)]
        assert (await guess(house, PASSWORD, address=ADMIN))[0] == 200
        codes = [problem["code"] for _, _, problem in await asyncio.gather(*flood)]
        assert codes.count("login_busy") > 0
        assert set(codes) <= {"login_busy", "unauthorized", "login_locked"}


async def test_a_name_that_nobody_has_costs_the_same_work(tmp_path: Path, hashes: Hashes) -> None:
    async with proxied(tmp_path) as house:
        for username in ("chief", "nobody"):
            hashes.checked.clear()
            answer = await guess(house, "wrong", username=username, address=ADMIN)
            assert answer[0] == 401
            assert hashes.checked == ["wrong"]
    hasher = PasswordHasher()
    assert not hasher.check_needs_rehash(passwords.NOBODY), "a hash of other parameters takes another time"


async def test_failures_and_lock_outs_are_audited_once_and_counted(tmp_path: Path) -> None:
    async with proxied(tmp_path) as house:
        for n in range(30):
            await guess(house, f"guess number {n}")
        await guess(house, "my-password-typed-as-name", username="my-password-typed-as-name", address=ADMIN)
        assert (await guess(house, PASSWORD, address=ADMIN))[0] == 200
        status, page = await house.get("/api/v1/audit", "admin")
        assert status == 200
        rows = [(row["viewer"], row["what"], row["detail"]) for row in page["items"] if row["detail"]]
        there = {"address": "203.0.113.0/24", "agent": "python"}
        assert ("anonymous", "login.failed", {"subject": "chief", "count": 1} | there) in rows
        assert ("anonymous", "login.locked", {"subject": "chief", "count": 1} | there) in rows
        assert ("anonymous", "login.refused", {"subject": "chief", "count": 1} | there) in rows
        assert ("user:chief", "login", {"address": "198.51.100.0/24", "agent": "python"}) in rows
        assert "my-password" not in str(page)
        assert len([what for _, what, _ in rows if what.startswith("login.")]) == 4
        await house.serving.runner.app[HOUSE].login_trail.aclose()
        refused = await house.database.audit.read(action="login.refused")
        assert [row["detail"]["count"] for row in refused] == [24, 1]


async def test_a_stranger_cannot_fill_the_audit_trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_trail, "KINDS", 10)
    async with proxied(tmp_path) as house:
        trail = house.serving.runner.app[HOUSE].login_trail
        for n in range(500):
            await trail.failed("failed", subject=None, address=f"203.0.{n}.0/24", agent="other")
        assert len(await house.database.audit.read()) == 11
        await trail.aclose()
        rows = await house.database.audit.read()
        assert len(rows) == 12
        assert sum(row["detail"]["count"] for row in rows) == 500
