"""Work that takes long for long input, beside the event loop that everybody else waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def off_loop(long: bool, work: Callable[[*Ts], T], *args: *Ts) -> T:  # noqa: FBT001 - the rule in force: each caller names what is long
    """``work(*args)``: in a thread when its input is ``long``, here when it is not and a thread would cost more.

    The caller decides by ``gateway.domain.limits`` (``LONG_TEXT``, ``LONG_BODY``). ``work`` shares nothing that another
    turn of the loop alters.
    """
    return await asyncio.to_thread(work, *args) if long else work(*args)
