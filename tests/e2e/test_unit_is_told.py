"""A whole gateway tells a unit of its ticket: by text message, e-mail and robot, from the imported directory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.casework.dispatch import DispatchTicket
from gateway.domain.case.case import Offer
from gateway.domain.case.receivers import ROBOTS
from gateway.domain.task_status import Role
from gateway.storage.database import open_database
from tests.channels.sms.smsc import running_smsc
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI
from tests.support.running import RunningGateway
from tests.support.servers import served
from tests.support.smtp import MailPeer
from tests.support.waiting import until

pytestmark = pytest.mark.e2e
MOBILE, DEPUTY = "8613800000001", "8613800000002"


def tables(smpp_port: int, smtp_port: int, robots: str) -> str:
    return f"""
[[channel]]
id = "sms"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = {smpp_port}
system_id = "gateway"
password = "secret"
number = "12345"
reconnect_min_s = 0.1
reconnect_max_s = 0.5
[notices]
robot_url = "{robots}"
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
smtp_tls = "none"
smtp_from = "12345 <12345@city.example>"
"""


@asynccontextmanager
async def robots(posts: list[Any]) -> AsyncIterator[str]:
    async def webhook(request: web.Request) -> web.Response:
        posts.append((request.query["key"], (await request.json())["text"]["content"]))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    app = web.Application()
    app.router.add_post("/cgi-bin/webhook/send", webhook)
    async with served(app) as url:
        yield url


def import_directory(gateway: RunningGateway, folder: Path) -> None:
    """M02 gets contacts of every kind; officers do it so."""
    rows = gateway.cli("dispatch", "show", "--kind", "directory").splitlines()
    columns = rows[0].split(",")
    cells = dict(zip(columns, next(row for row in rows if row.startswith("M02,")).split(","), strict=True))
    cells["contacts"] = f"值班室 {MOBILE[2:]}|gone@water.example|duty@water.example|工作群 {ROBOTS}k1"
    cells["deputies"] = f"王副局长 {DEPUTY[2:]}"
    changed = [",".join(cells[name] for name in columns) if row.startswith("M02,") else row for row in rows]
    file = folder / "units.csv"
    file.write_text("\n".join(changed) + "\n", encoding="utf-8-sig")
    assert "directory:2 is in force" in gateway.cli("dispatch", "import", str(file), "--kind", "directory")


async def dispatched(gateway: RunningGateway) -> str:
    """An urgent ticket is given to M02, as another process of the gateway does it; its number."""
    now = datetime.now(UTC)
    db = await open_database("", data_dir=gateway.data, zone=SHANGHAI, migrate=False)
    try:
        fields = {("demand", "urgency"): {"level": "urgent", "reason": "停水"}, ("demand", "type"): "complaint"}
        change = written("m1", at=now, content="我是张三，家里停水了", fields=fields)
        ticket = await db.changes.execute(change)
        offer = Offer(task_id="k1", unit="M02", role=Role.LEAD)
        await db.changes.execute(
            DispatchTicket(
                at=now,
                actor="user:li",
                ticket_id=ticket.ticket_id,
                offers=(offer,),
                stage="function",
                directory="directory:2",
                policy="policy:0",
            )
        )
    finally:
        await db.aclose()
    return ticket.ticket_no


async def test_an_urgent_ticket_reaches_its_units_people_by_every_way(tmp_path: Path) -> None:
    mail, posts = MailPeer(refused={"gone@water.example": "550 5.1.1 no such mailbox"}), []
    async with running_smsc() as smsc, mail.listening(), robots(posts) as url:
        gateway = RunningGateway(tmp_path, tables=tables(smsc.port, mail.port, url))
        await asyncio.to_thread(gateway.start)
        try:
            await asyncio.to_thread(import_directory, gateway, tmp_path)
            number = await dispatched(gateway)
            await until(lambda: mail.mails and posts and len(smsc.submitted) >= 2, "notices", within_s=60)
            spelled = f"{number[:8]}-{number[8:]}"
            (got,) = mail.mails
            assert got.recipients == ["duty@water.example"]
            said = [got.message.get_content(), *(text for _, text in posts)]
            assert all(spelled in text and "张三" not in text for text in said)
            assert [key for key, _ in posts] == ["k1"]
            assert {one.destination for one in smsc.submitted} == {MOBILE, DEPUTY}

            def dead() -> list[dict[str, Any]]:
                return list(json.loads(gateway.cli("notices", "list", "--dead", "--json")))

            await until(lambda: asyncio.to_thread(dead), "the dead letter", within_s=60)
            (lost,) = await asyncio.to_thread(dead)
            assert (lost["address"], lost["attempts"]) == ("gone@water.example", 1)
            assert "no such mailbox" in lost["error"]

            def counted() -> bool:
                measured = gateway.metrics()
                return any(name.startswith("gateway_notices_dead") and value for name, value in measured.items())

            await until(lambda: asyncio.to_thread(counted), "the alarm's measure", within_s=60)
            assert await asyncio.to_thread(gateway.cli, "notices", "drop") == "1 notices dropped"
        finally:
            await asyncio.to_thread(gateway.stop)
