"""Users, sessions, tokens, phones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gateway.ports.accounts import Look
from gateway.storage import tables
from gateway.storage.database import Database
from tests.contract.storage.changes import NOON, TestClock

pytestmark = pytest.mark.contract


async def test_users_and_their_sessions(db: Database) -> None:
    await db.accounts.add_user(username="zhang", name="张三", role="agent", password_hash="h1", one_time=True)
    assert await db.accounts.user("zhang") == {
        "username": "zhang",
        "name": "张三",
        "role": "agent",
        "password_hash": "h1",
        "one_time": True,
        "failed": 0,
        "locked_until": None,
    }
    assert await db.accounts.user("li") is None
    until = NOON + timedelta(hours=1)
    await db.accounts.add_session("abc", "zhang", until)
    assert await db.accounts.session("abc", NOON) == {
        "username": "zhang",
        "name": "张三",
        "role": "agent",
        "expires_at": until,
    }
    assert await db.accounts.session("abc", until) is None
    assert await db.accounts.session("xyz", NOON) is None
    await db.accounts.end_session("abc")
    assert await db.accounts.session("abc", NOON) is None
    await db.accounts.add_session("def", "zhang", until)
    await db.accounts.add_user(username="zhang", name="张三", role="supervisor", password_hash="h2")
    assert await db.accounts.session("def", NOON) is None
    user = await db.accounts.user("zhang")
    assert user is not None
    assert (user["role"], user["one_time"]) == ("supervisor", False)


async def test_failed_logins_are_counted(db: Database) -> None:
    await db.accounts.add_user(username="zhang", name="张三", role="agent", password_hash="h")
    until = NOON + timedelta(minutes=5)
    await db.accounts.login_result("zhang", ok=False, locked_until=None)
    await db.accounts.login_result("zhang", ok=False, locked_until=until)
    user = await db.accounts.user("zhang")
    assert user is not None
    assert (user["failed"], user["locked_until"]) == (2, until)
    await db.accounts.login_result("zhang", ok=True, locked_until=None)
    user = await db.accounts.user("zhang")
    assert user is not None
    assert (user["failed"], user["locked_until"]) == (0, None)


async def test_tokens(db: Database) -> None:
    await db.accounts.add_token(name="grid", scopes=["contacts:write"], token_sha256="a1", hmac_secret="s")
    assert await db.accounts.token("a1") == {"name": "grid", "scopes": ["contacts:write"]}
    assert await db.accounts.source_secret("grid") == "s"
    await db.accounts.add_token(name="grid", scopes=["admin", "tickets:read"], token_sha256="a2")
    assert await db.accounts.token("a1") is None
    assert await db.accounts.token("a2") == {"name": "grid", "scopes": ["admin", "tickets:read"]}
    assert await db.accounts.source_secret("grid") is None
    assert await db.accounts.source_secret("none") is None


async def test_tokens_are_listed_without_secrets_and_revoked(db: Database) -> None:
    assert await db.accounts.tokens() == []
    await db.accounts.add_token(name="grid", scopes=["contacts:write"], token_sha256="a1", hmac_secret="s")
    await db.accounts.add_token(name="app", scopes=["tickets:read"], token_sha256="b1")
    assert await db.accounts.tokens() == [
        {"name": "app", "scopes": ["tickets:read"], "signs": False},
        {"name": "grid", "scopes": ["contacts:write"], "signs": True},
    ]
    assert await db.accounts.remove_token("grid")
    assert not await db.accounts.remove_token("grid")
    assert await db.accounts.token("a1") is None
    assert await db.accounts.source_secret("grid") is None
    assert [token["name"] for token in await db.accounts.tokens()] == ["app"]


async def test_phones_and_their_bindings(db: Database, clock: TestClock) -> None:
    await db.accounts.add_phone(username="8001", ha1={"gw": "ff"}, agent="zhang")
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
    await db.accounts.audit(actor="zhang", action="record", ticket_id="t1", at=datetime.now(UTC))
    old = datetime(2020, 1, 1, tzinfo=UTC)
    recent = datetime.now(UTC) + timedelta(days=1)
    await db.accounts.audit_all(
        [Look("li", "reveal", "t1", recent), Look("zhang", "list", "t2", recent), Look("li", "login", None, old)]
    )
    await db.accounts.audit_all([])
    found = await db.accounts.trail(ticket_id="t1")
    assert [(row["actor"], row["action"]) for row in found] == [("li", "reveal"), ("zhang", "record")]
    assert [row["ticket_id"] for row in await db.accounts.trail(actor="zhang")] == ["t2", "t1"]
    assert [row["action"] for row in await db.accounts.trail(actor="li", ticket_id="t1")] == ["reveal"]
    newest = (await db.accounts.trail(limit=1))[0]
    rest = await db.accounts.trail(before=newest["audit_id"])
    assert len(rest) == 3
    assert newest not in rest
    for statement in (
        sa.update(tables.audit).values(actor="nobody"),
        sa.delete(tables.audit).where(tables.audit.c.action == "reveal"),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="audit rows are"):
            await _run(db, statement)
    await _run(db, sa.delete(tables.audit).where(tables.audit.c.action == "login"))
    assert len(await db.accounts.trail()) == 3


async def _run(db: Database, statement: sa.Executable) -> None:
    await db.sql.write(lambda c: c.execute(statement) and None)
