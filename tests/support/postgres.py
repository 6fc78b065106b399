"""A PostgreSQL server of the tests' own: found on this machine, started on a free loopback port, stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from gateway.storage.database import open_database
from tests.support.ports import free_port
from tests.support.waiting import eventually

NO_SERVER = (
    "no PostgreSQL server: neither /usr/lib/postgresql/*/bin/postgres nor one in PATH (apt-get install postgresql)"
)
SERVER_USER = "postgres"
READY = "ready"
"""The database that others are copied from."""


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest version first; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
    if found:
        return found[-1].parent
    path = shutil.which("postgres")
    return Path(path).resolve().parent if path else None


class PostgresServer:
    """A running server; ``stop`` and ``start`` it at will."""

    def __init__(self, folder: Path, found: Path) -> None:
        """Its files in ``folder``; ``found`` is what ``binaries`` says."""
        self._folder = folder
        self._data = folder / "data"
        self._binaries = found
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self.port = free_port()
        if os.geteuid() == 0:
            account = pwd.getpwnam(SERVER_USER)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run(["initdb", "-D", str(self._data), "-U", "gateway", "-A", "trust", "--no-sync", "-E", "UTF8"])
        self.start()

    def _command(self, command: list[str]) -> list[str]:
        """PostgreSQL refuses to run as root."""
        user = ["setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups"]
        return (user if os.geteuid() == 0 else []) + [str(self._binaries / command[0]), *command[1:]]

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(self._command(command), capture_output=True, check=False, cwd=self._folder)
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}", "-c", "unix_socket_directories="]
        options += ["-c", "fsync=off", "-c", "max_connections=60"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(["postgres", "-D", str(self._data), *options]), stdout=log, stderr=log, cwd=self._folder
            )
        ready = [str(self._binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q"]

        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "log").read_text()
            return subprocess.run(ready, check=False).returncode == 0

        eventually(answers, what="PostgreSQL")

    def stop(self) -> None:
        """Stop at once, as a crash does (SIGQUIT: immediate shutdown)."""
        if self._process is not None:
            self._process.send_signal(3)
            self._process.wait(30)
            self._process = None

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://gateway@127.0.0.1:{self.port}/{name}"

    async def create(self, name: str) -> str:
        """A new database, empty; its URL."""
        return await self._create(name, "template1")

    async def create_ready(self, name: str) -> str:
        """A new database of today's schema in which nothing is; its URL."""
        if not self._ready:
            database = await open_database(await self.create(READY), data_dir=self._folder, zone=ZoneInfo("UTC"))
            await database.aclose()
            self._ready = True
        return await self._create(name, READY)

    async def _create(self, name: str, template: str) -> str:
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="gateway", database="postgres")
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close()
        return self.url(name)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server in a folder of its own under the system's temporary folder; the test is skipped where none is installed.

    It works in the calling thread: half a second, which nobody else on an event loop may be waiting for.
    """
    found = binaries()
    if found is None:
        pytest.skip(NO_SERVER)
    with tempfile.TemporaryDirectory(prefix="gateway-pg-") as folder:
        server = PostgresServer(Path(folder), found)
        try:
            yield server
        finally:
            server.stop()
