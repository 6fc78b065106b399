"""The telephone channel: a SIP user agent with its own transaction and dialog layers (README.md)."""

from channels.sip.channel import build
from channels.sip.settings import SipSettings
from gateway.ports.channel import ChannelSpec

SPEC = ChannelSpec(
    kind="sip",
    settings=SipSettings,
    build=build,
    role="voice",
    description="telephone calls over SIP (UDP, TCP) with G.711",
)
