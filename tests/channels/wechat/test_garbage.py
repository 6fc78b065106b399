"""Whatever is posted, signed or not: a clear refusal or an acknowledged message, never a fault of ours."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from yarl import URL

from channels.wechat import SPEC, official
from channels.wechat.channel import WechatChannel
from channels.wechat.crypto import signature
from gateway.errors import StoreUnavailable
from tests.channels.wechat.entrance import AES_KEY, APP_ID, TOKEN, ClockAt, settings, text_xml
from tests.support.fakes.house import FakeHouse

pytestmark = pytest.mark.unit

NOW = 1_800_000_000
KEY = base64.b64decode(AES_KEY + "=")
TAGS = [
    "xml",
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "EventKey",
    "MsgId",
    "Content",
    "MediaId",
]
TAGS += ["Location_X", "Location_Y", "SendLocationInfo", "SubscribeMsgSentEvent", "List", "MsgID", "Encrypt", "Status"]
KINDS = [
    *sorted(official._MESSAGES),
    "event",
    "device_event",
    "TEMPLATESENDJOBFINISH",
    "subscribe_msg_sent_event",
    "CLICK",
]
generous = rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

leaves = st.one_of(
    st.text(max_size=20), st.sampled_from(KINDS), st.integers().map(str), st.just("]]>"), st.just("&#0;")
)


def _element(name: str, inside: list[str]) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


trees = st.recursive(
    st.one_of(leaves, leaves.map(lambda text: f"<![CDATA[{text}]]>")),
    lambda inner: st.builds(_element, st.sampled_from(TAGS), st.lists(inner, max_size=6)),
    max_leaves=25,
)
documents = st.lists(trees, max_size=8).map(lambda inside: _element("xml", inside))
jsons = st.dictionaries(
    st.sampled_from(TAGS),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(KINDS)), st.lists
    ),
)


@pytest.fixture
def house(tmp_path) -> Iterator[tuple[FakeHouse, dict[str, WechatChannel]]]:
    house = FakeHouse()
    context = house.context(channel_id="wechat", data_dir=tmp_path)
    object.__setattr__(context, "clock", ClockAt(NOW))
    channels = {mode: SPEC.build(settings(mode=mode), context) for mode in ("plain", "compatible", "safe")}
    return house, channels


async def post(channel: WechatChannel, body: bytes, query: dict[str, str], method: str = "POST") -> web.StreamResponse:
    content = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    content.feed_data(body)
    content.feed_eof()
    request = make_mocked_request(method, str(URL("/hooks/wechat").with_query(query)), payload=content)
    return await channel.handle(request)


def signed(*parts: str) -> dict[str, str]:
    query = {"timestamp": str(NOW), "nonce": "n"}
    query["signature"] = signature(TOKEN, str(NOW), "n")
    if parts:
        query["msg_signature"] = signature(TOKEN, str(NOW), "n", *parts)
    return query


async def check(house: Any, mode: str, body: bytes, query: dict[str, str], *, allowed: set[int]) -> None:
    response = await post(house[1][mode], body, query)
    assert response.status in allowed
    if response.status == 200:
        assert response.text == "success"


@given(body=st.binary(max_size=300), mode=st.sampled_from(["plain", "compatible", "safe"]))
@generous
async def test_any_bytes(house, body, mode):
    await check(house, mode, body, signed(), allowed={200} if mode == "plain" else {200, 400, 403})


@given(xml=documents, mode=st.sampled_from(["plain", "safe"]))
@generous
async def test_any_xml_well_signed(house, xml, mode):
    body, query = xml, signed()
    if mode == "safe":
        encrypted = PrpCrypto(KEY).encrypt(xml.encode("utf-8", "replace"), APP_ID).decode()
        body, query = f"<xml><Encrypt>{encrypted}</Encrypt></xml>", signed(encrypted)
    await check(house, mode, body.encode("utf-8", "replace"), query, allowed={200})


@given(found=jsons)
@generous
async def test_any_json_well_signed(house, found):
    encrypted = PrpCrypto(KEY).encrypt(json.dumps(found), APP_ID).decode()
    await check(house, "safe", f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode(), signed(encrypted), allowed={200})


@given(xml=documents)
@generous
async def test_store_down_is_the_only_503(house, xml):
    house[0].failure = StoreUnavailable("down", retry_after_s=3)
    response = await post(house[1]["plain"], xml.encode("utf-8", "replace"), signed())
    assert response.status == 503
    assert response.headers["Retry-After"] == "3"


@given(
    ciphertext=st.one_of(st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()), st.text(max_size=60))
)
@generous
async def test_any_ciphertext_well_signed(house, ciphertext):
    body = f"<xml><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode("utf-8", "replace")
    await check(house, "safe", body, signed(ciphertext), allowed={200, 400, 403})


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
@generous
async def test_damaged_ciphertext_well_signed(house, at, bit):
    """A bit that flips behind the signature may garble the text, and still nothing breaks."""
    raw = bytearray(base64.b64decode(PrpCrypto(KEY).encrypt(text_xml(created=NOW), APP_ID)))
    raw[at % len(raw)] ^= 1 << bit
    encrypted = base64.b64encode(raw).decode()
    await check(house, "safe", f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode(), signed(encrypted), allowed={200})


@given(
    query=st.dictionaries(
        st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "echostr", "encrypt_type"]),
        st.text(max_size=30),
    ),
    method=st.sampled_from(["GET", "POST"]),
)
@generous
async def test_any_parameters(house, query, method):
    response = await post(
        house[1]["safe"], WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message("x", "n").encode(), query, method
    )
    assert response.status in {400, 403}


async def test_too_large_bodies_are_not_read(house):
    for mode in ("plain", "safe"):
        response = await post(house[1][mode], b"<xml>" + b"a" * 70_000 + b"</xml>", signed())
        assert response.status == 413
