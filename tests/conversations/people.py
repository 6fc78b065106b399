"""Those who write: a browser with a socket, a handset behind an SMS provider, somebody behind WeChat's servers.

A turn is over when the gateway has acknowledged it, has looked after what came with it, and all that it wrote has
arrived.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.conversations.city import SMS_TOKEN, WECHAT_TOKEN, City
from tests.conversations.script import Turn
from tests.support.signatures import by_wechat
from tests.support.waiting import until

UNSHOWABLE = "【收到不支持的消息类型，暂无法显示】"
"""What WeChat hands on instead of a sticker."""
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


class Person(ABC):
    """Somebody who writes. ``received`` is what has arrived, in order."""

    channel_id: str

    def __init__(self, city: City, number: int, language: str) -> None:
        self.city = city
        self.number = number
        self.language = language
        self.sender = ""
        self.received: list[str] = []
        self._sent = 0

    @abstractmethod
    async def begin(self) -> None:
        """Before the first word."""

    async def close(self) -> None:  # noqa: B027 - most have nothing open
        """After the last one."""

    @abstractmethod
    async def text(self, words: str) -> None:
        """Write; returns once the gateway has acknowledged it."""

    async def picture(self, name: str) -> None:
        """Send a picture."""
        raise NotImplementedError(name)

    async def sticker(self, emoji: str) -> None:
        """Send a sticker, or an emoji alone."""
        await self.text(emoji)

    async def location(self, lat: float, lon: float, label: str) -> None:
        """Send a position."""
        raise NotImplementedError(label)

    async def voice(self, words: str) -> None:
        """Send a voice message."""
        raise NotImplementedError(words)

    def next_id(self) -> str:
        """Of this person's next message; of no other."""
        self._sent += 1
        return f"{self.number:05d}{self._sent:04d}"

    @property
    def phone(self) -> str | None:
        """The number that the gateway knows from the channel."""
        return None

    async def do(self, turn: Turn, words: str | None) -> list[str]:
        """Act; everything that was answered. ``words`` is what is said, with its numbers filled in."""
        before = len(self.received)
        if words is not None:
            await self.text(words)
        elif turn.key is not None:
            await self.text(turn.key)
        elif turn.picture is not None:
            await self.picture(turn.picture)
        elif turn.sticker is not None:
            await self.sticker(turn.sticker)
        elif turn.location is not None:
            await self.location(*turn.location)
        elif turn.voice is not None:
            await self.voice(turn.voice)
        await self.settled()
        return self.received[before:]

    async def settled(self) -> None:
        """Until what was sent has been fetched and heard, and everything written to this person has arrived."""
        conversations = self.city.written.conversations
        await until(self._fetched, f"the files of {self.sender} to be fetched")

        async def arrived() -> bool:
            history = await conversations.history(self.channel_id, self.sender)
            return len(self.received) >= sum(message.direction == "outbound" for message in history)

        await until(arrived, f"what was written to {self.sender} to arrive")

    async def _fetched(self) -> bool:
        conversations = self.city.written.conversations
        history = await conversations.history(self.channel_id, self.sender)
        if not any(message.attachment_id for message in history):
            return True
        for item in (await self.city.tickets())[self.sender]:
            record = await self.city.get(f"tickets/{item['ticket_id']}")
            files = {file["attachment_id"]: file for file in record["attachments"]}
            for message in (m for one in record["interactions"] for m in one["messages"]):
                file = files.get(message["attachment_id"])
                if file is None or file["error"]:
                    continue
                if not file["sha256"] or (message["kind"] == "voice" and not message["text"]):
                    return False
        return True


