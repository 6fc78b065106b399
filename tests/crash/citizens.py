"""People who write on every channel while the house is killed; their providers deliver until it has acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from gateway.cli.simulators.base import Destination, HookProvider, SimulatedPost
from gateway.cli.simulators.sms import Aliyun
from gateway.cli.simulators.webchat import Webchat
from gateway.cli.simulators.wechat import OfficialAccount
from tests.channels.platform.harness import sign
from tests.channels.sms.smsc import Smsc, deliver
from tests.crash.contacts import PATIENCE_S
from tests.crash.outside import PATH_TOKEN, WECHAT_TOKEN

TRY_S = 5.0
PAUSE_S = 0.3
TALKS = (5, 20)
"""How many messages one conversation has."""
WORDS = ("井盖坏了", "楼下夜里施工", "在龙华路边上", "路面积水", "公交站牌倒了", "垃圾没有人收")
BACK_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass
class Citizen:
    """One person on one channel. ``said``: markers in the order in which they were acknowledged."""

    channel_id: str
    number: int
    said: list[str] = field(default_factory=list)
    under_way: str | None = None


class Talk(HookProvider):
    """A platform's people: messages of conversations, signed."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        message = {"event_id": f"talk-{number}", "sender": f"u-{person}", "text": text}
        body = json.dumps(message, ensure_ascii=False).encode()
        return SimulatedPost(
            url=self.target.hook, body=body, headers={"X-Gateway-Signature": sign(body, at=time.time())}
        )

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """Not asked for here."""
        raise NotImplementedError


class Citizens:
    """Counts what was written and what was promised."""

    def __init__(self, url: str, smsc: Smsc, chance: random.Random) -> None:
        """``url`` of the gateway, ``smsc`` that it is bound to."""
        run = int(time.time())

        def target(channel_id: str, options: Mapping[str, str]) -> Destination:
            return Destination(base=url, channel_id=channel_id, options=options, run=run)

        self._by_http: dict[str, HookProvider] = {
            "web": Webchat(target("web", {})),
            "wechat": OfficialAccount(target("wechat", {"token": WECHAT_TOKEN, "mode": "plain"})),
            "sms": Aliyun(target("sms", {"path_token": PATH_TOKEN})),
            "cloud": Talk(target("cloud", {})),
        }
        self._smsc = smsc
        self._chance = chance
        self._numbers = itertools.count(1)
        self.channels = (*self._by_http, "smsc")
        self.people: list[Citizen] = []
        self.redelivered: Counter[str] = Counter()
        self.acknowledged: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Messages acknowledged."""
        return sum(self.acknowledged.values())

    def web_line(self, number: int) -> tuple[str, dict[str, str]]:
        """Address and headers with which a person of the web chat reads everything from the start."""
        delivery = self._by_http["web"].delivery(0, number, "")
        return delivery.url.replace("/messages", "/events?after=0"), dict(delivery.headers)

    async def run(self, people: int, stop: asyncio.Event) -> None:
        """So many people a channel write until ``stop``, then until what they wrote is acknowledged."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TRY_S)) as http:
            await asyncio.gather(
                *(self._write(http, channel_id, stop) for channel_id in self.channels for _ in range(people))
            )

    async def _write(self, http: aiohttp.ClientSession, channel_id: str, stop: asyncio.Event) -> None:
        chance = self._chance
        while not stop.is_set():
            citizen = Citizen(channel_id, len(self.people) + 1)
            self.people.append(citizen)
            await self._enter(http, citizen)
            for _ in range(chance.randint(*TALKS)):
                number = next(self._numbers)
                citizen.under_way = f"m{number}m"
                text = f"{chance.choice(WORDS)}〔{citizen.under_way}〕"
                gives_up = time.monotonic() + PATIENCE_S
                while not await self._twice(http, citizen, number, text):
                    assert time.monotonic() < gives_up, f"{channel_id} never acknowledged {citizen.under_way}"
                    self.redelivered[channel_id] += 1
                    await asyncio.sleep(PAUSE_S)
                citizen.said.append(citizen.under_way)
                citizen.under_way = None
                self.acknowledged[channel_id] += 1
                if number % 5 == 0:  # the provider missed the answer
                    self.redelivered[channel_id] += 1
                    await self._deliver(http, citizen, number, text)
                if stop.is_set():
                    return
                await asyncio.sleep(chance.uniform(0.1, 1.2))

    async def _enter(self, http: aiohttp.ClientSession, citizen: Citizen) -> None:
        provider = self._by_http.get(citizen.channel_id)
        gives_up = time.monotonic() + PATIENCE_S
        while provider is not None:
            assert time.monotonic() < gives_up, f"{citizen.channel_id} lets nobody in"
            try:
                await provider.enter(http, citizen.number)
            except (aiohttp.ClientError, TimeoutError, ValueError):  # ValueError: 429 and 5xx
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def _twice(self, http: aiohttp.ClientSession, citizen: Citizen, number: int, text: str) -> bool:
        """Deliver; now and then two of the provider's machines do so at once."""
        if number % 7 or citizen.channel_id == "smsc":
            return await self._deliver(http, citizen, number, text)
        self.redelivered[citizen.channel_id] += 1
        return any(await asyncio.gather(*(self._deliver(http, citizen, number, text) for _ in range(2))))

    async def _deliver(self, http: aiohttp.ClientSession, citizen: Citizen, number: int, text: str) -> bool:
        if citizen.channel_id == "smsc":
            return await self._by_smpp(citizen, text)
        provider = self._by_http[citizen.channel_id]
        delivery = provider.delivery(number, citizen.number, text)
        try:
            async with http.post(delivery.url, data=delivery.body, headers=delivery.headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return False
        if provider.acknowledged(answer.status, body):
            return True
        assert answer.status in BACK_AGAIN, (citizen.channel_id, answer.status, body)
        return False

    async def _by_smpp(self, citizen: Citizen, text: str) -> bool:
        try:
            async with asyncio.timeout(TRY_S):
                await self._smsc.bound.wait()
            return await self._smsc.send(deliver(phone_of(citizen), text.encode("utf-16-be")), wait_s=TRY_S) == 0
        except (TimeoutError, ConnectionError):
            return False


def phone_of(citizen: Citizen) -> str:
    """The number that a citizen of the SMSC writes from."""
    return f"8613700{citizen.number:06d}"


def address_of(citizen: Citizen) -> str:
    """How a provider knows this person."""
    return {
        "wechat": f"oSim{citizen.number:024d}",
        "sms": f"1900000{citizen.number:04d}",
        "smsc": phone_of(citizen),
        "cloud": f"u-{citizen.number}",
    }.get(citizen.channel_id, "")
