"""Recognisers on other machines: over TLS with a token, several in a pool, none of whose faults costs a word."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import RecogniserUnavailable
from gateway.recognition.client import WebSocketRecogniser
from gateway.recognition.connection import Access, Full, Unreachable
from gateway.recognition.server import RecognitionServer
from gateway.recognition.tls import Certificate, client_context
from gateway.telemetry import metrics
from tests.integration.recognition.bursts import BurstEngine, words
from tests.integration.recognition.test_client import PlainServer, finals, numbers, speak, stereo
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a-token-of-recognisers"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class Role:
    """``gateway run --role asr`` on an address of its own, that can be killed and started again.

    Its certificate has expired until it is renewed.
    """

    def __init__(self, folder: Path, host: str, authority: Authority) -> None:
        self.url = f"wss://{host}:{free_port()}"
        self._authority = authority
        self._host = host
        cert, key = authority.issue(host, expired=True)
        folder.mkdir()
        self._config = folder / "gateway.toml"
        self._config.write_text(
            f'data_dir = "{folder}"\n[asr]\nengine = "bursts"\ntoken = "{TOKEN}"\noptions = {{ slow_s = 0.01 }}\n'
            f'[asr_server]\nhost = "{host}"\nport = {self.url.rpartition(":")[2]}\n'
            f'cert_file = "{cert}"\nkey_file = "{key}"\n',
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.integration.recognition.asr_role", str(self._config)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)

    def renew(self) -> None:
        assert self._process is not None
        self._authority.issue(self._host)
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def two_machines(folder: Path, authority: Authority) -> Iterator[list[Role]]:
    roles = [Role(folder / host, host, authority) for host in ("127.0.0.2", "127.0.0.3")]
    for role in roles:
        role.start()
    try:
        yield roles
    finally:
        for role in roles:
            role.kill()


@asynccontextmanager
async def served(
    certificate: tuple[Path, Path] | None = None,
    *,
    host: str = "127.0.0.2",
    port: int = 0,
    engine: BurstEngine | None = None,
    **options: object,
) -> AsyncIterator[str]:
    server = RecognitionServer(engine or BurstEngine(), languages=("zh",), **options)
    try:
        await server.start()
        yield await server.listen(host, port, Certificate(*certificate).context if certificate else None)
    finally:
        await server.aclose()


def recogniser(urls: Sequence[str], authority: Authority, *, patience_s: float = 60) -> WebSocketRecogniser:
    return WebSocketRecogniser(lambda: urls, TOKEN, patience_s=patience_s, tls=client_context(authority.ca_file))


async def test_machines_that_are_killed_and_come_back_cost_no_word(tmp_path: Path, authority: Authority) -> None:
    """One dies in the middle of a call, then the other one too; when one is back it hears what was said meanwhile."""
    with two_machines(tmp_path, authority) as machines:
        ours = recogniser([machine.url for machine in machines], authority)
        servers = ours.pool._servers

        async def expired() -> bool:
            await ours.pool.look()
            return all("expired" in (servers[m.url].why or "") for m in machines)

        await until(expired, "both machines", within_s=60)
        for machine in machines:
            machine.renew()
        await until(lambda: _usable(ours, 2), "both machines to be trusted")
        stream = ours.open(recording=stereo(tmp_path / "call.wav", words(60)))
        reading = asyncio.create_task(finals(stream))
        await speak(stream, words(15)[:-4000])
        in_use = next(m for m in machines if servers[m.url].streams)
        other = next(m for m in machines if m is not in_use)
        in_use.kill()
        await speak(stream, words(15)[-4000:] + words(15, first=15))
        await until(lambda: servers[other.url].streams, "the other machine")
        await until(lambda: _usable(ours, 1), "the loss to be counted")
        other.kill()
        await speak(stream, words(15, first=30))
        await until(lambda: _usable(ours, 0), "both losses to be counted")
        assert metrics.ASR_USABLE._value.get() == 0
        await speak(stream, words(15, first=45))
        other.start()
        stream.finish()
        found = await reading
        await stream.aclose()
    assert numbers(found) == list(range(60))
    assert stream.complete


async def _usable(ours: WebSocketRecogniser, count: int) -> bool:
    await ours.pool.look()
    return ours.pool.usable == count


async def test_a_recogniser_that_cannot_be_trusted_is_named_and_the_others_go_on(
    tmp_path: Path, authority: Authority
) -> None:
    """The log says which one, why, and what to do; what is said to it is heard by the good one."""
    stranger = Authority(tmp_path / "stranger", "stranger")
    expired = authority.issue("127.0.0.2", expired=True, name="expired")
    good = authority.issue("127.0.0.2")
    async with (
        served(expired, token=TOKEN) as old,
        served(stranger.issue("127.0.0.2"), token=TOKEN) as unknown,
        served(authority.issue("127.0.0.9"), token=TOKEN) as misnamed,
        served(good, token="another") as locked,
        served(token=TOKEN) as bare,
        served(good, token=TOKEN) as fine,
    ):
        closed = f"wss://127.0.0.2:{free_port()}"
        plain = fine.replace("wss:", "ws:")
        reasons = {
            old: "expired.*cert_file",
            unknown: r"not to be trusted.*\[asr\] ca_file",
            misnamed: "another name",
            locked: r"token.*\[asr\] token",
            closed: "no connection.*gateway run --role asr",
            plain: "wss://",
            bare.replace("ws:", "wss:"): "TLS fails.*ws://",
        }
        ours = recogniser([*reasons, fine], authority)
        with capture_logs() as logs:
            stream = ours.open()
            await speak(stream, words(6))
            stream.finish()
            found = await finals(stream)
            await stream.aclose()
            await ours.pool.look()
        assert numbers(found) == list(range(6))
        assert ours.pool.usable == 1
        told = {line["url"]: line["why"] for line in logs if line["event"] == "recogniser_unusable"}
        assert told.keys() == reasons.keys()
        for url, reason in reasons.items():
            with pytest.raises(Unreachable, match=reason):
                await ours.pool.access.probe(url)
            assert told[url]
        alone = recogniser([locked], authority, patience_s=0.1)
        with pytest.raises(RecogniserUnavailable):
            await alone.transcribe(stereo(tmp_path / "call.wav", words(2)))


async def test_a_full_recogniser_sends_a_call_to_the_next(authority: Authority) -> None:
    engines = BurstEngine(), BurstEngine()
    good = authority.issue("127.0.0.2")
    async with (
        served(good, engine=engines[0], token=TOKEN, max_streams=1) as first,
        served(good, engine=engines[1], token=TOKEN, max_streams=2) as second,
    ):
        ours = recogniser([first, second], authority)
        streams = [ours.open() for _ in range(4)]
        readings = [asyncio.create_task(finals(stream)) for stream in streams]
        for stream in streams:
            await speak(stream, words(3))
        await until(lambda: len(engines[0].opened) + len(engines[1].opened) == 3)
        assert ours.pool.usable == 2, "full is not broken"
        for stream in streams:
            stream.finish()
        for reading in readings:
            assert numbers(await reading) == [0, 1, 2], "the fourth was heard when there was room"
        for stream in streams:
            assert stream.complete
            await stream.aclose()


async def test_a_call_takes_the_last_place_from_catch_up_which_goes_on_afterwards(
    tmp_path: Path, authority: Authority
) -> None:
    engine = BurstEngine(slow_s=0.02)
    async with served(authority.issue("127.0.0.2"), engine=engine, token=TOKEN, max_streams=1) as url:
        ours = recogniser([url], authority, patience_s=2)
        recorded = stereo(tmp_path / "call.wav", words(60))
        catching_up = asyncio.create_task(ours.transcribe(recorded))
        await until(lambda: engine.opened, "catch-up to begin")
        call = ours.open()
        await speak(call, words(2))
        await until(lambda: len(engine.opened) == 2, "the call to have the place")
        reading = asyncio.create_task(finals(call))
        assert not catching_up.done()
        call.finish()
        assert numbers(await reading) == [0, 1]
        await call.aclose()
        assert numbers(await catching_up) == list(range(60))


async def test_catch_up_waits_longer_than_its_patience_for_calls_to_end(tmp_path: Path, authority: Authority) -> None:
    """Its turn comes: it must not begin again from the start for ever."""
    async with served(authority.issue("127.0.0.2"), token=TOKEN, max_streams=1) as url:
        ours = recogniser([url], authority, patience_s=0.1)
        call = ours.open()
        await speak(call, words(1))
        with capture_logs() as logs:
            catching_up = asyncio.create_task(ours.transcribe(stereo(tmp_path / "call.wav", words(3))))
            refused = lambda: [line for line in logs if line["event"] == "stream_refused_full"]  # noqa: E731
            await until(lambda: len(refused()) >= 2, "catch-up to be refused twice")
        call.finish()
        await finals(call)
        await call.aclose()
        assert numbers(await catching_up) == [0, 1, 2]


@pytest.mark.parametrize("with_words", [True, False])
async def test_a_plain_vosk_server_stands_in_the_pool(
    tmp_path: Path, authority: Authority, *, with_words: bool
) -> None:
    plain = PlainServer(with_words=with_words, dies_after=(4,))
    async with plain.running() as url, served(authority.issue("127.0.0.2"), token=TOKEN) as good:
        ours = recogniser([url, good], authority)
        await ours.pool.look()
        assert ours.pool.usable == 2
        stream = ours.open(recording=stereo(tmp_path / "call.wav", words(20)))
        reading = asyncio.create_task(finals(stream))
        await speak(stream, words(20), frames_a_turn=1)
        stream.finish()
        heard = [int(w[1:]) for final in await reading for w in final.text.split()]
        await stream.aclose()
    assert heard == list(range(20))
    assert stream.complete


async def test_connections_are_bounded_and_idle_ones_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.recognition.server.SPARE_CONNECTIONS", 1)
    monkeypatch.setattr("gateway.recognition.server.IDLE_S", 0.2)
    async with served(max_streams=1) as url:
        access = Access()
        async with access.connect(url), access.connect(url) as second:
            with pytest.raises(Full):
                await access.probe(url)
            await second.receive()
            assert second.close_code == 1001
        await access.probe(url)
