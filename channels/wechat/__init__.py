"""WeChat: an official account, or WeCom 微信客服 (README.md)."""

from channels.wechat.channel import WINDOW, build
from channels.wechat.envelope import MAX_BODY
from channels.wechat.probe import probe
from channels.wechat.settings import WechatSettings
from gateway.ports.channel import ChannelSpec, HttpAccess

SPEC = ChannelSpec(
    kind="wechat",
    settings=WechatSettings,
    build=build,
    role="web",
    http=lambda _: HttpAccess(body_bytes=MAX_BODY),
    converses=True,
    window=WINDOW,
    flow=lambda settings: settings.flow,
    probe=probe,
    description="WeChat official account (plain, compatible, safe mode) or WeCom 微信客服",
)
"""The ``[[channel]]`` table of kind ``wechat``."""
