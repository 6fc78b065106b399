"""What the loader asks of a channel's SPEC, tried with a kind that nobody has written."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import channels
import gateway
from gateway.errors import ConfigError
from gateway.plugins.channels import load_channel_spec

pytestmark = pytest.mark.unit
KIND = """
from pydantic import BaseModel, ConfigDict
from gateway.ports.channel import ChannelSpec, HttpAccess
from gateway.ports.message import ReplyWindow


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    polled: bool = False


class Pager:
    def __init__(self, settings, context): ...
    async def run(self): ...
    async def ready(self): ...
    async def aclose(self, *, drain_s): ...


class Handling(Pager):
    async def handle(self, request): ...


class Sending(Pager):
    async def send(self, message): ...


class Conversing(Handling, Sending):
    def fetch(self, media): ...


class Windowed(Conversing):
    window = ReplyWindow(messages=5, within_s=60.0)


class Endless:
    async def run(self): ...
    async def ready(self): ...


def either(settings, context) -> Pager | Handling: ...


def unsaid(settings, context): ...


SPEC = ChannelSpec(**{{"kind": "pager", "settings": Settings, "build": Pager, **dict({more})}})
"""


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Write ``channels/pager`` with these words in its SPEC."""
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])

    def write(more: str) -> None:
        (tmp_path / "pager").mkdir()
        (tmp_path / "pager" / "__init__.py").write_text(KIND.format(more=more), encoding="utf-8")

    yield write
    sys.modules.pop("channels.pager", None)


def test_capabilities_are_read(pager: Callable[[str], None]) -> None:
    pager(
        'role="web", build=Handling, http=lambda _: HttpAccess(), widget=True, reaches_phones=True, '
        "single_owner=lambda settings: settings.polled"
    )
    spec = load_channel_spec("pager")
    assert spec.widget
    assert spec.reaches_phones
    assert spec.source is None
    assert spec.owned(spec.settings(polled=True))
    assert not spec.owned(spec.settings())


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('role="phone"', "SPEC.role is 'phone'"),
        ('role="web", widget=True', "SPEC.widget needs SPEC.http"),
        ('role="web", build=unsaid', "SPEC.build must be a class, or a function whose annotation"),
        ('role="web", build=Endless', r"Endless has no aclose\(\)"),
        ('role="web", http=lambda _: None', r"SPEC.http, but Pager has no handle\(\)"),
        ('role="web", build=either', r"Handling has handle\(\), which nobody calls"),
        ('role="web", converses=True, build=Sending', "SPEC.converses, but Sending lacks one of send, fetch"),
        (
            'role="web", converses=True, http=lambda _: None, build=Windowed',
            "SPEC.window is not that of Windowed",
        ),
        ('role="web", build=Sending', r"Sending has send\(\), which nobody calls"),
        ('role="web", http="yes", build=Handling', "SPEC.http must be a function"),
        ('role="web", single_owner="yes"', "SPEC.single_owner must be"),
        ('role="web", source="cityapp"', "SPEC.source must be a function"),
    ],
)
def test_what_cannot_be_is_told(pager: Callable[[str], None], more: str, problem: str) -> None:
    pager(more)
    with pytest.raises(ConfigError, match=problem):
        load_channel_spec("pager")


def sniffed(source: str) -> list[str]:
    """Where an attribute of a channel or of its settings is asked for by name."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        ast.unparse(call)
        for call in calls
        if ast.unparse(call.func) in {"getattr", "hasattr"} and ast.unparse(call.args[0]) in {"channel", "options"}
    ]


def test_nobody_asks_an_instance_what_it_can_do() -> None:
    rooms = Path(gateway.__path__[0]).rglob("*.py")
    assert {path.name: found for path in rooms if (found := sniffed(path.read_text(encoding="utf-8")))} == {}
    assert sniffed('if hasattr(channel, "send"): getattr(options, "flow", None)') == [
        "hasattr(channel, 'send')",
        "getattr(options, 'flow', None)",
    ]
