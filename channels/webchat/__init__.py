"""The web chat: a widget for any page, and the protocol that it speaks (README.md)."""

from channels.webchat.channel import build
from channels.webchat.settings import WebChatSettings
from gateway.ports.channel import ChannelSpec

SPEC = ChannelSpec(
    kind="webchat",
    settings=WebChatSettings,
    build=build,
    role="web",
    widget=True,
    description="chat on web pages: one script tag, WebSocket with an SSE and POST fallback",
)
