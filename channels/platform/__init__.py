"""City platforms, apps, sensors and monitors over signed HTTP (README.md)."""

from channels.platform.channel import build
from channels.platform.settings import PlatformSettings
from gateway.ports.channel import ChannelSpec

SPEC = ChannelSpec(
    kind="platform",
    settings=PlatformSettings,
    build=build,
    role="web",
    description="another system of the city, over HTTP signed with a secret of its own",
)
