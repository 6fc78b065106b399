"""A whole gateway as `gateway run` starts it, on free ports and in a folder of its own, driven from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.support.command import GATEWAY, ROOT
from tests.support.ports import free_port
from tests.support.waiting import eventually


class RunningGateway:
    """Use as a context manager. ``kill`` takes a child by its name; the supervisor brings it back."""

    def __init__(
        self,
        folder: Path,
        *,
        asr_workers: int = 0,
        asr_url: str = "",
        channel: str = "",
        tables: str = "",
        rtp_ports: tuple[int, int] | None = None,
        role: str = "all",
    ) -> None:
        """``channel`` adds keys to the telephone's table, ``tables`` whole tables (feeds, [calls], …).

        ``role`` other than ``all``: that one process, without a supervisor.
        """
        self.role = role
        self.folder = folder
        self.data = folder / "data"
        self.http_port = free_port()
        self.sip_port = free_port()
        self.rtp_ports = low, high = rtp_ports or (30_000, 45_000)
        self.config = folder / "gateway.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            f"""data_dir = "{self.data}"
[http]
port = {self.http_port}
[asr]
workers = {asr_workers}
url = "{asr_url}"
[[channel]]
id = "hotline"
kind = "sip"
host = "127.0.0.1"
port = {self.sip_port}
rtp_ports = [{low}, {high}]
{channel}
{tables}
""",
            encoding="utf-8",
        )
        self.log = folder / "gateway.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._token = ""

    @property
    def url(self) -> str:
        """Where its web listens."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def sip_uri(self) -> str:
        """Whom to call."""
        return f"sip:12345@127.0.0.1:{self.sip_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def command(self, *args: str) -> list[str]:
        """What runs a verb of this gateway."""
        return [*GATEWAY, *args]

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(
                self.command("run", "--role", self.role, "--config", str(self.config)),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                # A test that leaves a call behind does not wait until it has ended by itself.
                env=os.environ | {"GATEWAY_CALLS__DRAIN_S": os.environ.get("GATEWAY_CALLS__DRAIN_S", "30")},
            )
        try:
            self.wait_ready()
        except BaseException:
            self.stop()  # nobody else will: the block that would end it is never entered
            raise

    def wait_ready(self) -> None:
        """Until ``/readyz`` says so; fails with the log when it ends before."""

        def ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-4000:]
            return self.get("/readyz", token="") is not None

        eventually(ready, within_s=60, what="readyz")

    def stop(self) -> int:
        """SIGTERM, and wait; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def children(self) -> dict[str, int]:
        """Living children of the supervisor: ``voice``, ``web+worker``, ``asr-<i>``, ``valkey`` → pid."""
        assert self.process is not None
        found: dict[str, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError, ValueError):
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                if stat[0] == "Z" or int(stat[1]) != self.process.pid:
                    continue
                argv = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if "--role" in argv:
                    role = argv[argv.index("--role") + 1]
                    found[f"asr-{argv[argv.index('--index') + 1]}" if role == "asr" else role] = int(entry.name)
                elif argv and "valkey" in argv[0]:
                    found["valkey"] = int(entry.name)
        return found

    def kill(self, name: str) -> int:
        """SIGKILL a child; its pid."""
        pid = self.children()[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    def cli(self, *args: str, check: bool = True) -> str:
        """Run a verb on its configuration; what it printed."""
        done = subprocess.run(
            self.command(*args, "--config", str(self.config)), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def token(self) -> str:
        """Of an administrator, made once."""
        if not self._token:
            self._token = self.cli("tokens", "create", "--name", "test", "--scope", "admin").splitlines()[-1]
        return self._token

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; ``ConnectionError`` when nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=dict(headers or {}))
        bearer = self.token if token is None else token
        if bearer:
            request.add_header("Authorization", f"Bearer {bearer}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()
        except (OSError, urllib.error.URLError) as error:
            raise ConnectionError(str(error)) from None

    def get(self, path: str, *, token: str | None = None) -> Any:
        """JSON of a 200, else None."""
        try:
            status, _, body = self.request("GET", path, token=token)
        except ConnectionError:
            return None
        return json.loads(body) if status == 200 else None

    def tickets(self) -> Iterator[dict[str, Any]]:
        """Every ticket, in the order of its last change."""
        cursors: list[str] = []
        cursor = ""
        while True:
            page = self.get(f"/api/v1/tickets?since=0&limit=1000{cursor}")
            assert page is not None
            yield from page["items"]
            if not page["next_cursor"]:
                return
            assert page["next_cursor"] not in cursors, "a cursor led back"
            cursors.append(page["next_cursor"])
            cursor = f"&cursor={page['next_cursor']}"

    def ticket_of_call(self, call_id: str, *, within_s: float = 300) -> dict[str, Any]:
        """The whole record of a call's ticket, when everything said in the call is in its transcript."""

        def find() -> dict[str, Any] | None:
            for item in self.tickets():
                own = item["interactions"][0]
                if own["external_id"].startswith(call_id) and own["ended_at"] and not item["prefill"]["pending"]:
                    whole: dict[str, Any] | None = self.get(f"/api/v1/tickets/{item['ticket_id']}")
                    return whole
            return None

        found: dict[str, Any] = eventually(find, within_s=within_s, what="the call's ticket")
        return found

    def metrics(self) -> dict[str, float]:
        """``/metrics`` of all processes as {name with labels: value}."""
        _, _, body = self.request("GET", "/metrics")
        return {
            name: float(value)
            for name, _, value in (
                line.rpartition(" ") for line in body.decode().splitlines() if line and not line.startswith("#")
            )
        }
