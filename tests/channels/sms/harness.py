"""Every provider of this kind under the contract of all channels."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from channels.sms import SPEC
from gateway.ports.message import Sent
from tests.channels.sms.ismg import Ismg, QueuedMessage, running_ismg
from tests.channels.sms.smsc import Smsc, deliver, running_smsc
from tests.contract.channels.harness import BaseHarness, Said
from tests.support.signatures import by_twilio
from tests.support.waiting import until

PART = 134
LINK_LIMITS = {
    "forgery": "we call the operator, over a connection of our own; nobody else can deliver on it",
    "retry_after": "the protocol throttles without saying for how long",
}


def mobile(sender: int) -> str:
    return f"138001380{sender:02}"


def pieces(text: str, ref: int) -> list[tuple[bytes, bool]]:
    """A person's telephone cuts long texts by octets, and marks them in a header."""
    data = text.encode("utf-16-be", "surrogatepass")
    if len(data) <= 140:
        return [(data, False)]
    cut = [data[at : at + PART] for at in range(0, len(data), PART)]
    return [(bytes((5, 0, 3, ref & 0xFF, len(cut), n)) + one, True) for n, one in enumerate(cut, 1)]


def joined(parts: list[tuple[str, bool, bool, bytes]]) -> list[tuple[str, str]]:
    """(recipient, text) of (recipient, has a header, is UCS-2, octets) in the order in which they left."""
    texts: list[tuple[str, str]] = []
    for to, header, ucs2, data in parts:
        body = data[6:] if header else data
        text = body.decode("utf-16-be" if ucs2 else "ascii")
        if header and data[5] > 1:
            texts[-1] = (to, texts[-1][1] + text)
        else:
            texts.append((to, text))
    return texts


class LinkHarness(BaseHarness):
    spec = SPEC
    longest_text: ClassVar[int] = 255 * 67
    not_applicable: ClassVar[Mapping[str, str]] = LINK_LIMITS

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.stack = AsyncExitStack()

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("Geh3im!",)

    def person(self, sender: int) -> str:
        return f"+86{mobile(sender)}"

    async def close(self) -> None:
        await super().close()
        await self.stack.aclose()

    async def until_up(self) -> None:
        await until(lambda: self.house.health.up, "the link")

    async def send(self, sender: int, text: str) -> Sent:
        await self.until_up()
        return await super().send(sender, text)

    async def forge(self, said: Said) -> bool:
        raise NotImplementedError


class SmppHarness(LinkHarness):
    smsc: Smsc

    async def open(self) -> None:
        await super().open()
        self.smsc = await self.stack.enter_async_context(running_smsc())
        self.smsc.password = "Geh3im!"

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "provider": "smpp",
            "host": "127.0.0.1",
            "port": self.smsc.port,
            "system_id": "gateway",
            "password": "Geh3im!",
            "number": "12345",
            "reconnect_min_s": 0.02,
            "reconnect_max_s": 0.05,
        }

    async def deliver(self, said: Said) -> bool:
        for data, header in pieces(said.text, said.number):
            await asyncio.wait_for(self.smsc.bound.wait(), 10)
            body = deliver(f"86{mobile(said.sender)}", data, esm=0x40 if header else 0)
            if await self.smsc.send(body) != 0:
                return False
        return True

    async def drop(self) -> None:
        await self.smsc.bound.wait()
        self.smsc.drop()

    def sent(self) -> list[tuple[str, str]]:
        return joined(
            [(f"+{one.destination}", one.esm == 0x40, one.coding == 8, one.data) for one in self.smsc.submitted]
        )

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        text = f"id:{sent.external_id} sub:001 dlvrd:001 stat:{'DELIVRD' if delivered else 'UNDELIV'} err:000 text:"
        assert await self.smsc.send(deliver("8613800138001", text.encode(), coding=0, esm=4)) == 0

    def throttle(self, retry_after_s: float) -> None:
        self.smsc.statuses = [0x58]

    def refuse(self) -> None:
        self.smsc.statuses = [0x0B]


