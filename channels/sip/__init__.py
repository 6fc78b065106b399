"""The telephone channel: a SIP user agent with its own transaction and dialog layers (README.md)."""

from channels.sip.channel import build
from channels.sip.exposure import public_addresses
from channels.sip.settings import SipSettings
from gateway.ports.channel import ChannelSpec, Listening


def listens(settings: SipSettings) -> Listening:
    """Its SIP port, and the range of its audio."""
    return Listening(
        host=settings.host,
        port=settings.port,
        audio=settings.rtp_ports,
        calls=settings.max_calls,
        trunks=settings.trunks,
        public=tuple(public_addresses(settings)),
    )


SPEC = ChannelSpec(
    kind="sip",
    settings=SipSettings,
    build=build,
    role="voice",
    listens=listens,
    flow=lambda settings: settings.flow,
    realm=lambda settings: settings.realm,
    description="telephone calls over SIP (UDP, TCP) with G.711",
)
