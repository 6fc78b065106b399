"""The values of ``--role``, and the names of processes."""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.errors import ConfigError

ALL = "all"
"""The supervisor and its children."""
ASR = "asr"
READER = "reader"
"""Reads callers' words into fields, outside the process that paces their audio."""
ALONE = (ALL, READER, ASR)
"""Roles that share their process with no other."""
PARTS = ("voice", "web", "worker")
"""What one process may do, in the order in which its name says so."""
_INDEX = re.compile(r"-\d+$")


def read_role(text: str) -> str:
    """``all``, ``asr``, or parts joined by ``+`` in their order; ``ConfigError`` for anything else."""
    if text in ALONE:
        return text
    parts = text.split("+")
    if len(set(parts)) != len(parts) or not set(parts) <= set(PARTS):
        raise ConfigError(
            [f"--role {text}: use {', '.join(ALONE)}, or {', '.join(PARTS)} joined by + (e.g. web+worker)"]
        )
    return "+".join(part for part in PARTS if part in parts)


def process_name(role: str, index: int) -> str:
    """The name of the ``index``-th process of a role on this machine: ``voice``, ``voice-1``, ``asr-0``."""
    return f"{role}-{index}" if index or role == ASR else role


def parts_of(process: str) -> Collection[str]:
    """What a process of this name does; nothing for a recogniser."""
    parts = _INDEX.sub("", process).split("+")
    return [part for part in PARTS if part in parts]
