"""Builds the channel that its settings name."""

from __future__ import annotations

from channels.sms.cmpp import dialect as cmpp
from channels.sms.link_channel import LinkChannel
from channels.sms.settings import CmppSettings, SmppSettings, SmsSettings
from channels.sms.smpp import dialect as smpp
from gateway.ports.channel import ChannelContext


def build(settings: SmsSettings, context: ChannelContext) -> LinkChannel:
    """What ``SPEC`` builds a channel with."""
    if isinstance(settings, CmppSettings):
        return cmpp.build(settings, context)
    assert isinstance(settings, SmppSettings)
    return smpp.build(settings, context)
