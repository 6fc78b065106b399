"""A web application on a free port over the real SQL store, and calls to fill it with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import sqlalchemy as sa
from argon2 import PasswordHasher

from gateway.calls.recorder import LocalRecordings
from gateway.casework.acting import Acting
from gateway.casework.dispatcher import Dispatcher
from gateway.casework.judging_links import JudgingLinks
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.words import Disposition
from gateway.edge.system_clock import SystemClock
from gateway.intake.call.record import CallRecord
from gateway.intake.contact.accept import ContactIntake
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.left_on_disk import LeftOnDisk
from gateway.intake.ticket.similar import SimilarTickets
from gateway.ports.call import CallInfo
from gateway.ports.clock import Clock
from gateway.ports.recogniser import Final
from gateway.prefill.reader import PrefillReader
from gateway.storage import tables
from gateway.storage.database import Database, open_database
from gateway.web.app import build_app
from gateway.web.auth import sha256
from gateway.web.catalogue import Catalogue
from gateway.web.server import Serving, serve
from gateway.web.services import CaseServices, Limits, WebServices
from tests.support.command import ROOT
from tests.support.databases import ready_sqlite
from tests.support.fakes.reading import ReaderHere
from tests.support.reading import city_prefill

PASSWORD = "correct horse 47"
TOKENS = {
    "reader": ["tickets:read"],
    "listener": ["tickets:read", "media:read"],
    "writer": ["tickets:read", "tickets:write"],
    "contacts": ["contacts:write"],
    "cases": ["cases:write"],
    "admin": ["admin"],
}
SOURCE_SECRET = "a-secret-of-the-city-app"
TONE = bytes([0xD5] * 160)
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
    PASSWORD
)  # the real cost has a test of its own


@dataclass
class WebHouse:
    """Everything a web test needs."""

    database: Database
    recordings: LocalRecordings
    prefill: PrefillReader
    clock: Clock
    url: str
    http: aiohttp.ClientSession
    serving: Serving
    case_tables: TablesInForce
    """Nothing is held before their first ``refresh``."""
    parts: dict[str, bool] = field(default_factory=lambda: {"sql": True, "flows": True})

    @staticmethod
    def bearer(name: str) -> dict[str, str]:
        """The header that shows a token of ``TOKENS``."""
        return {"Authorization": f"Bearer token-of-{name}"}

    async def get(self, path: str, who: str | None = "writer", **kwargs: Any) -> tuple[int, Any]:
        """See ``ask``."""
        return await self.ask("GET", path, who, **kwargs)

    async def ask(self, method: str, path: str, who: str | None = "writer", **kwargs: Any) -> tuple[int, Any]:
        """One request with a token of ``TOKENS``; status, and JSON or bytes."""
        headers = {**(self.bearer(who) if who else {}), **kwargs.pop("headers", {})}
        async with self.http.request(method, self.url + path, headers=headers, **kwargs) as answer:
            body = await answer.json() if "json" in answer.content_type else await answer.read()
            return answer.status, body

    async def contact(self, content: str = "龙华区的路灯坏了", **more: Any) -> dict[str, Any]:
        """Hand a contact in by the API; the answer."""
        body = {"source": {"name": "app", "event_id": more.pop("event_id", "e1")}, "content": content, **more}
        status, answer = await self.ask("POST", "/api/v1/contacts", "contacts", json=body)
        assert status in {200, 201}, answer
        return dict(answer)

    def call(self, *, external_id: str, user: str = "13800138000", line: str = "citizen") -> CallRecord:
        """A call's record that is not open yet."""
        info = CallInfo(
            call_id=external_id,
            channel_id="hotline",
            external_id=f"{external_id};tag",
            from_raw=f"sip:{user}@198.51.100.7",
            to_raw="sip:12345@198.51.100.1",
            from_user=user,
            to_user="12345",
            asserted_identity=None,
            diversion=None,
            line=line,
        )
        return CallRecord(
            store=self.database.changes,
            reader=ReaderHere(self.prefill),
            clock=self.clock,
            info=info,
            node="test",
            lease=timedelta(seconds=60),
            callback_due=timedelta(minutes=30),
        )

    async def finished_call(
        self,
        said: str,
        *,
        external_id: str,
        seconds: float = 2.0,
        disposition: Disposition = Disposition.COMPLETED,
        user: str = "13800138000",
    ) -> CallRecord:
        """A whole call of ``seconds`` in which ``said`` was said (nothing, when empty)."""
        call = self.call(external_id=external_id, user=user)
        await call.open(
            {"name": "hotline", "version": "1"}, self.recordings.location(call.interaction_id, call.started_at)
        )
        writer = self.recordings.start(call.interaction_id, call.started_at)
        for _ in range(int(seconds * 50)):
            writer.write(TONE, TONE)
        await call.answered()
        call.said("您好，这里是12345热线，请说明您的诉求。", 0, 900, "zh")
        if said:
            await call.heard(final(said, 1000, int(seconds * 1000)))
            await call.register()
        finished = await asyncio.to_thread(writer.close)
        await call.close(
            disposition=disposition,
            proved=True,
            keys=["2"],
            recording=finished,
            spoken_ms=0,
            transcribed=True,
            media=True,
        )
        await call.transcribed(speech_ms=0)
        return call