class Browser(Person):
    """A visitor of the web chat, with one open socket."""

    channel_id = "web"

    async def begin(self) -> None:
        self._headers = {"Accept-Language": "en-GB,en;q=0.9" if self.language == "en" else "zh-CN,zh;q=0.9"}
        await until(self._session, "a session of the web chat")
        self.sender = "web-" + base64.urlsafe_b64decode(self._token + "=" * (-len(self._token) % 4))[:26].decode()
        self._socket = await self.city.http.ws_connect(f"{self._url}/ws", headers=self._headers)
        await self._socket.send_json({"t": "hello", "token": self._token})
        self._acknowledged: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        await self._socket.close()
        await self._reading

    async def text(self, words: str) -> None:
        name = f"message-{self.next_id()}"
        taken = self._acknowledged[name] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"t": "text", "id": name, "text": words})
        answer = await taken
        assert answer["t"] == "ack", answer

    async def picture(self, name: str) -> None:
        query = urlencode({"id": f"picture-{self.next_id()}", "kind": "image", "name": name})
        headers = {**self._headers, "Authorization": f"Bearer {self._token}"}
        async with self.city.http.post(
            f"{self._url}/files?{query}", data=io.BytesIO(PICTURE), headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()

    async def _session(self) -> bool:
        """Whether there is one now: the first of a new gateway are told to come again in a moment."""
        async with self.city.http.post(f"{self._url}/session", json={}, headers=self._headers) as answer:
            assert answer.status in {201, 503}, await answer.text()
            self._token = (await answer.json()).get("token", "")
            return answer.status == 201

    @property
    def _url(self) -> str:
        return f"{self.city.url}/chat/{self.channel_id}"

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame["t"] == "message" and frame["from"] == "us":
                self.received.append(frame["text"])
            elif frame["t"] in {"ack", "refused"} and not self._acknowledged[frame["id"]].done():
                self._acknowledged[frame["id"]].set_result(frame)


class Handset(Person):
    """A mobile telephone behind an SMS provider that calls us by HTTP."""

    channel_id = "sms"

    async def begin(self) -> None:
        self._mobile = f"1390001{self.number:04d}"
        self.sender = f"+86{self._mobile}"
        self.received = self.city.short_messages[self._mobile]

    @property
    def phone(self) -> str:
        return self.sender

    async def text(self, words: str) -> None:
        when = (self.city.clock.now() + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
        item = {"phone_number": self._mobile, "content": words, "send_time": when, "dest_code": "12345"}
        body = [item | {"sequence_id": self.next_id()}]
        async with self.city.http.post(f"{self.city.url}/hooks/sms/{SMS_TOKEN}", json=body) as answer:
            assert answer.status == 200, await answer.text()


class Follower(Person):
    """Somebody who follows the official account; WeChat's servers hand over what they send."""

    channel_id = "wechat"

    async def begin(self) -> None:
        self.sender = f"oFollower{self.number:05d}"
        self.received = self.city.wechat.followers[self.sender]

    async def text(self, words: str) -> None:
        await self._deliver("text", f"<Content><![CDATA[{words}]]></Content>")

    async def sticker(self, emoji: str) -> None:
        await self.text(UNSHOWABLE)

    async def picture(self, name: str) -> None:
        media = self._media("image/png", PICTURE)
        await self._deliver("image", f"<PicUrl>http://127.0.0.1:9/{name}</PicUrl><MediaId>{media}</MediaId>")

    async def voice(self, words: str) -> None:
        media = self._media("audio/amr", self.city.hearing.message(words))
        await self._deliver("voice", f"<MediaId>{media}</MediaId><Format>amr</Format>")

    async def location(self, lat: float, lon: float, label: str) -> None:
        await self._deliver(
            "location",
            f"<Location_X>{lat}</Location_X><Location_Y>{lon}</Location_Y><Scale>16</Scale>"
            f"<Label><![CDATA[{label}]]></Label>",
        )

    def _media(self, media_type: str, content: bytes) -> str:
        name = f"media-{self.number}-{self._sent}"
        self.city.wechat.media[name] = (media_type, content)
        return name

    async def _deliver(self, kind: str, content: str) -> None:
        at, nonce = str(int(self.city.clock.now().timestamp())), "1320562132"
        body = (
            f"<xml><ToUserName>gh_12345</ToUserName><FromUserName>{self.sender}</FromUserName><CreateTime>{at}</CreateTime>"
            f"<MsgType>{kind}</MsgType>{content}<MsgId>{self.next_id()}</MsgId></xml>"
        )
        query = urlencode({"signature": by_wechat(WECHAT_TOKEN, at, nonce), "timestamp": at, "nonce": nonce})
        async with self.city.http.post(f"{self.city.url}/hooks/wechat?{query}", data=body.encode()) as answer:
            assert (answer.status, await answer.text()) == (200, "success")
