"""Probe of ``gateway doctor --providers``: whether the platform accepts app_id and app_secret."""

from __future__ import annotations

from channels.wechat.api import Api
from channels.wechat.settings import WechatSettings
from gateway.edge.probing import ForgetfulCache, UntoldHealth
from gateway.edge.system_clock import SystemClock


async def probe(settings: WechatSettings) -> str:
    """See ``ChannelSpec.probe``: the token that is valid now, which stays valid (stable_token, gettoken)."""
    api = Api(settings, channel_id="probe", cache=ForgetfulCache(), health=UntoldHealth(), clock=SystemClock())
    try:
        await api.token.get()
    finally:
        await api.aclose()
    return "app_id and app_secret are taken"
