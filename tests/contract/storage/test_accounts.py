"""Users, sessions, tokens, phones."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.domain.attempts import Rule
from gateway.ports.audit import Look
from gateway.ports.login_attempts import Bucket
from gateway.storage import tables
from gateway.storage.account_tables import login_attempts
from gateway.storage.database import Database
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def test_users_and_their_sessions(db: Database) -> None:
    await db.users.add(username="zhang", name="张三", role="agent", password_hash="h1", one_time=True)
    assert await db.users.get("zhang") == {
        "username": "zhang",
        "name": "张三",
        "role": "agent",
        "unit": None,
        "password_hash": "h1",
        "one_time": True,
        "disabled": False,
    }
    assert await db.users.get("li") is None
    until = NOON + timedelta(hours=1)
    until = NOON + timedelta(hours=1)
    await db.sessions.add("abc", "zhang", until, NOON)
    assert await db.sessions.get("abc", NOON) == {
        "username": "zhang",
        "name": "张三",
        "role": "agent",
        "unit": None,
        "one_time": True,
        "expires_at": until,
        "seen_at": NOON,
    }
    assert await db.sessions.get("abc", until) is None
    assert await db.sessions.get("xyz", NOON) is None
    later = NOON + timedelta(minutes=2)
    await db.sessions.touch("abc", later)
    session = await db.sessions.get("abc", NOON)
    assert session is not None
    assert session["seen_at"] == later
    await db.sessions.end("abc")
    assert await db.sessions.get("abc", NOON) is None
    assert await db.sessions.add("def", "zhang", until, NOON, password_hash="h1")
    await db.users.add(username="zhang", name="张三", role="supervisor", password_hash="h2")
    assert await db.sessions.get("def", NOON) is None
    assert not await db.sessions.add("late", "zhang", until, NOON, password_hash="h1"), "reset meanwhile"
    assert await db.sessions.get("late", NOON) is None
    user = await db.users.get("zhang")
    assert user is not None
    assert (user["role"], user["one_time"]) == ("supervisor", False)


async def test_a_disabled_user_has_no_sessions_and_is_listed(db: Database) -> None:
    for name in ("zhang", "li"):
        await db.users.add(username=name, name=name, role="agent", password_hash="h", by="cli:root")
        await db.sessions.add(name, name, NOON + timedelta(hours=1), NOON)
    assert await db.users.enable("zhang", enabled=False, by="cli:root")
    assert not await db.users.enable("nobody", enabled=False, by="cli:root")
    await db.sessions.add("slipped in", "zhang", NOON + timedelta(hours=1), NOON)
    assert await db.sessions.get("zhang", NOON) is None
    assert await db.sessions.get("slipped in", NOON) is None
    assert await db.sessions.get("li", NOON) is not None
    listed = {user["username"]: user for user in await db.users.all()}
    assert {name: user["disabled"] for name, user in listed.items()} == {"li": False, "zhang": True}
    assert "password_hash" not in listed["li"]
    assert await db.users.enable("zhang", enabled=True, by="cli:root")
    noted = [(row["actor"], row["action"], row["detail"]["subject"]) for row in await db.audit.read()]
    assert sorted(noted) == [
        ("cli:root", "user.added", "li"),
        ("cli:root", "user.added", "zhang"),
        ("cli:root", "user.disabled", "zhang"),
        ("cli:root", "user.enabled", "zhang"),
    ]


async def test_a_role_is_changed_at_once_and_written_down(db: Database) -> None:
    await db.users.add(username="zhang", name="张三", role="agent", password_hash="h")
    await db.sessions.add("s1", "zhang", NOON + timedelta(hours=1), NOON)
    assert await db.users.change_role("nobody", "admin", by="cli:root") is None
    assert await db.users.change_role("zhang", "agent", by="cli:root") == "agent"
    assert await db.audit.read() == []
    assert await db.users.change_role("zhang", "supervisor", by="cli:root") == "agent"
    session = await db.sessions.get("s1", NOON)
    assert session is not None
    assert session["role"] == "supervisor"
    (row,) = await db.audit.read()
    assert (row["actor"], row["action"]) == ("cli:root", "user.role")
    assert row["detail"] == {"subject": "zhang", "role": "supervisor", "before": "agent"}


async def test_whose_unit_somebody_is_of_goes_with_the_role(db: Database) -> None:
    await db.users.add(username="zhang", name="张三", role="unit", unit="M02", password_hash="h", by="cli:root")
    await db.sessions.add("s1", "zhang", NOON + timedelta(hours=1), NOON)
    for unit in ("M02", "M04"):
        assert await db.users.change_role("zhang", "unit", unit=unit, by="cli:root") == "unit"
    session = await db.sessions.get("s1", NOON)
    assert session is not None
    assert (session["role"], session["unit"]) == ("unit", "M04")
    assert await db.users.change_role("zhang", "agent", by="cli:root") == "unit"
    user = await db.users.get("zhang")
    assert user is not None
    assert user["unit"] is None
    noted = [(row["action"], row["detail"].get("unit")) for row in await db.audit.read()]
    assert sorted(noted, key=str) == [("user.added", "M02"), ("user.role", "M04"), ("user.role", None)]


RULE = Rule(limit=5, forgive_s=1800)
OWN, ADDRESS = (
    Bucket("own", RULE, hashlib.sha256(b"zhang").hexdigest()),
    Bucket("address", Rule(limit=30, forgive_s=60)),
)


async def test_of_many_attempts_at_once_no_more_are_let_through_than_the_rule_allows(db: Database) -> None:
    reserved = await asyncio.gather(*(db.login_attempts.reserve((OWN, ADDRESS), NOON) for _ in range(60)))
    assert sum(one.locked_until is None for one in reserved) == 5
    assert sum(one.locks for one in reserved) == 1
    minute = NOON + timedelta(seconds=60)
    assert {one.locked_until for one in reserved} == {None, minute}
    assert await db.login_attempts.locked_until((ADDRESS, OWN), NOON) == minute
    assert await db.login_attempts.locked_until((OWN,), minute) is None
    assert await db.login_attempts.locked_until((ADDRESS,), NOON) is None


async def test_an_attempt_that_was_right_is_forgotten_and_given_back(db: Database) -> None:
    strict = Bucket("address", Rule(limit=2, forgive_s=60))
    for _ in range(2):
        assert (await db.login_attempts.reserve((OWN, strict), NOON)).locked_until is None
    assert (await db.login_attempts.reserve((OWN, strict), NOON)).locked_until is not None
    await db.login_attempts.was_right(forget=OWN, give_back=(strict,))
    for allowed in (True, False):
        found = await db.login_attempts.reserve((OWN, strict), NOON)
        assert (found.locked_until is None) is allowed


async def test_a_reset_or_enabled_user_may_try_at_once_and_old_counts_go(db: Database) -> None:
    for reset in (True, False):
        for _ in range(5):
            await db.login_attempts.reserve((OWN,), NOON)
        assert await db.login_attempts.locked_until((OWN,), NOON) is not None
        if reset:
            await db.users.add(username="zhang", name="张三", role="agent", password_hash="h")
        else:
            await db.users.enable("zhang", enabled=True)
        assert await db.login_attempts.locked_until((OWN,), NOON) is None
    await db.login_attempts.reserve((OWN,), NOON)
    await db.login_attempts.reserve((ADDRESS,), NOON + timedelta(days=2))
    rows = await db.sql.read(lambda c: c.execute(sa.select(login_attempts.c.bucket)).scalars().all())
    assert rows == ["address"]


async def test_devices_are_known_until_the_password_changes(db: Database) -> None:
    await db.users.add(username="zhang", name="张三", role="agent", password_hash="h")
    await db.devices.remember("d1", "zhang", NOON)
    before = NOON - timedelta(seconds=1)
    assert await db.devices.knows("d1", "zhang", before)
    assert await db.devices.knows("d1", None, before)
    assert not await db.devices.knows("d1", "zhang", NOON)
    assert not await db.devices.knows("d1", "li", before)
    assert not await db.devices.knows("d2", None, before)
    await db.users.add(username="zhang", name="张三", role="agent", password_hash="h2")
    assert not await db.devices.knows("d1", None, before)


async def test_tokens(db: Database) -> None:
    await db.tokens.add(name="grid", scopes=["contacts:write"], token_sha256="a1", hmac_secret="s")
    unlimited = {"expires_at": None, "addresses": ()}
    assert await db.tokens.get("a1") == {"name": "grid", "scopes": ["contacts:write"], **unlimited}
    assert await db.tokens.signing_source("grid") == {"name": "grid", "hmac_secret": "s", **unlimited}
    limited: dict[str, Any] = {"expires_at": NOON, "addresses": ("10.0.0.0/8", "2001:db8::/32")}
    await db.tokens.add(name="grid", scopes=["admin", "tickets:read"], token_sha256="a2", **limited)
    assert await db.tokens.get("a1") is None
    assert await db.tokens.get("a2") == {"name": "grid", "scopes": ["admin", "tickets:read"], **limited}
    assert await db.tokens.signing_source("grid") is None
    assert await db.tokens.signing_source("none") is None


async def test_tokens_are_listed_without_secrets_and_revoked(db: Database) -> None:
    assert await db.tokens.all() == []
    await db.tokens.add(
        name="grid", scopes=["contacts:write"], token_sha256="a1", hmac_secret="s", expires_at=NOON, by="cli:root"
    )
    await db.tokens.add(name="app", scopes=["tickets:read"], token_sha256="b1", addresses=["10.0.0.0/8"])
    assert await db.tokens.all() == [
        {
            "name": "app",
            "scopes": ["tickets:read"],
            "signs": False,
            "expires_at": None,
            "addresses": ("10.0.0.0/8",),
        },
        {"name": "grid", "scopes": ["contacts:write"], "signs": True, "expires_at": NOON, "addresses": ()},
    ]
    assert await db.tokens.remove("grid", by="cli:root")
    assert not await db.tokens.remove("grid", by="cli:root")
    assert await db.tokens.get("a1") is None
    assert await db.tokens.signing_source("grid") is None
    assert [token["name"] for token in await db.tokens.all()] == ["app"]
    assert [(row["action"], row["detail"]["subject"]) for row in await db.audit.read()] == [
        ("token.revoked", "grid"),
        ("token.created", "grid"),
    ]


async def test_phones_and_their_bindings(db: Database, clock: SetClock) -> None:
    await db.phones.add(username="8001", ha1={"gw": "ff"}, agent="zhang", by="cli:root")
    assert [row["action"] for row in await db.audit.read()] == ["phone.added"]
    assert await db.phones.phone_secret("8001", "gw") == "ff"
    assert await db.phones.phone_secret("8001", "other") is None
    assert await db.phones.phone_secret("8002", "gw") is None
    soon, late = NOON + timedelta(seconds=60), NOON + timedelta(seconds=120)
    await db.phones.bind("8001", "sip:a@1", soon, "call", 1)
    await db.phones.bind("8001", "sip:b@1", late, "call2", 1)
    assert await db.phones.bindings("8001") == [("sip:b@1", late), ("sip:a@1", soon)]
    await db.phones.bind("8001", "sip:a@1", late, "call", 2)
    await db.phones.bind("8001", "sip:a@1", soon, "call", 1)
    assert await db.phones.bindings("8001") == [("sip:a@1", late), ("sip:b@1", late)]
    await db.phones.bind("8001", "sip:a@1", None, "call", 3)
    assert await db.phones.bindings("8001") == [("sip:b@1", late)]
    clock.forward(121)
    assert await db.phones.bindings("8001") == []
    assert await db.phones.bindings("8002") == []


async def test_the_audit_trail_is_found_by_person_and_ticket_and_never_altered(db: Database) -> None:
    await db.audit.write(actor="zhang", action="record", ticket_id="t1", at=datetime.now(UTC))
    old = datetime(2020, 1, 1, tzinfo=UTC)
    recent = datetime.now(UTC) + timedelta(days=1)
    await db.audit.write_all(
        [Look("li", "reveal", "t1", recent), Look("zhang", "list", "t2", recent), Look("li", "login", None, old)]
    )
    await db.audit.write_all([])
    found = await db.audit.read(ticket_id="t1")
    assert [(row["actor"], row["action"]) for row in found] == [("li", "reveal"), ("zhang", "record")]
    assert [row["ticket_id"] for row in await db.audit.read(actor="zhang")] == ["t2", "t1"]
    assert [row["action"] for row in await db.audit.read(actor="li", ticket_id="t1")] == ["reveal"]
    newest = (await db.audit.read(limit=1))[0]
    rest = await db.audit.read(before=newest["audit_id"])
    assert len(rest) == 3
    assert newest not in rest
    for statement in (
        sa.update(tables.audit).values(actor="nobody"),
        sa.delete(tables.audit).where(tables.audit.c.action == "reveal"),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="audit rows are"):
            await _run(db, statement)
    await _run(db, sa.delete(tables.audit).where(tables.audit.c.action == "login"))
    assert len(await db.audit.read()) == 3


async def _run(db: Database, statement: sa.Executable) -> None:
    def execute(connection: sa.Connection) -> None:
        connection.execute(statement)

    await db.sql.write(execute)
