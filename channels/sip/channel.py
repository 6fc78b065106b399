"""The SIP channel: a ``ports.channel.Channel`` around the user agent."""

from __future__ import annotations

import ipaddress

from channels.sip.exposure import public_addresses
from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from channels.sip.user_agent import UserAgent
from gateway.errors import ConfigError
from gateway.ports.channel import ChannelContext
from gateway.telemetry import log

_log = log.get("sip")


class SipChannel:
    """A ``ports.channel.Channel``; ``user_agent`` also places calls."""

    def __init__(self, settings: SipSettings, context: ChannelContext) -> None:
        """Nothing is bound before ``run``."""
        assert context.calls is not None, "calls are taken in the role voice"
        self._settings = settings
        self._channel_id = context.channel_id
        self.user_agent = UserAgent(
            settings=settings,
            channel_id=context.channel_id,
            calls=context.calls,
            clock=context.clock,
            phones=context.phones,
            trace=TraceWriter(context.data_dir / "traces", f"{context.channel_id}.{context.process}", context.clock),
            draining=context.draining,
            gauge=context.gauge,
            refused=context.refused,
        )

    @property
    def port(self) -> int:
        """The port that is bound; 0 before ``run``."""
        return self.user_agent.port

    async def run(self) -> None:
        """Serve until cancelled; ``OSError`` when the port is taken or the socket breaks.

        ``ConfigError`` when anybody on the internet could call.
        """
        self._refuse_the_internet()
        await self.user_agent.start()
        await self.user_agent.serve()

    async def ready(self) -> bool:
        """Whether both listeners are up."""
        return self.user_agent.listening

    async def aclose(self, *, drain_s: float) -> None:
        """See the port."""
        await self.user_agent.aclose(drain_s=drain_s)

    def _refuse_the_internet(self) -> None:
        """Without ``trunks`` everybody who reaches the port may call: fit for a private network at most."""
        if self._settings.trunks:
            return
        public = public_addresses(self._settings)
        if public:
            what = f"trunks is empty, so anybody could call, and {', '.join(public)} is public"
            do = 'name who hands calls over: trunks = ["203.0.113.5"], or set host to a private address'
            raise ConfigError([f"channel[{self._channel_id}]: {what}; {do}"])
        if not ipaddress.ip_address(self._settings.host).is_loopback:
            _log.warning(
                "trunks_empty",
                channel_id=self._channel_id,
                host=self._settings.host,
                meaning="whoever reaches this port may call",
                do='name who hands calls over: trunks = ["10.0.0.5"]',
            )


def build(settings: SipSettings, context: ChannelContext) -> SipChannel:
    """What ``SPEC`` builds a channel with."""
    return SipChannel(settings, context)
