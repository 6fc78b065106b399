"""A recogniser that hears what it is told to, in vosk-server's protocol: ``python -m tests.load.scripted_recogniser``.

Whoever speaks first holds a monologue, a sentence every ``MONOLOGUE_MS`` of audio; all others say one every
``OTHERS_MS``. Prints its address when it listens.
"""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from gateway.ports.recogniser import Recognised
from gateway.recognition.protocol import answer
from tests.support.servers import served

MONOLOGUE_MS = 180
OTHERS_MS = 3000
SENTENCES = (
    "我在秀英区长流镇那边的路灯坏了好几天",
    "昨天晚上十一点多我又看了一次还是不亮",
    "你们的人上个星期来过一次说要等材料",
    "我的电话是幺三八零零幺三八零零零",
    "旁边海秀东路望海国际广场对面也有两盏",
    "老人家晚上出门很不方便前天还摔了一跤",
)
BYTES_PER_MS = 16


async def recognise(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    heard_ms = said_ms = said = every_ms = 0
    async for message in socket:
        ended: list[Recognised] = []
        final = message.type is WSMsgType.TEXT and "eof" in message.data
        if message.type is WSMsgType.BINARY:
            if not every_ms:
                every_ms = OTHERS_MS if request.app["seen"] else MONOLOGUE_MS
                request.app["seen"].append(request)
            heard_ms += len(message.data) // BYTES_PER_MS
        elif not final:
            continue
        while every_ms and heard_ms - said_ms >= every_ms:
            text, end_ms = SENTENCES[said % len(SENTENCES)], said_ms + every_ms
            ended.append(Recognised(start_ms=said_ms, end_ms=end_ms, text=text, language="zh", confidence=0.9))
            said_ms, said = end_ms, said + 1
        await socket.send_str(answer(ended, "", "script", final=final))
        if final:
            break
    await socket.close()
    return socket


async def main() -> None:
    app = web.Application()
    app["seen"] = []
    app.router.add_get("/", recognise)
    async with served(app) as url:
        print(f"{url.replace('http', 'ws')}/", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
