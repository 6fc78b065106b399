"""Short messages: an operator over SMPP or CMPP, or a provider by HTTP (README.md)."""

from channels.sms.channel import build
from channels.sms.probe import probe
from channels.sms.settings import LinkSettings, SmsSettings
from gateway.ports.channel import ChannelSpec

SPEC = ChannelSpec(
    kind="sms",
    settings=SmsSettings,
    build=build,
    role="web",
    probe=probe,
    # A bind exists once: parts of a message that came over two of them must meet in one memory.
    single_owner=lambda settings: isinstance(settings, LinkSettings),
    reaches_phones=True,
    description="short messages over SMPP 3.4, CMPP 2.0 and 3.0, Aliyun, Tencent Cloud or Twilio",
)
"""The ``[[channel]]`` table of kind ``sms``."""
