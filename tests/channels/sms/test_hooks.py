from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from channels.sms import aliyun, tencent, twilio
from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.ports.message import MediaRef
from tests.channels.sms.conftest import running
from tests.support.data import each
from tests.support.fakes.house import FakeHouse
from tests.support.signatures import by_twilio

pytestmark = pytest.mark.integration
TOKEN = "an-unguessable-token-42"
PUBLIC = "https://gw.example"


class Provider:
    """The provider's API: remembers requests, answers with ``answers`` in turn."""

    def __init__(self) -> None:
        self.requests: list[tuple[web.Request, bytes]] = []
        self.answers: list[tuple[int, object, dict[str, str]]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        status, answer, headers = self.answers.pop(0)
        if isinstance(answer, bytes):
            return web.Response(status=status, body=answer, headers=headers)
        return web.json_response(answer, status=status, headers=headers)


class Case:
    def __init__(self, house: FakeHouse, channel: object, provider: Provider, hook: str, client: ClientSession) -> None:
        self.house, self.channel, self.provider, self.hook, self.client = house, channel, provider, hook, client

    async def post(self, tail: str = "", **options: object) -> tuple[int, str, dict[str, str]]:
        async with self.client.post(f"{self.hook}{tail}", **options) as response:
            return response.status, await response.text(), dict(response.headers)

    async def send(self, text: str = "您的工单已受理") -> object:
        return await self.channel.send(await self.house.say("sms", "+8613800138000", text))


@asynccontextmanager
async def case(tmp_path: Path, **options: object) -> AsyncIterator[Case]:
    house, provider = FakeHouse(public_url=PUBLIC), Provider()
    api = web.Application()
    api.router.add_route("*", "/{tail:.*}", provider.handle)
    async with TestServer(api) as server:
        options |= {"base_url": str(server.make_url("")).rstrip("/")}
        async with running(house, tmp_path, **options) as channel, ClientSession() as client:
            app = web.Application()
            app.router.add_route("*", "/hooks/sms{tail:(?:/.*)?}", channel.handle)
            async with TestServer(app) as ours:
                yield Case(house, channel, provider, str(ours.make_url("/hooks/sms")), client)


ALIYUN = {
    "provider": "aliyun", "access_key_id": "id", "access_key_secret": "secret", "path_token": TOKEN,
    "sign_name": "海口12345", "template_code": "SMS_1",
}  # fmt: skip
TENCENT = {
    "provider": "tencent", "secret_id": "id", "secret_key": "secret", "path_token": TOKEN, "sdk_app_id": "1400006666",
    "sign_name": "海口12345", "template_id": "1110",
}  # fmt: skip
TWILIO = {"provider": "twilio", "account_sid": "AC00", "auth_token": "12345", "number": "+8689812345"}
EACH = pytest.mark.parametrize("options", [ALIYUN, TENCENT, TWILIO], ids=["aliyun", "tencent", "twilio"])


EACH_SAMPLE = pytest.mark.parametrize("samples", each("vectors/sms_http_samples.json"))
BEIJING = timezone(timedelta(hours=8))


def sample(samples: Path, name: str) -> Any:
    """The body of the callback that the provider's document calls ``name``."""
    return next(item["body"] for item in json.loads(samples.read_text(encoding="utf-8")) if item["id"] == name)


def signed(form: dict[str, str], *, url: str = f"{PUBLIC}/hooks/sms", key: str = "12345") -> dict[str, object]:
    return {"data": form, "headers": {"X-Twilio-Signature": by_twilio(url, form, key)}}


# -- signatures against published values


def test_the_published_signatures() -> None:
    _, headers = aliyun.sign(
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        query={"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
        date="2023-10-26T10:22:32Z",
        nonce="3156853299f313e23d1673dc12e1703d",
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
    )
    assert headers["Authorization"].endswith("06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    assert tencent.authorization(
        host="cvm.tencentcloudapi.com",
        service="cvm",
        body=body,
        timestamp=1551113065,
        secret_id="AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        secret_key="Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    ) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


@pytest.mark.parametrize("vectors", each("vectors/twilio_signature.json"))
def test_twilios_signatures(vectors: Path) -> None:
    for item in json.loads(vectors.read_text(encoding="utf-8")):
        assert twilio.signature(item["url"], item["params"].items(), item["auth_token"]) == item["signature"]


def test_twilios_own_validator_agrees() -> None:
    validator = pytest.importorskip("twilio.request_validator", reason="PyPI twilio is not installed")
    form = {"Body": "路灯坏了😀", "From": "+8613800138000", "Empty": ""}
    for url in (f"{PUBLIC}/hooks/sms", f"{PUBLIC}:443/hooks/sms/status?a=1"):
        ours = twilio.signature(url, form.items(), "12345")
        assert validator.RequestValidator("12345").validate(url, form, ours)


# -- callbacks


@EACH_SAMPLE
async def test_aliyun_messages_and_reports(tmp_path: Path, samples: Path) -> None:
    (new,), (old,) = sample(samples, "aliyun-SmsUp"), sample(samples, "aliyun-SmsUp-2017")
    (report,) = sample(samples, "aliyun-SmsReport")
    async with case(tmp_path, **ALIYUN) as it:
        for message in (new, old, new):
            status, text, _ = await it.post(f"/{TOKEN}/up", json=[message])
            assert (status, json.loads(text)) == (200, {"code": 0, "msg": "接收成功"})
        first, second = it.house.received  # one id, two contents: both are kept, and the repeated one is not doubled
        assert (first.from_raw, first.to_raw, first.text, first.external_id) == (
            new["phone_number"],
            new["dest_code"],
            new["content"],
            new["sequence_id"],
        )
        assert (second.sender, second.text) == (f"+86{old['phone_number']}", old["content"])
        assert second.sent_at == datetime.strptime(old["send_time"], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        assert (await it.post(f"/{TOKEN}", json=[report]))[0] == 200
        failed = [{"biz_id": "9", "success": False, "err_code": "MOBILE_NOT_ON_SERVICE", "err_msg": "停机"}]
        assert (await it.post(f"/{TOKEN}", json=failed))[0] == 200
        assert [(one.external_id, one.state, one.error) for one in it.house.receipts] == [
            (report["biz_id"], "delivered", None),
            ("9", "failed", "MOBILE_NOT_ON_SERVICE 停机"),
        ]
        mixed = [7, {"content": "没有号码"}, {}, {"phone_number": "13800138000", "content": "好", "sequence_id": 8}]
        assert (await it.post(f"/{TOKEN}", json=mixed))[0] == 200
        assert it.house.received[-1].text == "好"
        assert it.house.health.refusals == ["malformed"]
        (kept,) = it.house.accepted
        assert kept.content.splitlines()[-3:] == ["7", '{"content": "没有号码"}', "{}"]


@EACH_SAMPLE
async def test_tencent_messages_and_statuses(tmp_path: Path, samples: Path) -> None:
    body = sample(samples, "tencent-reply") | {"mobile": "13800138000"}
    told = sample(samples, "tencent-status")
    async with case(tmp_path, **TENCENT) as it:
        for _ in range(2):
            status, text, _ = await it.post(f"/{TOKEN}/reply", json=body)
            assert (status, json.loads(text)) == (200, {"result": 0, "errmsg": "OK"})
        await it.post(f"/{TOKEN}/reply", json=body | {"time": body["time"] + 1})
        assert [message.text for message in it.house.received] == [body["text"]] * 2
        message = it.house.received[0]
        assert (message.sender, message.to_raw) == ("+8613800138000", body["extend"])
        assert message.sent_at == datetime.fromtimestamp(body["time"], UTC)
        await it.post(f"/{TOKEN}/status", json=told)
        assert [(one.external_id, one.state) for one in it.house.receipts] == [(told[0]["sid"], "delivered")]


async def test_twilio_messages_media_and_statuses(tmp_path: Path) -> None:
    async with case(tmp_path, **TWILIO) as it:
        form = {
            "MessageSid": "SM1",
            "From": "+8613800138000",
            "To": "+8689812345",
            "Body": "路灯坏了😀",
            "NumMedia": "0",
        }
        for _ in range(2):
            status, text, headers = await it.post(**signed(form))
            assert (status, text, headers["Content-Type"]) == (200, "<Response/>", "text/xml; charset=utf-8")
        assert [message.text for message in it.house.received] == ["路灯坏了😀"]
        base = str(it.channel._settings.base_url)
        more = form | {
            "MessageSid": "SM2",
            "NumMedia": "2",
            "MediaUrl0": f"{base}/m0",
            "MediaContentType0": "image/jpeg",
        }
        await it.post(**signed(more | {"MediaUrl1": f"{base}/m1", "MediaContentType1": "audio/amr"}))
        picture, voice = it.house.received[1:]
        assert (picture.kind, picture.text, voice.kind, voice.external_id) == ("image", "路灯坏了😀", "voice", "SM2-1")
        it.provider.answers = [(200, b"JPEG" * 50_000, {}), (404, {}, {})]
        assert b"".join([chunk async for chunk in it.channel.fetch(picture.media)]) == b"JPEG" * 50_000
        assert it.provider.requests[0][0].headers["Authorization"].startswith("Basic ")
        for ref in (f"{base}/gone", "https://elsewhere.example/m0"):
            with pytest.raises(PermanentDeliveryError):
                [chunk async for chunk in it.channel.fetch(MediaRef(ref=ref))]
        told = {"MessageSid": "SM9", "MessageStatus": "undelivered", "ErrorCode": "30003"}
        assert (await it.post("/status", **signed(told, url=f"{PUBLIC}/hooks/sms/status")))[0] == 200
        await it.post("?x=1", **signed(told | {"MessageStatus": "sent"}, url=f"{PUBLIC}:443/hooks/sms?x=1"))
        assert [(one.external_id, one.state, one.error) for one in it.house.receipts] == [
            ("SM9", "failed", "Twilio 30003")
        ]


async def test_strangers_are_refused_and_counted(tmp_path: Path) -> None:
    form = {"MessageSid": "SM1", "From": "+8613800138000", "Body": "x"}
    async with case(tmp_path, **TWILIO) as it:
        assert (await it.post(**signed(form, key="wrong")))[0] == 403
        assert (await it.post(**signed(form, url="https://evil.example/hooks/sms")))[0] == 403
        assert (await it.post(data=form))[0] == 403
        assert (await it.post(**signed({"a": "b"})))[0] == 200  # Twilio's own, and kept
        assert "a=b" in it.house.accepted[-1].content
        async with it.client.get(it.hook) as response:
            assert response.status == 405
        assert it.house.health.refusals == ["bad_signature"] * 3 + ["malformed"]
    for options in (ALIYUN, TENCENT):
        async with case(tmp_path, **options) as it:
            for tail in ("", "/", "/wrong", f"/{TOKEN}x/up", f"/x/{TOKEN}"):
                assert (await it.post(tail, json=[]))[0] == 403
            assert (await it.post(f"/{TOKEN}", data=b"{"))[0] == 200
            assert (await it.post(f"/{TOKEN}", json=7))[0] == 200
            assert [one.content.splitlines()[-1] for one in it.house.accepted] == ["{", "7"]
            assert it.house.health.refusals == ["bad_signature"] * 5 + ["malformed"] * 2
        async with case(tmp_path, **options, previous_path_token="the-token-of-last-year") as it:
            for token, status in ((TOKEN, 200), ("the-token-of-last-year", 200), ("neither-of-these-two", 403)):
                assert (await it.post(f"/{token}", json=[]))[0] == status
        async with case(tmp_path, **options, allowed_ips=["192.0.2.0/24"]) as it:
            assert (await it.post(f"/{TOKEN}", json=[]))[0] == 403
        async with case(tmp_path, **options, allowed_ips=["127.0.0.0/8"]) as it:
            assert (await it.post(f"/{TOKEN}", json=[]))[0] == 200


def delivery(options: dict[str, object], text: str) -> tuple[str, dict[str, object]]:
    if options is TWILIO:
        return "", signed({"MessageSid": "SM7", "From": "+8613800138000", "To": "1", "Body": text})
    if options is ALIYUN:
        return f"/{TOKEN}", {"json": [{"phone_number": "13800138000", "content": text, "sequence_id": "7"}]}
    return f"/{TOKEN}", {"json": {"mobile": "13800138000", "nationcode": "86", "text": text, "time": 7}}


@EACH
async def test_what_is_not_stored_is_not_acknowledged(tmp_path: Path, options: dict[str, object]) -> None:
    async with case(tmp_path, **options) as it:
        tail, given = delivery(options, "路灯坏了")
        it.house.failure = StoreUnavailable("down", retry_after_s=7)
        status, _, headers = await it.post(tail, **given)
        assert (status, headers["Retry-After"]) == (503, "7")
        it.house.failure = None
        for _ in range(2):
            assert (await it.post(tail, **given))[0] == 200
        assert [message.text for message in it.house.received] == ["路灯坏了"]


@EACH
async def test_large_and_broken_texts_are_stored(tmp_path: Path, options: dict[str, object]) -> None:
    async with case(tmp_path, **options) as it:
        text = "路" * 33_000 + "\0😀"
        tail, given = delivery(options, text)
        assert (await it.post(tail, **given))[0] == 200
        assert it.house.received[0].text == text.replace("\0", "�")


# -- sending


async def test_sending_by_aliyun(tmp_path: Path) -> None:
    async with case(tmp_path, **ALIYUN) as it:
        it.provider.answers = [(200, {"Code": "OK", "BizId": "B1", "Message": "OK"}, {})]
        assert (await it.send("您好 100%+=&路")).external_id == "B1"
        request, body = it.provider.requests[0]
        assert body == b""
        query = parse_qs(request.rel_url.raw_query_string)
        assert query["PhoneNumbers"] == ["13800138000"]
        assert json.loads(query["TemplateParam"][0]) == {"content": "您好 100%+=&路"}
        headers = request.headers
        _, wanted = aliyun.sign(
            host=urlsplit(it.channel._settings.base_url).netloc,
            action="SendSms",
            version="2017-05-25",
            query={name: values[0] for name, values in query.items()},
            date=headers["x-acs-date"],
            nonce=headers["x-acs-signature-nonce"],
            key_id="id",
            secret="secret",
        )
        assert headers["Authorization"] == wanted["Authorization"]
        assert request.host == urlsplit(it.channel._settings.base_url).netloc
        it.provider.answers = [
            (200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}, {}),
            (400, {"Code": "Throttling.User"}, {}),
            (200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, {}),
            (404, {"Code": "InvalidAccessKeyId.NotFound"}, {}),
        ]
        for wait in (60, 1):
            with pytest.raises(TransientDeliveryError) as error:
                await it.send()
            assert error.value.retry_after_s == wait
        for code in ("isv.MOBILE_NUMBER_ILLEGAL", "InvalidAccessKeyId"):
            with pytest.raises(PermanentDeliveryError, match=code):
                await it.send()
        assert [ok for ok, _ in it.house.health.tokens] == [True, False]


async def test_sending_by_tencent(tmp_path: Path) -> None:
    async with case(tmp_path, **TENCENT) as it:
        good = {"Response": {"SendStatusSet": [{"SerialNo": "S1", "Code": "Ok"}], "RequestId": "r"}}
        it.provider.answers = [(200, good, {})]
        assert (await it.send("您好")).external_id == "S1"
        request, body = it.provider.requests[0]
        assert json.loads(body)["PhoneNumberSet"] == ["+8613800138000"]
        assert json.loads(body)["TemplateParamSet"] == ["您好"]
        assert request.headers["Authorization"] == tencent.authorization(
            host=request.host,
            service="sms",
            body=body,
            timestamp=int(request.headers["X-TC-Timestamp"]),
            secret_id="id",
            secret_key="secret",
        )
        thirty = {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberThirtySecondLimit"}]}}
        it.provider.answers = [
            (200, thirty, {}),
            (200, {"Response": {"Error": {"Code": "InternalError.Timeout"}}}, {}),
            (200, {"surprise": 1}, {}),
            (200, {"Response": {"SendStatusSet": [{"Code": "FailedOperation.PhoneNumberInBlacklist"}]}}, {}),
            (200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}, {}),
        ]
        for wait in (30, 1, None):
            with pytest.raises(TransientDeliveryError) as error:
                await it.send()
            assert error.value.retry_after_s == wait
        for code in ("Blacklist", "AuthFailure"):
            with pytest.raises(PermanentDeliveryError, match=code):
                await it.send()
        assert [ok for ok, _ in it.house.health.tokens] == [True, False]


async def test_sending_by_twilio(tmp_path: Path) -> None:
    async with case(tmp_path, **TWILIO) as it:
        it.provider.answers = [(201, {"sid": "SM5"}, {})]
        assert (await it.send("您好 +&=")).external_id == "SM5"
        request, body = it.provider.requests[0]
        assert request.path == "/2010-04-01/Accounts/AC00/Messages.json"
        assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"AC00:12345").decode()
        assert parse_qs(body.decode()) == {
            "To": ["+8613800138000"],
            "Body": ["您好 +&="],
            "From": ["+8689812345"],
            "StatusCallback": [f"{PUBLIC}/hooks/sms/status"],
        }
        it.provider.answers = [(400, {"code": 21211}, {}), (401, {"code": 20003}, {})]
        for code in ("21211", "20003"):
            with pytest.raises(PermanentDeliveryError, match=code):
                await it.send()
        assert [ok for ok, _ in it.house.health.tokens] == [True, False]


@EACH
async def test_throttling_and_failures_of_the_way_may_pass(tmp_path: Path, options: dict[str, object]) -> None:
    async with case(tmp_path, **options) as it:
        it.provider.answers = [(429, {}, {"Retry-After": "17"}), (503, b"", {}), (200, b"<html>", {})]
        for wait in (17, None, None):
            with pytest.raises(TransientDeliveryError) as error:
                await it.send()
            assert error.value.retry_after_s == wait
    async with case(tmp_path, **options) as it:
        closed = it.channel._settings.model_copy(update={"base_url": "http://127.0.0.1:9"})
        it.channel._settings = closed
        with pytest.raises(TransientDeliveryError, match="cannot be reached"):
            await it.send()
