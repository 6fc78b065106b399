"""The worst that anybody may send to a gateway by HTTP, as a client that a test or a bench points at one.

Channels are expected under the ids ``web`` (webchat), ``wechat``, ``sms`` (aliyun), ``bot`` (telegram) and ``grid``
(platform), as ``CHANNELS`` configures them.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import aiohttp

from tests.support.signatures import by_hmac, by_wechat

WECHAT_TOKEN = "attacked-callback-token"
SMS_TOKEN = "attacked-path-token-0001"
BOT_SECRET = "attacked-hook-secret-0001"
GRID_SECRET = "attacked-platform-secret"
CHANNELS = f"""
[[channel]]
id = "web"
kind = "webchat"
flow = "chat"
sessions_per_minute_per_ip = 100000
[[channel]]
id = "wechat"
kind = "wechat"
mode = "plain"
app_id = "wx2c2769f8efd9abc2"
app_secret = "secret"
token = "{WECHAT_TOKEN}"
api_base = "http://127.0.0.1:9"
[[channel]]
id = "sms"
kind = "sms"
provider = "aliyun"
base_url = "http://127.0.0.1:9"
access_key_id = "id"
access_key_secret = "secret"
path_token = "{SMS_TOKEN}"
sign_name = "12345"
template_code = "SMS_1"
[[channel]]
id = "bot"
kind = "telegram"
token = "123456789:AAattackedattackedattackedattackedatt"
secret_token = "{BOT_SECRET}"
set_webhook = false
base_url = "http://127.0.0.1:9"
[[channel]]
id = "grid"
kind = "platform"
source = "grid"
secret = "{GRID_SECRET}"
"""
DIGITS = "13800138000一三八零零一三八零零零1 3 8-0 0 1 3,8 0 0 0"
"""Every digit may begin a telephone number."""
NAMES = "我是张三,投诉王小明和李四经理,电话13800138000,住龙华区国贸路10号3单元。"
PLAN = "昨天下午三点半龙华区国贸大道路灯坏了二十八万六千元 from 9:30 to 10 o'clock on Monday "


def filled(pattern: str, length: int) -> str:
    """``pattern`` over and over, ``length`` characters of it."""
    return (pattern * (length // len(pattern) + 1))[:length]


@dataclass(slots=True)
class Attacker:
    """Strangers and clients of one gateway. Every method gives the status of each answer."""

    url: str
    http: aiohttp.ClientSession
    contacts_token: str = ""
    reader_token: str = ""
    writer_token: str = ""
    count: int = 0
    """Numbers used so far: ids of messages and people are made of them."""
    tickets: list[str] = field(default_factory=list)

    def next(self) -> int:
        """A number that was not used before."""
        self.count += 1
        return self.count

    async def ask(
        self, method: str, path: str, token: str = "", headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, bytes]:
        """One request."""
        if isinstance(options.get("data"), bytes):
            options["data"] = io.BytesIO(options["data"])
        given = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        async with self.http.request(method, self.url + path, headers=given, **options) as answer:
            return answer.status, await answer.read()

    async def session(self) -> str:
        """A token of a new anonymous person at the web chat."""
        status, body = await self.ask("POST", "/chat/web/session", json={})
        assert status in {200, 201}, (status, body[:300])
        return str(json.loads(body)["token"])

    async def chat(self, texts: list[str], *, token: str = "") -> list[int]:
        """Messages of one anonymous person."""
        token = token or await self.session()
        found = []
        for text in texts:
            frame = {"t": "text", "id": f"attack-{self.next():06d}", "text": text}
            status, body = await self.ask("POST", "/chat/web/messages", token, json=frame)
            if status == 200 and (number := json.loads(body).get("ticket_no")):
                self.tickets.append(number)
            found.append(status)
        return found

    async def upload(self, content: bytes, *, name: str, kind: str = "file") -> int:
        """A file of an anonymous person."""
        query = urlencode({"id": f"upload-{self.next():06d}", "kind": kind, "name": name})
        return (await self.ask("POST", f"/chat/web/files?{query}", await self.session(), data=content))[0]

    async def contact(self, content: str, **more: Any) -> int:
        """``POST /contacts``."""
        body = {"source": {"name": "app", "event_id": f"attack-{self.next()}"}, "content": content, **more}
        status, answer = await self.ask("POST", "/api/v1/contacts", self.contacts_token, json=body)
        if status == 201:
            self.tickets.append(json.loads(answer)["ticket_no"])
        return status

    async def contact_with_files(self, content: str, files: list[tuple[str, bytes]]) -> int:
        """``POST /contacts`` as multipart."""
        form = aiohttp.FormData()
        body = {"source": {"name": "app", "event_id": f"attack-{self.next()}"}, "content": content}
        form.add_field("contact", json.dumps(body), content_type="application/json")
        for name, held in files:
            form.add_field(name, io.BytesIO(held), filename=name)
        return (await self.ask("POST", "/api/v1/contacts", self.contacts_token, data=form))[0]

    async def wechat(self, xml: str) -> int:
        """A signed callback with any body."""
        at, nonce = str(int(time.time())), str(self.next())
        query = urlencode({"signature": by_wechat(WECHAT_TOKEN, at, nonce), "timestamp": at, "nonce": nonce})
        return (await self.ask("POST", f"/hooks/wechat?{query}", data=xml.encode()))[0]

    async def wechat_text(self, text: str) -> int:
        """A text message."""
        xml = (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>o{self.next()}</FromUserName><CreateTime>"
            f"{int(time.time())}</CreateTime><MsgType>text</MsgType><Content>{escape(text)}</Content>"
            f"<MsgId>{self.next()}</MsgId></xml>"
        )
        return await self.wechat(xml)

    async def sms(self, texts: list[str]) -> int:
        """Messages in one delivery of the aggregator."""
        items = [
            {
                "phone_number": f"138{self.next():08d}",
                "content": text,
                "send_time": "2026-11-23 09:00:00",
                "dest_code": "12345",
                "sequence_id": str(self.next()),
            }
            for text in texts
        ]
        return await self.sms_body(json.dumps(items, ensure_ascii=False).encode())

    async def sms_body(self, body: bytes) -> int:
        """Any body at the aggregator's address."""
        return (await self.ask("POST", f"/hooks/sms/{SMS_TOKEN}", data=body))[0]

    async def telegram(self, text: str, **more: Any) -> int:
        """An update with a message."""
        number = self.next()
        person = {"id": 500 + number, "is_bot": False, "first_name": "王"}
        message = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": person["id"], "type": "private"},
            "from": person,
            "text": text,
            **more,
        }
        return await self.telegram_body(json.dumps({"update_id": number, "message": message}).encode())

    async def telegram_body(self, body: bytes) -> int:
        """Any body at the bot's address."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": BOT_SECRET}
        return (await self.ask("POST", "/hooks/bot", headers=headers, data=body))[0]

    async def platform(self, body: Any) -> int:
        """A signed post of the platform: JSON, or any bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Gateway-Signature": by_hmac(raw, secret=GRID_SECRET, at=time.time())}
        return (await self.ask("POST", "/hooks/grid", headers=headers, data=raw))[0]

    async def platform_text(self, text: str) -> int:
        """A message of a person on the platform."""
        return await self.platform({"event_id": f"e{self.next()}", "sender": f"p{self.next()}", "text": text})

    async def masked_list(self, limit: int = 100) -> int:
        """A page for somebody who sees masked records."""
        return (await self.ask("GET", f"/api/v1/tickets?order=newest&limit={limit}", self.reader_token))[0]

    async def record(self, path: str = "") -> int:
        """The newest ticket, or something of it."""
        return (await self.ask("GET", f"/api/v1/tickets/{self.tickets[-1]}{path}", self.reader_token))[0]

    async def open311_report(self, description: str, **more: str) -> int:
        """A report with a key."""
        form = {"api_key": self.contacts_token, "service_code": "other", "address_string": "国贸路10号", **more}
        return (await self.ask("POST", "/open311/v2/requests.xml", data={**form, "description": description}))[0]

    async def open311_queries(self, times: int = 10, *, kind: str = "xml") -> list[int]:
        """What anybody may ask without a key."""
        path = f"/open311/v2/requests.{kind}"
        return [(await self.ask("GET", path))[0] for _ in range(times)]

    async def open311_updates(self) -> int:
        """The updates of the last day, without a key."""
        return (await self.ask("GET", "/open311/v2/servicerequestupdates.json"))[0]

    async def reword(self, change: Callable[[str], str]) -> int:
        """Correct the newest ticket's content, as somebody who saw it masked."""
        path = f"/api/v1/tickets/{self.tickets[-1]}"
        _, body = await self.ask("GET", path, self.writer_token)
        shown = json.loads(body)
        patch = {"demand": {"content": change(shown["demand"]["content"] or "")}}
        headers = {"If-Match": f'"{shown["version"]}"'}
        return (await self.ask("PATCH", path, self.writer_token, headers=headers, json=patch))[0]