class CmppHarness(LinkHarness):
    version = "2.0"
    ismg: Ismg

    async def open(self) -> None:
        await super().open()
        self.ismg = await self.stack.enter_async_context(running_ismg(version=self.version, secret="Geh3im!", t_s=3))

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "provider": "cmpp",
            "version": self.version,
            "host": "127.0.0.1",
            "port": self.ismg.port,
            "sp_id": "900001",
            "secret": "Geh3im!",
            "number": "10690001",
            "reconnect_min_s": 0.02,
            "reconnect_max_s": 0.05,
        }

    async def deliver(self, said: Said) -> bool:
        if self.house.failure is None:
            await self.until_up()
        waiting = []
        for n, (data, header) in enumerate(pieces(said.text, said.number)):
            one = self.ismg.message(mobile(said.sender), data, udhi=int(header))
            one.msg_id = struct.pack(">Q", (0xB4C5 << 48) | (said.number << 16) | n)
            one.body = one.msg_id + one.body[8:]
            waiting.append(one)
        return await self._taken(waiting)

    async def _taken(self, waiting: list[QueuedMessage]) -> bool:
        connects, broken = self.ismg.connects, self.house.failure is not None
        try:
            async with asyncio.timeout(20):
                while any(one in self.ismg.waiting for one in waiting):
                    if broken and self.ismg.connects > connects + 1:
                        return False
                    await asyncio.sleep(0.005)
        finally:
            self.ismg.waiting = [one for one in self.ismg.waiting if one not in waiting]
        return True

    async def drop(self) -> None:
        await self.until_up()
        self.ismg.drop()

    def sent(self) -> list[tuple[str, str]]:
        return joined([(f"+86{one.number}", bool(one.udhi), one.fmt == 8, one.content) for one in self.ismg.taken])

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        taken = next(one for one in self.ismg.taken if one.msg_id.hex() == sent.external_id)
        assert await self._taken([self.ismg.report(taken, b"DELIVRD" if delivered else b"UNDELIV")])

    def throttle(self, retry_after_s: float) -> None:
        self.ismg.results = [8]

    def refuse(self) -> None:
        self.ismg.results = [13]


class Cmpp3Harness(CmppHarness):
    version = "3.0"


