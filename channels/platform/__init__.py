"""City platforms, apps, sensors and monitors over signed HTTP (README.md)."""

from channels.platform.channel import build
from channels.platform.probe import probe
from channels.platform.settings import PlatformSettings
from gateway.ports.channel import ChannelSpec, ContactSource, HttpAccess


def source(settings: PlatformSettings) -> ContactSource:
    """The platform itself; called back where its table says."""
    return ContactSource(
        name=settings.source,
        secret=settings.secrets[0],
        previous_secret=next(iter(settings.secrets[1:]), None),
        called_back=bool(settings.callback_url),
    )


SPEC = ChannelSpec(
    kind="platform",
    settings=PlatformSettings,
    build=build,
    role="web",
    probe=probe,
    http=lambda _: HttpAccess(body_bytes=1_048_576),
    converses=True,
    flow=lambda settings: settings.flow,
    source=source,
    description="another system of the city, over HTTP signed with a secret of its own",
)