Attack = Callable[[Attacker], Awaitable[Any]]


def taken(*statuses: int) -> None:
    """Fail unless everything was accepted: what is refused at once proves nothing."""
    assert all(200 <= status < 300 for status in statuses), statuses


def refused(*statuses: int) -> None:
    """Fail unless everything was refused, and none by a fault of ours."""
    assert all(400 <= status < 500 for status in statuses), statuses


async def digits_then_list(one: Attacker) -> None:
    """Three anonymous messages of digits, then one masked list."""
    for _ in range(3):
        taken(*await one.chat([filled(DIGITS, 40_000)]))
    taken(await one.masked_list(1000))


async def long_texts(one: Attacker) -> None:
    """The longest texts that each way takes, then what shows them."""
    for pattern in (DIGITS, NAMES, PLAN):
        taken(
            await one.contact(filled(pattern, 20_000)),
            *await one.chat([filled(pattern, 8_000), filled(pattern, 40_000)]),
            await one.wechat_text(filled(pattern, 20_000)),
            await one.sms([filled(pattern, 100_000), *[filled(pattern, 2_000)] * 20]),
            await one.telegram(filled(pattern, 100_000)),
            await one.platform_text(filled(pattern, 100_000)),
            await one.open311_report(filled(pattern, 4_000), **{f"attribute[{n}]": pattern * 10 for n in range(20)}),
            await one.masked_list(1000),
            await one.record(),
            await one.record("/vcon"),
            await one.record("/similar"),
        )