class HookHarness(BaseHarness):
    spec = SPEC
    good: ClassVar[dict[str, Any]]
    bad: ClassVar[tuple[int, dict[str, Any]]]

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.asked: list[tuple[web.Request, bytes]] = []
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        self.taken: list[tuple[str, str]] = []
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._api)
        self.api = TestServer(app)

    async def open(self) -> None:
        await super().open()
        await self.api.start_server()

    async def close(self) -> None:
        await super().close()
        await self.api.close()

    @property
    def base_url(self) -> str:
        return str(self.api.make_url("")).rstrip("/")

    async def _api(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.answers:
            status, answer, headers = self.answers.pop(0)
        else:
            self.taken.append(self.read(request, body))
            status, answer, headers = 201, json.loads(json.dumps(self.good).replace("NUMBER", str(len(self.taken)))), {}
        return web.json_response(answer, status=status, headers=headers)

    def read(self, request: web.Request, body: bytes) -> tuple[str, str]:
        raise NotImplementedError

    def sent(self) -> list[tuple[str, str]]:
        return self.taken

    def throttle(self, retry_after_s: float) -> None:
        self.answers = [(429, {}, {"Retry-After": str(int(retry_after_s))})]

    def refuse(self) -> None:
        self.answers = [(*self.bad, {})]

    def person(self, sender: int) -> str:
        return f"+86{mobile(sender)}"

    async def post(self, tail: str, **options: Any) -> bool:
        async with (
            ClientSession() as client,
            client.post(f"{self.url}/hooks/{self.channel_id}{tail}", **options) as answer,
        ):
            return answer.status == 200


class AliyunHarness(HookHarness):
    good: ClassVar[dict[str, Any]] = {"Code": "OK", "BizId": "BNUMBER"}
    bad: ClassVar[tuple[int, dict[str, Any]]] = (200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"})

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "provider": "aliyun",
            "base_url": self.base_url,
            "access_key_id": "key",
            "access_key_secret": "Geh3im-und-lang",
            "path_token": "an-unguessable-token-42",
            "sign_name": "海口12345",
            "template_code": "SMS_1",
        }

    def body(self, said: Said) -> list[dict[str, Any]]:
        sent = f"2026-11-23 09:{said.number // 60:02}:{said.number % 60:02}"
        item = {"phone_number": mobile(said.sender), "content": said.text, "send_time": sent, "dest_code": "1234"}
        return [item | {"sequence_id": str(said.number)}]

    async def deliver(self, said: Said) -> bool:
        return await self.post("/an-unguessable-token-42", json=self.body(said))

    async def forge(self, said: Said) -> bool:
        return await self.post("/an-unguessable-token-43", json=self.body(said))

    def read(self, request: web.Request, body: bytes) -> tuple[str, str]:
        query = parse_qs(request.rel_url.raw_query_string)
        return f"+86{query['PhoneNumbers'][0]}", json.loads(query["TemplateParam"][0])["content"]

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        report = {"biz_id": sent.external_id, "success": delivered, "err_code": "DELIVERED" if delivered else "X"}
        assert await self.post("/an-unguessable-token-42", json=[report])


class TencentHarness(HookHarness):
    good: ClassVar[dict[str, Any]] = {"Response": {"SendStatusSet": [{"SerialNo": "SNUMBER", "Code": "Ok"}]}}
    bad: ClassVar[tuple[int, dict[str, Any]]] = (
        200,
        {"Response": {"Error": {"Code": "InvalidParameterValue.IncorrectPhoneNumber"}}},
    )

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "provider": "tencent",
            "base_url": self.base_url,
            "secret_id": "key",
            "secret_key": "Geh3im-und-lang",
            "path_token": "an-unguessable-token-42",
            "sdk_app_id": "1400006666",
            "template_id": "1110",
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("Geh3im-und-lang", "an-unguessable-token-42")

    def body(self, said: Said) -> dict[str, Any]:
        when = 1_763_860_000 + said.number
        return {"nationcode": "86", "mobile": mobile(said.sender), "text": said.text, "time": when, "extend": "1"}

    async def deliver(self, said: Said) -> bool:
        return await self.post("/an-unguessable-token-42", json=self.body(said))

    async def forge(self, said: Said) -> bool:
        return await self.post("/", json=self.body(said))

    def read(self, request: web.Request, body: bytes) -> tuple[str, str]:
        asked = json.loads(body)
        return asked["PhoneNumberSet"][0], asked["TemplateParamSet"][0]

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        status = {"sid": sent.external_id, "report_status": "SUCCESS" if delivered else "FAIL", "errmsg": "MK:0001"}
        assert await self.post("/an-unguessable-token-42", json=[status])


class TwilioHarness(HookHarness):
    longest_text: ClassVar[int] = 1600
    good: ClassVar[dict[str, Any]] = {"sid": "SMNUMBER"}
    bad: ClassVar[tuple[int, dict[str, Any]]] = (400, {"code": 21211})

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "provider": "twilio",
            "base_url": self.base_url,
            "account_sid": "AC00",
            "auth_token": "Geh3im-und-lang",
            "number": "+8689812345",
        }

    async def signed(self, tail: str, form: dict[str, str], key: str = "Geh3im-und-lang") -> bool:
        form = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
        mac = by_twilio(f"{self.url}/hooks/{self.channel_id}{tail}", form, key)
        return await self.post(tail, data=form, headers={"X-Twilio-Signature": mac})

    def form(self, said: Said) -> dict[str, str]:
        person = self.person(said.sender)
        return {
            "MessageSid": f"SM{said.number}",
            "From": person,
            "To": "+8689812345",
            "Body": said.text,
            "NumMedia": "0",
        }

    async def deliver(self, said: Said) -> bool:
        return await self.signed("", self.form(said))

    async def forge(self, said: Said) -> bool:
        return await self.signed("", self.form(said), key="other")

    def read(self, request: web.Request, body: bytes) -> tuple[str, str]:
        form = parse_qs(body.decode())
        return form["To"][0], form["Body"][0]

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        state = "delivered" if delivered else "undelivered"
        assert await self.signed("/status", {"MessageSid": sent.external_id or "", "MessageStatus": state})


HARNESSES = {
    "smpp": SmppHarness,
    "cmpp2": CmppHarness,
    "cmpp3": Cmpp3Harness,
    "aliyun": AliyunHarness,
    "tencent": TencentHarness,
    "twilio": TwilioHarness,
}
