"""Against npm's ``@wecom/crypto`` and ``wechat-crypto`` as the platform's side."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.wechat.entrance import AES_KEY, APP_ID, TOKEN, entrance, text_xml
from tests.support.data import each
from tests.support.waiting import until

pytestmark = pytest.mark.integration

PEERS = ["@wecom/crypto", "wechat-crypto"]
PACKAGES = ["@wecom/crypto@1.0.1", "wechat-crypto@0.0.2"]


class Peer:
    """A node process that encrypts and signs as the platform does."""

    def __init__(self, folder: Path) -> None:
        node = shutil.which("node")
        assert node is not None
        self.process = subprocess.Popen(
            [node, str(Path(__file__).with_name("peer.cjs")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, peer: str, operation: str, **given: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"peer": peer, "operation": operation, **given}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed (Debian: apt-get install nodejs npm)")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    try:
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=180,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot install {', '.join(PACKAGES)}: {type(error).__name__}")
    peer = Peer(folder)
    yield peer
    peer.close()


def sealed(node: Peer, name: str, text: str, **given: str) -> tuple[str, dict[str, str]]:
    timestamp, nonce = str(int(time.time())), "nonce-1"
    values = {"token": TOKEN, "key": AES_KEY, "id": APP_ID, "timestamp": timestamp, "nonce": nonce, **given}
    answer = node.ask(name, "seal", text=text, **values)
    query = {"msg_signature": answer["signature"], "timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes"}
    return answer["encrypted"], query


def wrapped(encrypted: str) -> str:
    return f"<xml><ToUserName><![CDATA[gh_12345]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(
    "content",
    ["路灯坏了😀", "a", "结束]]>之后", "x" * 31, "x" * 32, "长" * 5000, "&lt;Encrypt&gt; <Encrypt>A</Encrypt>"],
    ids=["emoji", "short", "cdata-end", "pad-1", "pad-32", "long", "tags"],
)
async def test_delivery(name, content, node, tmp_path):
    async with entrance(tmp_path) as ours:
        encrypted, query = sealed(node, name, text_xml(content))
        for _ in range(3):
            assert await ours.post(wrapped(encrypted), query) == (200, "success")
        assert [message.text for message in ours.received] == [content]


@pytest.mark.parametrize("name", PEERS)
async def test_strangers(name, node, tmp_path):
    async with entrance(tmp_path) as ours:
        for given, status in (
            ({"token": "another token"}, 403),
            ({"key": AES_KEY[::-1]}, 200),
            ({"id": "wxsomebodyelse"}, 200),
        ):
            encrypted, query = sealed(node, name, text_xml(), **given)
            assert (await ours.post(wrapped(encrypted), query))[0] == status
        assert not ours.received
        assert ours.house.health.refusals == ["bad_signature", "malformed", "malformed"]
        assert len(ours.house.accepted) == 2, "who knows our token is kept, though nobody here can open it"


@pytest.mark.parametrize("name", PEERS)
async def test_wecom_verification_and_callback(name, node, tmp_path):
    async with entrance(tmp_path, platform="wecom_kf") as ours:
        encrypted, query = sealed(node, name, "1616140317555161061")
        assert await ours.get(query | {"echostr": encrypted}) == (200, "1616140317555161061")
        ours.start()
        ours.api.stream = [
            {
                "msgid": "m",
                "open_kfid": "wk",
                "external_userid": "wm",
                "origin": 3,
                "msgtype": "text",
                "text": {"content": "喂"},
            }
        ]
        xml = (
            f"<xml><ToUserName>{APP_ID}</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
            "<Event>kf_msg_or_event</Event><Token>T</Token><OpenKfId>wk</OpenKfId></xml>"
        )
        encrypted, query = sealed(node, name, xml)
        assert await ours.post(wrapped(encrypted), query) == (200, "success")
        await until(lambda: [message.text for message in ours.received] == ["喂"])


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("vectors", each("vectors/wx_crypto_vectors.json"))
def test_peers_read_the_vectors(name, vectors, node):
    """The peers are what they claim to be: all vectors open in them too."""
    for vector in json.loads(vectors.read_text("utf-8")):
        opened = node.ask(
            name,
            "open",
            token=vector["token"],
            key=vector["encoding_aes_key"],
            id=vector["receive_id"],
            encrypted=vector["encrypt"],
        )
        assert opened["id"] == vector["receive_id"]
