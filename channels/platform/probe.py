"""Probe of ``gateway doctor --providers``: whether a server answers at the platform's address."""

from __future__ import annotations

from channels.platform.settings import PlatformSettings
from gateway.edge.reached import reached


async def probe(settings: PlatformSettings) -> str:
    """See ``ChannelSpec.probe``: whether a server answers at ``callback_url``."""
    if not settings.callback_url:
        return "it has no callback_url and asks for answers itself"
    found = await reached(settings.callback_url, timeout_s=settings.timeout_s)
    return f"callback_url answers (HTTP {found.status})"