def final(text: str, start_ms: int, end_ms: int, language: str = "zh") -> Final:
    """What the recogniser understood."""
    return Final(text=text, start_ms=start_ms, end_ms=end_ms, language=language, confidence=0.9, engine="whisper")


async def audited(house: WebHouse) -> list[tuple[str, str]]:
    """Who did what, in order."""
    query = sa.select(tables.audit.c.actor, tables.audit.c.action).order_by(tables.audit.c.audit_id)
    return [tuple(row) for row in await house.database.sql.read(lambda c: c.execute(query).all())]


@asynccontextmanager
async def web_house(tmp_path: Path, *, limits: Limits | None = None, **services: Any) -> AsyncIterator[WebHouse]:
    """Open everything; close it in order."""
    clock = services.pop("clock", SystemClock())
    zone = ZoneInfo("Asia/Shanghai")
    ready_sqlite(tmp_path / "gateway.db")
    database = await open_database("", data_dir=tmp_path, zone=zone, clock=clock)
    recordings = LocalRecordings(tmp_path / "recordings", min_free_percent=0)
    prefill = city_prefill()
    for name, scopes in TOKENS.items():
        await database.tokens.add(name=name, scopes=scopes, token_sha256=sha256(f"token-of-{name}"))
    await database.tokens.add(
        name="cityapp", scopes=["contacts:write"], token_sha256=sha256("unused"), hmac_secret=SOURCE_SECRET
    )
    for username, role in (("wang", "agent"), ("chief", "admin")):
        await database.users.add(username=username, name=username.title(), role=role, password_hash=PASSWORD_HASH)
    parts = {"sql": True, "flows": True}

    async def ready() -> dict[str, bool]:
        return parts

    catalogue = Catalogue.read(ROOT / "config")
    tables_held = TablesInForce(store=database.catalogues, zone=zone, tell=database.changes.go_by)
    dispatcher = Dispatcher(tables=tables_held, categories=catalogue.categories_to_stay_at, zone=zone, clock=clock)
    similar = SimilarTickets(store=database.words, clock=clock, next_commit=database.committed.next)
    indexing = asyncio.gather(similar.run(), database.search.run())
    app = build_app(
        WebServices(
            judging=JudgingLinks(database.channel_states, "https://12345.example"),
            intake=ContactIntake(store=database.changes, prefill=prefill, clock=clock),
            store=database.changes,
            reader=database.reader,
            users=database.users,
            sessions=database.sessions,
            tokens=database.tokens,
            login_attempts=database.login_attempts,
            devices=database.devices,
            audit=database.audit,
            deliveries=database.deliveries,
            refused_calls=database.refused_calls,
            notices=database.unit_notices,
            recordings=recordings,
            attachments=database.attachments,
            erasure=Erasure(
                store=database.erasures,
                commands=database.changes,
                clock=clock,
                recordings=recordings,
                files=AttachmentFiles(tmp_path / "attachments"),
                disk=LeftOnDisk(tmp_path),
            ),
            clock=clock,
            ready=ready,
            zone=zone,
            similar=similar,
            catalogue=catalogue,
            cases=CaseServices(
                acting=Acting(dispatcher=dispatcher, clock=clock),
                lists=database.case_lists,
                overdue=database.case_clocks,
            ),
            limits=limits or Limits(),
            **services,
        )
    )
    serving = await serve(app, host="127.0.0.1", port=0)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        url = f"http://127.0.0.1:{serving.port}"
        house = WebHouse(database, recordings, prefill, clock, url, http, serving, tables_held, parts)
        try:
            yield house
        finally:
            await serving.aclose()
            indexing.cancel()
            await asyncio.gather(indexing, return_exceptions=True)
            await database.aclose()