async def going_on(one: Attacker) -> None:
    """One person who does not stop, and an agent who looks on."""
    token = await one.session()
    for _ in range(18):
        taken(*await one.chat([filled(DIGITS, 8_000)], token=token))
    taken(await one.record(), await one.record("/vcon"), await one.record("/events"), await one.record("/similar"))


async def open311_reads(one: Attacker) -> None:
    """Reports, then ten queries without a key in each format."""
    for n in range(60):
        taken(await one.open311_report(filled((DIGITS, NAMES, PLAN)[n % 3], 4_000)))
    taken(*await one.open311_queries(kind="xml"), *await one.open311_queries(kind="json"), await one.open311_updates())


async def big_files(one: Attacker) -> None:
    """10 MB that are text to the last byte, UTF-8 and not; a list of files under the name of a sound; many files."""
    taken(
        await one.upload(filled("路灯坏了", 3_400_000).encode(), name="a.txt"),
        await one.upload(filled("路灯坏了", 5_000_000).encode("gb18030"), name="a.txt"),
        await one.upload(b"a" * 10_400_000, name="a.txt"),
        await one.upload(b"\xff\xd8\xff" + bytes(10_000_000), name="a.jpg", kind="image"),
        await one.upload(b"ffconcat version 1.0\n" + b"file 'x.mp3'\nduration 0\n" * 40_000, name="x.mp3"),
        await one.contact_with_files("路灯坏了", [(f"{n}.txt", b"b" * 3_000_000) for n in range(20)]),
    )


async def broken_bodies(one: Attacker) -> None:
    """Deep, wide and broken JSON and XML, wherever a body is taken."""
    deep = b"[" * 200_000 + b"]" * 200_000
    wide = json.dumps({f"k{n}": n for n in range(40_000)}).encode()
    listed = b'{"source":{"name":"app","event_id":"1"},"content":"x","attachments":[' + b"{}," * 160_000 + b"{}]}"
    kind = {"Content-Type": "application/json"}
    for body in (deep, wide, listed):
        refused(
            (await one.ask("POST", "/api/v1/contacts", one.contacts_token, headers=kind, data=body))[0],
            (await one.ask("POST", "/api/v1/contacts", headers={**kind, "X-Gateway-Signature": "t=1"}, data=body))[0],
            (await one.ask("POST", "/api/v1/session", headers=kind, data=body))[0],
            (await one.ask("POST", "/api/v1/session", headers=kind, data=body[:60_000]))[0],
            (await one.ask("POST", "/chat/web/messages", await one.session(), data=body))[0],
            await one.platform(body),
        )
        # Whoever proved to be the provider is acknowledged: what nobody can read of it is kept as it came.
        taken(await one.telegram_body(body), await one.wechat(body[:65_000].decode()), await one.sms_body(body))
    taken(
        await one.wechat("<xml>" + "<a>" * 2000 + "</a>" * 2000 + "</xml>"),
        await one.wechat("<xml>" + "<a/>" * 4000 + "</xml>"),
        await one.wechat("<xml " + " ".join(f'a{n}="1"' for n in range(6000)) + "/>"),
    )
    form = "&".join(f"attribute[k{n}]=1" for n in range(40_000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused((await one.ask("POST", "/open311/v2/requests.json", headers=headers, data=form))[0])
    taken(await one.sms_body(json.dumps([{"x": n} for n in range(50_000)]).encode()))


async def rewordings(one: Attacker) -> None:
    """Corrections of long texts that came masked: turned round, and woven."""
    taken(await one.contact(filled(DIGITS, 20_000)))
    refused(await one.reword(lambda text: "x" + text[1:2000][::-1] + text[2000:]))
    taken(await one.contact(filled(NAMES, 2_000)))
    refused(await one.reword(lambda text: "".join(a + b for a, b in zip(text[1::2], text[::2], strict=False))))


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        digits_then_list,
        long_texts,
        going_on,
        open311_reads,
        big_files,
        broken_bodies,
        rewordings,
    )
}
