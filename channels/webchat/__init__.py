"""The web chat: a widget for any page, and the protocol that it speaks (README.md)."""

from channels.webchat.channel import MOST_BODY, build
from channels.webchat.settings import WebChatSettings
from gateway.ports.channel import ChannelSpec, Entrance, HttpAccess

READ_FOR_S = 24 * 3600.0
"""Who wrote from a page comes back to it for a day, perhaps."""


def http(settings: WebChatSettings) -> HttpAccess:
    """Web clients, which upload files."""
    largest = max(settings.max_file_bytes, 4 * settings.max_text_bytes)
    return HttpAccess(entrance=Entrance.CHAT, body_bytes=largest + MOST_BODY)


SPEC = ChannelSpec(
    kind="webchat",
    settings=WebChatSettings,
    build=build,
    role="web",
    widget=True,
    http=http,
    converses=True,
    read_for_s=READ_FOR_S,
    flow=lambda settings: settings.flow,
    description="chat on web pages: one script tag, WebSocket with an SSE and POST fallback",
)
