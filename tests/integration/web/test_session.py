"""Log-in at the desk: cookie, token of the page, lock, one-time password."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.guess import FILL_AT, SURE
from gateway.domain.status import Status
from gateway.web.auth import csrf_token, sha256
from gateway.web.passwords import hash_password
from tests.support.clocks import SetClock
from tests.support.web_house import PASSWORD, WebHouse, audited, web_house

pytestmark = pytest.mark.integration
PATH = "/api/v1/session"


async def log_in(house: WebHouse, username: str = "wang", password: str = PASSWORD) -> tuple[int, dict]:
    return await house.ask("POST", PATH, None, json={"username": username, "password": password})


async def test_a_login_makes_a_cookie_that_scripts_cannot_read(house: WebHouse) -> None:
    body = {"username": "wang", "password": PASSWORD}
    async with house.http.post(house.url + PATH, json=body) as answer:
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"]
        session = await answer.json()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert session["role"] == "agent"
    assert session["timezone"] == "Asia/Shanghai"
    assert session["statuses"] == [status.value for status in Status]
    assert session["withdrawable"] == ["registered", "classified", "dispatched", "signed", "handling"]
    assert session["guesses"] == {"fill_at": FILL_AT, "sure": SURE}
    assert (await house.get(PATH, None))[1]["csrf_token"] == session["csrf_token"]
    assert (await house.get("/api/v1/tickets", None))[0] == 200


async def test_behind_a_proxy_with_tls_the_cookie_belongs_to_the_host(tmp_path: Path) -> None:
    async with web_house(tmp_path, trusted_proxies=("127.0.0.0/8",)) as house:
        body, headers = {"username": "wang", "password": PASSWORD}, {"X-Forwarded-Proto": "https"}
        async with house.http.post(house.url + PATH, json=body, headers=headers) as answer:
            assert answer.headers["Set-Cookie"].startswith("__Host-gateway=")
            assert "Secure" in answer.headers["Set-Cookie"]
            assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "http"}])
async def test_when_the_world_comes_by_tls_every_cookie_is_secure(tmp_path: Path, headers: dict[str, str]) -> None:
    """A proxy that speaks http to us and forgets to say so, or is not among the trusted ones."""
    async with web_house(tmp_path, public_url="https://hotline.example") as house:
        body = {"username": "wang", "password": PASSWORD}
        async with house.http.post(house.url + PATH, json=body, headers=headers) as answer:
            assert answer.headers["Set-Cookie"].startswith("__Host-gateway=")
            assert "Secure" in answer.headers["Set-Cookie"]
            assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_a_change_needs_the_token_of_the_page(house: WebHouse) -> None:
    made = await house.contact()
    _, session = await log_in(house)
    path = f"/api/v1/tickets/{made['ticket_id']}/actions/reveal"
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": csrf_token("other")}):
        status, problem = await house.ask("POST", path, None, headers=headers)
        assert (status, problem["code"]) == (403, "csrf_token_missing")
    status, shown = await house.ask("POST", path, None, headers={"X-CSRF-Token": session["csrf_token"]})
    assert status == 200
    assert set(shown) == {"name", "phone", "callback_phone"}


async def test_a_page_of_another_site_cannot_log_in(house: WebHouse) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    body = {"username": "wang", "password": PASSWORD}
    assert (await house.ask("POST", PATH, None, json=body, headers=headers))[0] == 403
    status, _ = await house.ask("POST", PATH, None, data=body)
    assert status == 415


async def test_logging_out_ends_the_session(house: WebHouse) -> None:
    _, session = await log_in(house)
    headers = {"X-CSRF-Token": session["csrf_token"]}
    assert (await house.ask("DELETE", PATH, None, headers=headers))[0] == 204
    assert (await house.get("/api/v1/tickets", None))[0] == 401


async def test_whatever_is_wrong_the_answer_is_the_same_and_five_failures_lock(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock) as house:
        wrong = await log_in(house, password="wrong password")
        nobody = await log_in(house, username="nobody")
        assert wrong == nobody
        assert wrong[0] == 401
        for username in ("wang", "nobody"):
            for _ in range(4):
                await log_in(house, username, "wrong password")
        refused = await log_in(house)
        assert refused == await log_in(house, username="nobody")
        assert (refused[0], refused[1]["code"]) == (429, "login_locked")
        clock.forward(61)
        assert (await log_in(house))[0] == 200
        for _ in range(4):
            assert (await log_in(house, password="wrong password"))[0] == 401
        assert (await log_in(house))[0] == 200, "a right password wipes the slate"


async def test_guessing_from_one_address_is_slowed_down(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock) as house:
        answers = [await house.get("/api/v1/tickets", "nobody") for _ in range(30)]
        assert [status for status, _ in answers[:10]] == [401] * 10
        assert answers[-1][0] == 429
        assert (await log_in(house))[0] == 429
        assert (await house.get("/api/v1/tickets", "reader"))[0] == 200
        clock.forward(60)
        assert (await log_in(house))[0] == 200


async def test_a_one_time_password_opens_nothing_but_its_change(house: WebHouse) -> None:
    await house.database.users.add(
        username="neu", name="Neu", role="agent", password_hash=hash_password("one-time-pass"), one_time=True
    )
    status, session = await log_in(house, "neu", "one-time-pass")
    assert (status, session["must_change_password"]) == (200, True)
    for path in ("/api/v1/tickets", "/api/v1/stream", "/api/v1/callbacks"):
        status, problem = await house.get(path, None)
        assert (status, problem["code"]) == (403, "password_change_required")
    headers = {"X-CSRF-Token": session["csrf_token"]}
    for new, code in (
        ("short", "password_too_short"),
        ("neu-neu-neu-1", "password_too_simple"),
        ("aaaaaaaaaaaa", "password_too_simple"),
        ("qwertyuiop12", "password_too_common"),
        ("elevenchars", "password_too_short"),
        ("one-time-pass", "password_unchanged"),
    ):
        body = {"current": "one-time-pass", "new": new}
        status, problem = await house.ask("POST", f"{PATH}/password", None, json=body, headers=headers)
        assert (status, problem["code"]) == (422, code)
    body = {"current": "not this one", "new": "a much better one"}
    status, problem = await house.ask("POST", f"{PATH}/password", None, json=body, headers=headers)
    assert (status, problem["code"]) == (403, "wrong_password")
    body["current"] = "one-time-pass"
    status, session = await house.ask("POST", f"{PATH}/password", None, json=body, headers=headers)
    assert (status, session["must_change_password"]) == (200, False)
    assert (await house.get("/api/v1/tickets", None))[0] == 200
    assert (await log_in(house, "neu", "one-time-pass"))[0] == 401


async def test_a_new_password_ends_the_persons_other_sessions(house: WebHouse) -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    await house.database.sessions.add(sha256("stolen"), "wang", expires, datetime.now(UTC))
    stolen = {"Cookie": "gateway=stolen"}
    async with house.http.get(house.url + "/api/v1/tickets", headers=stolen) as answer:
        assert answer.status == 200
    _, session = await log_in(house)
    body = {"current": PASSWORD, "new": "a much better one"}
    headers = {"X-CSRF-Token": session["csrf_token"]}
    assert (await house.ask("POST", f"{PATH}/password", None, json=body, headers=headers))[0] == 200
    house.http.cookie_jar.clear()
    async with house.http.get(house.url + "/api/v1/tickets", headers=stolen) as answer:
        assert answer.status == 401


async def test_a_session_runs_out(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock, session_ttl_s=600) as house:
        await log_in(house)
        jar = {cookie.key: cookie.value for cookie in house.http.cookie_jar}
        clock.forward(601)
        headers = {"Cookie": f"gateway={jar['gateway']}"}
        async with house.http.get(house.url + "/api/v1/tickets", headers=headers) as answer:
            assert answer.status == 401


async def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(tmp_path: Path) -> None:
    clock = SetClock()
    async with web_house(tmp_path, clock=clock, session_idle_s=600) as house:
        await log_in(house)
        cookie = next(one.value for one in house.http.cookie_jar if one.key == "gateway")
        for _ in range(3):
            clock.forward(500)
            assert (await house.get("/api/v1/tickets", None, headers={"Cookie": f"gateway={cookie}"}))[0] == 200
        clock.forward(500)
        idle = {"Cookie": f"gateway={cookie}", "X-Idle": "1"}
        assert (await house.get("/api/v1/tickets", None, headers=idle))[0] == 200
        clock.forward(101)
        status, problem = await house.get("/api/v1/tickets", None, headers=idle)
        assert (status, problem["code"]) == (401, "session_idle"), "what the page asks by itself keeps nothing alive"
        status, problem = await house.get("/api/v1/tickets", None, headers={"Cookie": f"gateway={cookie}"})
        assert (status, problem["code"]) == (401, "session_idle"), "a hand that comes too late revives nothing"


async def test_a_login_gets_a_new_id_and_the_earlier_session_of_the_browser_ends(house: WebHouse) -> None:
    await log_in(house)
    first = next(one.value for one in house.http.cookie_jar if one.key == "gateway")
    await log_in(house)
    second = next(one.value for one in house.http.cookie_jar if one.key == "gateway")
    assert first != second
    house.http.cookie_jar.clear()
    statuses = [
        (await house.get("/api/v1/tickets", None, headers={"Cookie": f"gateway={one}"}))[0] for one in (first, second)
    ]
    assert statuses == [401, 200]


async def test_a_disabled_person_is_out_at_once_and_is_told_only_with_the_right_password(house: WebHouse) -> None:
    await log_in(house)
    assert await house.database.users.enable("wang", enabled=False, by="cli:root")
    assert (await house.get("/api/v1/tickets", None))[0] == 401
    assert (await log_in(house, password="wrong password"))[1]["code"] == "unauthorized"
    status, problem = await log_in(house)
    assert (status, problem["code"]) == (403, "account_disabled")
    assert await house.database.users.enable("wang", enabled=True, by="cli:root")
    assert (await log_in(house))[0] == 200


async def test_an_old_short_password_works_until_it_is_changed(house: WebHouse) -> None:
    await house.database.users.add(username="alt", name="Alt", role="agent", password_hash=hash_password("shortone10"))
    assert (await log_in(house, "alt", "shortone10"))[0] == 200


async def test_many_logins_at_once_are_all_answered(house: WebHouse) -> None:
    answers = await asyncio.gather(*(log_in(house) for _ in range(8)))
    assert [status for status, _ in answers] == [200] * 8


async def test_a_revealed_number_leaves_a_trace(house: WebHouse) -> None:
    made = await house.contact("x", requester={"kind": "citizen", "name": "张三", "phone": "13800138000"})
    _, session = await log_in(house)
    path = f"/api/v1/tickets/{made['ticket_id']}"
    _, record = await house.get(path, None)
    assert record["requester"]["name"] == "张*"
    headers = {"X-CSRF-Token": session["csrf_token"]}
    _, shown = await house.ask("POST", f"{path}/actions/reveal", None, headers=headers)
    assert shown["phone"] == "+8613800138000"
    assert ("user:wang", "reveal") in await audited(house)
