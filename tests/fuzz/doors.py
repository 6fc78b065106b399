"""The doors of a running gateway, each knocked on with damaged deliveries that carry a good signature."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable

import aiohttp

from gateway.cli.simulators.base import Destination, SimulatedPost
from gateway.cli.simulators.wechat import OfficialAccount
from tests.channels.platform.harness import sign
from tests.channels.sms.smsc import Smsc, pdu
from tests.crash.outside import PATH_TOKEN, WECHAT_TOKEN
from tests.fuzz import targets
from tests.fuzz.mutate import Mutator
from tests.support.running import RunningGateway

AT_ONCE = 8
ANSWER_S = 60.0
DELIVER_SM = 5
REFUSED = 500
UNAVAILABLE = 503
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONTACT = targets.dumped(
    {
        "source": {"name": "app", "event_id": "1"},
        "requester": {"kind": "citizen", "phone": "13800138000", "name": "王五"},
        "content": "秀英区长流镇的路灯坏了",
        "place": {"address": "长流镇", "lat": 20.04, "lon": 110.2, "crs": "wgs84"},
    }
)
OPEN311 = (
    b"service_code=complaint&address_string=%E9%95%BF%E6%B5%81%E9%95%87&description=%E8%B7%AF%E7%81%AF&lat=20&long=110",
)
UPLOADS = tuple(
    b'--b\r\nContent-Disposition: form-data; name="contact"\r\nContent-Type: application/json\r\n\r\n'
    + CONTACT[0].replace(b'"1"', f'"{number}"'.encode())
    + b'\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="x.mp3"\r\n\r\n'
    + file
    + b"\r\n--b--\r\n"
    for number, file in enumerate(targets.FILES, start=100)
)
PATCH = targets.dumped({"demand": {"title": "路灯", "type": "help"}, "place": {"address": "长流镇"}})
Knock = Callable[[bytes], SimulatedPost]


class Doors:
    """What each door takes: good bodies, and how a delivery with such a body is sent."""

    def __init__(self, gateway: RunningGateway, chat_token: str, ticket_id: str) -> None:
        """``gateway`` runs with the channels of ``tests.crash.outside``."""
        url = gateway.url
        bearer = {"Authorization": f"Bearer {gateway.token}"}
        chat = {"Authorization": f"Bearer {chat_token}"}
        wechat = OfficialAccount(
            Destination(
                base=url, channel_id="wechat", options={"token": WECHAT_TOKEN, "mode": "plain"}, run=int(time.time())
            )
        )

        def to_wechat(body: bytes) -> SimulatedPost:
            good = wechat.delivery(1, 1, "路灯")
            return SimulatedPost(url=good.url, body=body, headers=good.headers)

        def to(path: str, headers: dict[str, str]) -> Knock:
            return lambda body: SimulatedPost(url=url + path, body=body, headers=headers)

        self.ways: dict[str, tuple[tuple[bytes, ...], str, Knock]] = {
            "wechat": (targets.WECHAT_XML, "POST", to_wechat),
            "platform": (
                targets.PLATFORM,
                "POST",
                lambda body: SimulatedPost(
                    url=f"{url}/hooks/cloud", body=body, headers={"X-Gateway-Signature": sign(body, at=time.time())}
                ),
            ),
            "sms": (
                targets.dumped(
                    [{"phone_number": "13800138000", "content": "路灯坏了", "dest_code": "1", "sequence_id": 1}]
                ),
                "POST",
                to(f"/hooks/sms/{PATH_TOKEN}", _JSON),
            ),
            "contacts": (CONTACT, "POST", to("/api/v1/contacts", {**_JSON, **bearer})),
            "uploads": (
                UPLOADS,
                "POST",
                to("/api/v1/contacts", {"Content-Type": "multipart/form-data; boundary=b", **bearer}),
            ),
            "patch": (PATCH, "PATCH", to(f"/api/v1/tickets/{ticket_id}", {**_JSON, **bearer, "If-Match": "1"})),
            "open311": (OPEN311, "POST", to("/open311/v2/requests.json", {**_FORM, **bearer})),
            "open311 xml": (OPEN311, "POST", to("/open311/v2/requests.xml", {**_FORM, **bearer})),
            "chat": (targets.FRAMES, "POST", to("/chat/web/messages", {**_JSON, **chat})),
            "chat file": (targets.FILES, "POST", to("/chat/web/files?id=a-file-of-fuzz&kind=voice&name=x.mp3", chat)),
            "login": (
                targets.dumped({"username": "a", "password": "b"}),
                "POST",
                to("/api/v1/session", {**_JSON, "Origin": url}),
            ),
        }

    async def knock(self, inputs: int, seed: int) -> Counter[tuple[str, int]]:
        """``inputs`` a door, several at once; how often each door gave which status."""
        statuses: Counter[tuple[str, int]] = Counter()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(http: aiohttp.ClientSession, door: str, method: str, delivery: SimulatedPost) -> None:
            async with gate:
                try:
                    async with http.request(
                        method, delivery.url, data=delivery.body, headers=dict(delivery.headers)
                    ) as answer:
                        await answer.read()
                except aiohttp.ClientOSError:
                    statuses[door, 0] += 1  # closed on us while we sent: more than it takes
                else:
                    statuses[door, answer.status] += 1

        patience = aiohttp.ClientTimeout(total=ANSWER_S)
        async with aiohttp.ClientSession(timeout=patience) as http, asyncio.TaskGroup() as group:
            for door, (good, method, knock) in self.ways.items():
                row = Mutator(good, seed)
                for _ in range(inputs):
                    group.create_task(one(http, door, method, knock(row.next())))
        return statuses


async def sip(port: int, inputs: int, seed: int) -> None:
    """Damaged SIP by UDP from one socket, and by TCP on connections that end in the middle."""
    row, chance = Mutator(targets.SIP, seed), random.Random(seed)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port))
    try:
        for _ in range(inputs):
            transport.sendto(row.next()[:8000])
            await asyncio.sleep(0.001)
    finally:
        transport.close()
    for _ in range(inputs // 10):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(chance.randint(1, 4)):
                writer.write(row.next())
            await writer.drain()
            writer.close()


async def smpp(smsc: Smsc, inputs: int, seed: int) -> None:
    """Damaged deliver_sm from the message centre: bodies of good length first, then whole PDUs with wrong ones."""
    bodies = Mutator(targets.SMPP, seed)
    whole = Mutator([pdu(DELIVER_SM, 0, number, body) for number, body in enumerate(targets.SMPP, start=1)], seed)
    for number in range(inputs):
        async with asyncio.timeout(ANSWER_S):
            await smsc.bound.wait()
        if smsc.writer is None:
            continue
        with contextlib.suppress(ConnectionError):
            smsc.writer.write(pdu(DELIVER_SM, 0, number, bodies.next()) if number % 20 else whole.next())
            await smsc.writer.drain()
        await asyncio.sleep(0.005)


async def rtp(ports: tuple[int, int], inputs: int, seed: int) -> None:
    """Damaged RTP and RTCP to every media port in turn."""
    row = Mutator((*targets.RTP, *targets.RTCP), seed)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    low, high = ports
    try:
        for number in range(inputs):
            transport.sendto(row.next()[:1500], ("127.0.0.1", low + number % (high - low + 1)))
            if not number % 50:
                await asyncio.sleep(0.001)
    finally:
        transport.close()
