"""Short messages: an operator over SMPP or CMPP, or a provider by HTTP (README.md)."""

from channels.sms.channel import build
from channels.sms.probe import probe
from channels.sms.settings import LinkSettings, SmsSettings, TwilioSettings
from gateway.ports.channel import ChannelSpec, HttpAccess


def http(settings: SmsSettings) -> HttpAccess | None:
    """Providers; an operator's connection is ours."""
    match settings:
        case LinkSettings():
            return None
        case TwilioSettings():
            # Before its signature is checked a body is read and sorted; Twilio's own are a few kilobytes.
            return HttpAccess(body_bytes=65_536)
        case _:
            return HttpAccess(body_bytes=1_048_576)


SPEC = ChannelSpec(
    kind="sms",
    settings=SmsSettings,
    build=build,
    role="web",
    probe=probe,
    # A bind exists once: parts of a message that came over two of them must meet in one memory.
    single_owner=lambda settings: isinstance(settings, LinkSettings),
    reaches_phones=True,
    http=http,
    converses=True,
    flow=lambda settings: settings.flow,
    description="short messages over SMPP 3.4, CMPP 2.0 and 3.0, Aliyun, Tencent Cloud or Twilio",
)
"""The ``[[channel]]`` table of kind ``sms``."""
