"""Which processes of the gateway run on this machine: asked of them over the sockets in ``data_dir/run``."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import PeerDown
from gateway.interprocess.connection import Peer
from gateway.interprocess.run_dir import socket_path
from gateway.interprocess.siblings import PATIENCE_S, Siblings
from gateway.roles.census import CHILDREN, SUPERVISOR
from gateway.telemetry.alarms import BY_NAME, Ringing

QUESTIONS = ("ready", "channels", "metrics", "today", "alarms")
"""What is asked of every process; one that does not know a question gives no answer to it."""
CONNECT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process and what it answered; ``pid`` None: its socket is there and nobody listens."""

    name: str
    pid: int | None
    answers: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)

    @property
    def answers_at_all(self) -> bool:
        """Whether it answered anything."""
        return any(answer is not None for answer in self.answers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """All of them. ``supervisor`` is what ``gateway run`` says of its children; None: there is none."""

    processes: tuple[Process, ...] = ()
    supervisor: Mapping[str, Any] | None = None
    hidden: bool = False
    """Whether we may not look at all: only the owner of data_dir and root may."""

    @property
    def pids(self) -> dict[int, str]:
        """Name by process id, the supervisor's and Valkey's among them."""
        told = self.supervisor or {}
        found = {int(child["pid"]): str(child["name"]) for child in told.get("children", ()) if child["pid"]}
        found |= {process.pid: process.name for process in self.processes if process.pid is not None}
        return found | ({int(told["pid"]): SUPERVISOR} if told else {})

    @property
    def up(self) -> bool:
        """Whether anything runs."""
        return bool(self.pids)

    def channels(self) -> dict[str, Mapping[str, Any]]:
        """How the channels say they are, by id."""
        reports = (process.answers.get("channels") or {} for process in self.processes)
        return {channel_id: report for told in reports for channel_id, report in told.items()}

    def ringing(self) -> list[Ringing]:
        """What alarms by the measures of the processes, each once, by name."""
        found = {
            (name, of): Ringing(name, of, value)
            for process in self.processes
            for name, of, value in (process.answers.get("alarms") or {}).get("alarms", ())
            if name in BY_NAME  # not of a process of another version
        }
        return sorted(found.values(), key=lambda one: (one.name, one.of or ""))


def _is_closed(folder: Path) -> bool:
    """Whether it is there, and not for us."""
    try:
        os.scandir(folder).close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


async def look(data_dir: Path) -> Running:
    """Ask them all at once; half a second a question. Creates nothing, also where there is no ``data_dir``."""
    supervisor, told = Peer(socket_path(data_dir, SUPERVISOR)), None
    siblings = Siblings(data_dir, own="")
    try:
        try:
            told = await supervisor.ask(CHILDREN, timeout_s=PATIENCE_S)
        except PeerDown:
            told = None
        if _is_closed(socket_path(data_dir, SUPERVISOR).parent):
            return Running(hidden=True)
        names = siblings.names
        answers = await asyncio.gather(*(siblings.ask(question, names) for question in QUESTIONS))
    finally:
        await asyncio.gather(supervisor.aclose(), siblings.aclose())
    return Running(
        supervisor=told,
        processes=tuple(
            Process(
                name=name,
                pid=_listening(socket_path(data_dir, name)),
                answers={question: found[name] for question, found in zip(QUESTIONS, answers, strict=True)},
            )
            for name in names
        ),
    )


def _listening(path: Path) -> int | None:
    """The process behind a Unix socket (``SO_PEERCRED``: who called listen(2)); None when nobody is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(CONNECT_S)
        try:
            peer.connect(str(path))
            found = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", found)[0])


@contextmanager
def as_owner_of(data_dir: Path) -> Iterator[None]:
    """Root becomes the owner of ``data_dir`` while inside, since only that user's questions are answered.

    Nothing for anybody else, or where there is no such folder. It changes the whole process: begin no threads before.
    """
    try:
        found = data_dir.stat()
    except (OSError, ValueError):
        found = None
    if os.geteuid() or found is None or not found.st_uid:
        yield
        return
    groups, group_ids = os.getgroups(), os.getresgid()
    uid, gid = found.st_uid, found.st_gid
    try:
        os.setgroups(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:  # a user of another machine or container
        os.setgroups([gid])
    os.setresgid(gid, gid, 0)
    os.setresuid(uid, uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(*group_ids)
        os.setgroups(groups)
