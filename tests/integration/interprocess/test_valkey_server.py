"""The embedded Valkey: what survives what."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.interprocess.run_dir import MAX_SOCKET_PATH
from gateway.interprocess.valkey_client import connect
from gateway.interprocess.valkey_server import EmbeddedValkey
from gateway.roles.rotation import rotate
from tests.support.valkey import RunningValkey

pytestmark = pytest.mark.integration


async def test_starts_on_an_empty_folder_and_only_for_us(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path / "data") as valkey:
        client = connect(valkey.server.url)
        assert await client.config_get("port") == {"port": "0"} or await client.config_get("port") == {b"port": b"0"}
        await client.aclose()
        assert stat.S_IMODE(valkey.server.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(valkey.server.socket.parent.stat().st_mode) == 0o700


async def test_a_kill_keeps_what_was_written(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        for i in range(100):
            await client.xadd("s", {"n": i})
        valkey.kill()
        await valkey.start()
        assert await client.xlen("s") == 100
        await client.aclose()


async def test_an_orphan_of_a_killed_supervisor_is_ended(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        orphan = valkey.process
        assert orphan is not None
        client = connect(valkey.server.url)
        await client.set("a", "b")
        await valkey.start()
        assert orphan.wait(5) == 0
        assert await client.get("a") == b"b"
        await client.aclose()


async def test_a_dead_socket_is_removed(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        valkey.kill()
        assert valkey.server.socket.exists()
        valkey.server.prepare()
        assert not valkey.server.socket.exists()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-3], lambda whole: b"rubbish" + whole])
async def test_a_damaged_file_is_set_aside_and_the_server_starts(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        await client.set("a", "b")
        valkey.kill()
        [log] = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
        log.write_bytes(damage(log.read_bytes()))
        await valkey.start()
        assert await client.get("a") is None
        assert len(list((tmp_path / "valkey").glob("damaged-*"))) == 1
        earlier = tmp_path / "valkey" / "damaged-1"
        earlier.mkdir()
        valkey.kill()
        [log] = (tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof")
        log.write_bytes(b"rubbish")
        await valkey.start()
        assert len(list((tmp_path / "valkey").glob("damaged-*"))) == 1, "only the newest is kept"
        assert not earlier.exists()
        await client.aclose()


async def test_a_long_path_gets_a_short_socket_of_our_own(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    async with RunningValkey(deep) as valkey:
        assert len(str(valkey.server.socket)) <= MAX_SOCKET_PATH
        assert EmbeddedValkey(deep).url == valkey.server.url
        assert EmbeddedValkey(tmp_path / ("d" * 60) / ("f" * 60)).url != valkey.server.url
        folder = valkey.server.socket.parent
        folder.chmod(0o777)
        with pytest.raises(ConfigError, match="shorter data_dir"):
            valkey.server.prepare()
        folder.chmod(0o700)
    valkey.server.socket.unlink()
    folder.rmdir()


async def test_nobody_answers(tmp_path: Path) -> None:
    assert await EmbeddedValkey(tmp_path).wait_ready(0.2) is False


async def test_its_log_goes_on_in_a_new_file_after_rotation(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        with valkey.server.log.open("a", encoding="ascii") as log:
            log.write("x" * 1000)
        assert rotate(valkey.server.log, 900)
        assert valkey.process is not None
        valkey.process.terminate()
        assert valkey.process.wait(10) == 0
        assert "SIGTERM" in valkey.server.log.read_text()


async def test_it_ends_when_asked(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        assert valkey.process is not None
        valkey.process.terminate()
        assert valkey.process.wait(10) == 0
        assert isinstance(valkey.process, subprocess.Popen)
