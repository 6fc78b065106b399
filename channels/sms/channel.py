"""Builds the channel that its settings name."""

from __future__ import annotations

from channels.sms import aliyun, tencent, twilio
from channels.sms.cmpp import dialect as cmpp
from channels.sms.hooks import HookChannel
from channels.sms.link_channel import LinkChannel
from channels.sms.settings import (
    AliyunSettings,
    CmppSettings,
    SmppSettings,
    SmsSettings,
    TencentSettings,
    TwilioSettings,
)
from channels.sms.smpp import dialect as smpp
from gateway.ports.channel import ChannelContext


def build(settings: SmsSettings, context: ChannelContext) -> LinkChannel | HookChannel:
    """What ``SPEC`` builds a channel with."""
    match settings:
        case SmppSettings():
            return smpp.build(settings, context)
        case CmppSettings():
            return cmpp.build(settings, context)
        case AliyunSettings():
            return aliyun.build(settings, context)
        case TencentSettings():
            return tencent.build(settings, context)
        case TwilioSettings():
            return twilio.build(settings, context)
        case _:
            raise TypeError(f"no provider has settings of type {type(settings).__name__}")
