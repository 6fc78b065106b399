"""People, sessions and tokens of before the log-in's migration go on as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.domain.ids import rfc3339
from gateway.storage.database import open_database
from gateway.storage.migrate import SCRIPTS

pytestmark = pytest.mark.integration


async def test_users_sessions_and_tokens_of_before_go_on(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    own = next(one for one in ScriptDirectory.from_config(config).walk_revisions() if "Log-in attempts" in one.doc)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(own.down_revision))
        later = rfc3339(now + timedelta(hours=1))
        for statement, values in (
            ("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", ("wang", "Wang", "agent", "hash", 0, 9, later)),
            ("INSERT INTO sessions VALUES (?, ?, ?)", ("s", "wang", later)),
            ("INSERT INTO tokens VALUES (?, ?, ?, ?)", ("grid", '["contacts:write"]', "t", "secret")),
            ("INSERT INTO audit VALUES (?, ?, ?, ?, ?)", ("a", "user:wang", "record", "x", later)),
        ):
            connection.exec_driver_sql(statement, values)
    engine.dispose()
    database = await open_database("", data_dir=tmp_path, zone=ZoneInfo("Asia/Shanghai"))
    try:
        user, session = await database.users.get("wang"), await database.sessions.get("s", now)
        token = await database.tokens.get("t")
        assert user == {
            "username": "wang",
            "name": "Wang",
            "role": "agent",
            "unit": None,
            "password_hash": "hash",
            "one_time": False,
            "disabled": False,
        }
        assert session is not None
        assert session["seen_at"] is None
        assert token == {"name": "grid", "scopes": ["contacts:write"], "expires_at": None, "addresses": ()}
        assert (await database.tokens.signing_source("grid") or {})["hmac_secret"] == "secret"
        assert [row["detail"] for row in await database.audit.read()] == [None]
    finally:
        await database.aclose()
