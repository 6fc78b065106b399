"""What the house talks to while it is being killed: providers that count what they are asked to send."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.channels.platform.harness import SECRET as CLOUD_SECRET
from tests.channels.sms.smsc import Smsc, running_smsc
from tests.channels.wechat.api_server import ApiServer
from tests.support.servers import served

PATH_TOKEN = "a-path-token-of-this-test"
WECHAT_TOKEN = "a-token-of-this-test"
TABLES = """
[[channel]]
id = "web"
kind = "webchat"
sessions_per_minute_per_ip = 100000
messages_per_minute = 10000
messages_per_minute_per_ip = 100000
[[channel]]
id = "wechat"
kind = "wechat"
mode = "plain"
app_id = "wx0000000000000000"
app_secret = "a secret of this test"
token = "{wechat_token}"
api_base = "{wechat}"
[[channel]]
id = "sms"
kind = "sms"
provider = "aliyun"
base_url = "{others}/sms"
access_key_id = "key"
access_key_secret = "a secret of this test"
path_token = "{path_token}"
sign_name = "12345"
template_code = "SMS_1"
[[channel]]
id = "smsc"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = {smpp_port}
system_id = "gateway"
password = "secret"
number = "12345"
reconnect_min_s = 0.1
reconnect_max_s = 0.5
[[channel]]
id = "cloud"
kind = "platform"
source = "cloud"
secret = "{cloud_secret}"
callback_url = "{others}/cloud"
"""


@dataclass
class Outside:
    """Providers on loopback; ``tables`` configures their channels."""

    wechat: ApiServer
    smsc: Smsc
    base: str = ""
    taken: set[tuple[str, str, str]] = field(default_factory=set)
    """Channel, recipient and id of each of our messages that left by a provider which is told its id."""

    @property
    def tables(self) -> str:
        return TABLES.format(
            wechat=self.wechat.base,
            wechat_token=WECHAT_TOKEN,
            others=self.base,
            path_token=PATH_TOKEN,
            smpp_port=self.smsc.port,
            cloud_secret=CLOUD_SECRET,
        )

    def to_recipients(self) -> Counter[tuple[str, str]]:
        """Messages by channel and recipient; where no id is told, repeats and the parts of long texts count each."""
        sent = Counter(("wechat", call.body["touser"]) for call in self.wechat.to("/cgi-bin/message/custom/send"))
        sent.update((channel_id, recipient) for channel_id, recipient, _ in self.taken)
        return sent + Counter(("smsc", submitted.destination) for submitted in self.smsc.submitted)

    async def _answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if request.path.startswith("/sms"):
            self.taken.add(("sms", request.query["PhoneNumbers"], request.query["OutId"]))
            return web.json_response({"Code": "OK", "BizId": request.query["OutId"]})
        posted = json.loads(raw)
        self.taken.add(("cloud", posted["recipient"], posted["message_id"]))
        return web.json_response({})


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Everything listens inside the context."""
    async with AsyncExitStack() as stack:
        wechat = await stack.enter_async_context(ApiServer().serve())
        found = Outside(wechat, await stack.enter_async_context(running_smsc()))
        app = web.Application()
        app.router.add_post("/{tail:.*}", found._answer)
        found.base = await stack.enter_async_context(served(app))
        yield found
