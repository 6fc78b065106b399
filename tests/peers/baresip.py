"""baresip as a caller: real audio from a file, what it hears in a file, commands and events over its control socket."""

from __future__ import annotations

import asyncio
import contextlib
import glob
import json
import re
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.processes import program, running, tail
from tests.support.ports import LOOPBACK, free_port, free_port_range
from tests.support.waiting import until

CONFIG = """poll_method epoll
sip_listen @HOST@:@SIP@
net_interface @HOST@
call_max_calls 4
call_local_timeout 30
module_path @MODULES@
module g711.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen @HOST@:@CONTROL@
audio_source aufile,@SPEAKS@
audio_alert aufile,@SPEAKS@
audio_level no
audio_channels 1
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports @RTP@
rtp_timeout 0
rtcp_mux no
snd_path @HEARS@
"""


@dataclass
class Baresip:
    """A running baresip."""

    port: int
    heard: Path
    log: Path
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    events: list[dict[str, Any]] = field(default_factory=list)

    async def command(self, name: str, params: str = "") -> None:
        """Run a command of baresip's, e.g. ``dial sip:…`` or ``hangup``."""
        text = json.dumps({"command": name, "params": params, "token": "test"})
        self.writer.write(f"{len(text)}:{text},".encode())
        await self.writer.drain()

    async def event(self, kind: str) -> dict[str, Any]:
        """The first event of a kind, e.g. CALL_ESTABLISHED; waits for it."""
        await until(lambda: any(e["type"] == kind for e in self.events), f"baresip says {kind}; log:\n{tail(self.log)}")
        return next(e for e in self.events if e["type"] == kind)

    async def listen(self) -> None:
        """Collect events until the socket closes (netstrings of JSON)."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await self.reader.readuntil(b":"))[:-1])
                entry = json.loads(await self.reader.readexactly(length))
                await self.reader.readexactly(1)
                if entry.get("event"):
                    self.events.append(entry)

    def receives(self) -> int:
        """Bits of RTP audio a second that it gets now, as its status line says (half a second old at most)."""
        found = re.findall(r"audio=\d+/(\d+)", self.log.read_text("utf-8", errors="replace"))
        return int(found[-1]) if found else 0

    def heard_samples(self) -> bytes:
        """What it decoded of our audio: 16-bit 8 kHz mono."""
        (path,) = self.heard.glob("*dec*.wav")
        with wave.open(str(path)) as recording:
            assert (recording.getframerate(), recording.getnchannels()) == (8000, 1)
            return recording.readframes(recording.getnframes())


def modules_dir() -> str:
    """Where Debian keeps baresip's modules."""
    found = [*glob.glob("/usr/lib/baresip/modules"), *glob.glob("/usr/lib/*/baresip/modules")]  # noqa: PTH207 - absolute patterns
    return found[0] if found else "/usr/lib/baresip/modules"


@contextlib.asynccontextmanager
async def baresip(folder: Path, *, speaks: Path, account: str) -> AsyncIterator[Baresip]:
    """A baresip that plays ``speaks`` (8 kHz mono WAV) into calls of ``account`` (baresip's account line)."""
    binary = program("baresip", "baresip-core")
    home, heard, log = folder / "baresip", folder / "heard", folder / "baresip.log"
    home.mkdir(parents=True)
    heard.mkdir()
    sip, control = free_port(), free_port()
    words = {
        "HOST": LOOPBACK,
        "SIP": str(sip),
        "CONTROL": str(control),
        "MODULES": modules_dir(),
        "SPEAKS": str(speaks),
        "HEARS": str(heard),
        "RTP": "{}-{}".format(*free_port_range(64)),
    }
    text = CONFIG
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    (home / "config").write_text(text, encoding="utf-8")
    (home / "accounts").write_text(account + "\n", encoding="utf-8")
    (home / "contacts").write_text("", encoding="utf-8")
    async with running([binary, "-f", str(home)], log, cwd=folder) as process, contextlib.AsyncExitStack() as stack:
        streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        async def connected() -> bool:
            assert process.returncode is None, f"baresip ended with {process.returncode}:\n{tail(log)}"
            with contextlib.suppress(OSError):
                streams.append(await asyncio.open_connection(LOOPBACK, control))
            return bool(streams)

        await until(connected, "baresip's control socket")
        reader, writer = streams[0]
        stack.callback(writer.close)
        phone = Baresip(port=sip, heard=heard, log=log, reader=reader, writer=writer)
        listening = asyncio.create_task(phone.listen())
        stack.callback(listening.cancel)
        yield phone
