"""What a check is and what it says. A new one is one function under ``@check`` in a module of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.cli.doctor.machine import Machine

LOADING_S = 12.0
"""On a busy machine a library takes so long to load; what hangs, hangs longer."""
WITHIN_S = 5.0 + LOADING_S
Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``name`` is fixed and for programs, ``found`` and ``advice`` are for people."""

    name: str
    status: Status
    found: str
    advice: str = ""


def ok(name: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding(name, "ok", found)


def warn(name: str, found: str, advice: str) -> Finding:
    """It works, but hardly as it was meant, or not for long."""
    return Finding(name, "warn", found, advice)


def fail(name: str, found: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(name, "fail", found, advice)


Look = Callable[[Machine], Iterable[Finding] | AsyncIterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something to look at; ``name`` is told when the look itself fails or takes too long."""

    name: str
    look: Look
    within_s: float
    providers: bool
    """Whether it asks somebody outside: only with ``--providers``."""
    channels: bool = False
    """Whether it asks for ``Machine.channels``, which loads an adapter a kind."""
    loads: tuple[str, ...] = ()
    """The modules that it imports inside."""


CHECKS: list[Check] = []
"""In the order of their modules (``subjects``) and, there, of their functions."""


def check(
    name: str,
    *,
    within_s: float = WITHIN_S,
    providers: bool = False,
    channels: bool = False,
    loads: tuple[str, ...] = (),
) -> Callable[[Look], Look]:
    """Enter a function into ``CHECKS``.

    It may take ``within_s``. It runs in a thread of its own, an asynchronous generator on that thread's event loop.
    Heavy modules are imported inside it, so that whoever asks for something else does not load them, and named in
    ``loads``: these, and the channels' adapters, are loaded one after the other before the first look begins.
    It writes nothing.
    """

    def enter(look: Look) -> Look:
        entered = Check(name=name, look=look, within_s=within_s, providers=providers, channels=channels, loads=loads)
        CHECKS.append(entered)
        return look

    return enter
