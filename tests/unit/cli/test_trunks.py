"""``gateway trunks``: what the configuration lets call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from tests.support.command import configured

pytestmark = pytest.mark.unit


def trunks(folder: Path, tables: str, *args: str) -> int:
    return main(["trunks", *args, "--config", str(configured(folder, tables))])


HOTLINE = '[[channel]]\nid = "hotline"\nkind = "sip"\ntrunks = ["203.0.113.5/32", "198.51.100.0/24"]\n'
OPEN = '[[channel]]\nid = "test"\nkind = "sip"\nport = 5070\n'
CHAT = '[[channel]]\nid = "web"\nkind = "webchat"\n'


def test_each_channel_s_trunks_and_how_to_add_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trunks(tmp_path, HOTLINE + OPEN + CHAT) == 0
    out, err = capsys.readouterr()
    assert out == "hotline\t203.0.113.5/32\nhotline\t198.51.100.0/24\ntest\teveryone\n"
    assert "gateway.toml" in err


def test_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trunks(tmp_path, HOTLINE + CHAT, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"channel_id": "hotline", "trunks": ["203.0.113.5/32", "198.51.100.0/24"]}
    ]


def test_without_a_telephone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert trunks(tmp_path, CHAT) == 0
    assert capsys.readouterr() == ("", "no channel of this configuration takes calls\n")
