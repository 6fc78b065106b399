"""The channel around the user agent."""

from __future__ import annotations

from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from channels.sip.user_agent import UserAgent
from gateway.ports.channel import ChannelContext


class SipChannel:
    """A ``ports.channel.Channel``; ``user_agent`` also places calls."""

    def __init__(self, settings: SipSettings, context: ChannelContext) -> None:
        """Nothing is bound before ``run``."""
        assert context.calls is not None, "calls are taken in the role voice"
        self.user_agent = UserAgent(
            settings=settings,
            channel_id=context.channel_id,
            calls=context.calls,
            clock=context.clock,
            phones=context.phones,
            trace=TraceWriter(context.data_dir / "traces", context.channel_id, context.clock),
            draining=context.draining,
            gauge=context.gauge,
        )

    @property
    def port(self) -> int:
        """The port that is bound; 0 before ``run``."""
        return self.user_agent.port

    async def run(self) -> None:
        """Serve until cancelled; ``OSError`` when the port is taken or the socket breaks."""
        await self.user_agent.start()
        await self.user_agent.serve()

    async def ready(self) -> bool:
        """Whether both listeners are up."""
        return self.user_agent.listening

    async def aclose(self, *, drain_s: float) -> None:
        """See the port."""
        await self.user_agent.aclose(drain_s=drain_s)


def build(settings: SipSettings, context: ChannelContext) -> SipChannel:
    """What ``SPEC`` builds a channel with."""
    return SipChannel(settings, context)
