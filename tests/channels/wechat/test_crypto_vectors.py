"""Vectors of WXBizMsgCrypt, and bodies of every kind, each through the channel as WeChat would deliver them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wechatpy.parser import parse_message

from channels.wechat.crypto import CallbackCrypto
from channels.wechat.refusals import BadSignature, UnreadableCallback
from tests.channels.wechat.entrance import entrance, settings
from tests.support.data import each

pytestmark = pytest.mark.integration


def vectors(*kinds: str) -> list[object]:
    """A parameter of each vector of these kinds, named by its id."""
    return [
        pytest.param(vector, id=f"{file.id}-{vector['id']}", marks=file.marks)
        for file in each("vectors/wx_crypto_vectors.json")
        for vector in json.loads(file.values[0].read_text("utf-8"))
        if vector["kind"] in kinds
    ]


def chosen(vector: dict[str, Any]) -> Any:
    return {
        "app_id": vector["receive_id"],
        "token": vector["token"],
        "encoding_aes_key": vector["encoding_aes_key"],
    }


@pytest.mark.parametrize("vector", vectors("decrypt", "echostr", "encrypt-deterministic"))
async def test_vector(vector, tmp_path):
    crypto = CallbackCrypto(settings(**chosen(vector)))
    plain = crypto.decrypt(vector["encrypt"])
    if vector["kind"] == "encrypt-deterministic":
        assert plain == vector["plain"]
        return
    query = {key: vector[key] for key in ("msg_signature", "timestamp", "nonce")}
    crypto.check(query, given="msg_signature", now_s=int(vector["timestamp"]), encrypted=vector["encrypt"])
    if vector["kind"] == "echostr":
        assert plain == vector["expect"]
        async with entrance(tmp_path, at=int(vector["timestamp"]), **chosen(vector)) as ours:
            assert await ours.get(query | {"echostr": vector["encrypt"]}) == (200, vector["expect"])
            assert (await ours.get(query | {"echostr": vector["encrypt"], "nonce": "1"}))[0] == 403
        return
    for expected in vector["expect_contains"]:
        assert expected in plain


@pytest.mark.parametrize("vector", vectors("decrypt"))
def test_while_token_and_key_change_the_old_ones_are_taken(vector):
    old = chosen(vector)
    new = {"app_id": old["app_id"], "token": "newer", "encoding_aes_key": "Z" * 42 + "A"}
    previous = {"previous_token": old["token"], "previous_encoding_aes_key": old["encoding_aes_key"]}
    query = {key: vector[key] for key in ("msg_signature", "timestamp", "nonce")}
    now = int(vector["timestamp"])
    both = CallbackCrypto(settings(**new, **previous))
    both.check(query, given="msg_signature", now_s=now, encrypted=vector["encrypt"])
    assert both.decrypt(vector["encrypt"]) == CallbackCrypto(settings(**old)).decrypt(vector["encrypt"])
    with pytest.raises(BadSignature):
        CallbackCrypto(settings(**new)).check(query, given="msg_signature", now_s=now, encrypted=vector["encrypt"])
    with pytest.raises(UnreadableCallback):
        CallbackCrypto(settings(**new)).decrypt(vector["encrypt"])


@pytest.mark.parametrize("vector", vectors("decrypt"))
async def test_vector_delivered(vector, tmp_path):
    query = {key: vector[key] for key in ("msg_signature", "timestamp", "nonce")}
    body = f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{vector['encrypt']}]]></Encrypt></xml>"
    async with entrance(tmp_path, at=int(vector["timestamp"]), **chosen(vector)) as ours:
        status, answer = await ours.post(body, query)
        assert (status, answer) == (200, "success")
        assert len(ours.received) == 1
        assert (await ours.post(body, query))[1] == "success"
        assert len(ours.received) == 1


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("bodies", each("vectors/wx_xml_messages.json"))
async def test_every_body_is_taken(mode, bodies: Path, tmp_path):
    """All bodies are acknowledged; what wechatpy's parser makes of them is what we store."""
    async with entrance(tmp_path, mode=mode) as ours:
        for body in json.loads(bodies.read_text("utf-8")):
            before = len(ours.received) + len(ours.house.receipts)
            assert await ours.deliver(body["xml"].strip()) == (200, "success"), body["id"]
            theirs = parse_message(body["xml"].strip())
            if len(ours.received) + len(ours.house.receipts) == before:
                continue  # the samples repeat ids
            if not ours.received:
                continue
            message = ours.received[-1]
            assert message.to_raw == theirs.target, body["id"]
            assert message.sender == theirs.source
        assert not ours.house.health.refusals or set(ours.house.health.refusals) == {"conflict"}
