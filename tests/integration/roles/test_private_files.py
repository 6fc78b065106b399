"""A whole gateway on a folder that an earlier version left open to everybody."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.running import RunningGateway

pytestmark = pytest.mark.integration


def open_to_others(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder.parent))
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    )


def test_all_it_finds_and_all_it_makes_is_for_its_own_user_alone(tmp_path: Path) -> None:
    shared = tmp_path / "share"
    old = [
        tmp_path / "data" / "recordings" / "2026" / "10" / "01" / "a.wav",
        tmp_path / "data" / "attachments" / "aa" / "x",
    ]
    files = tmp_path / "files"
    old += [
        files / "2026" / "10" / "01" / "c",
        shared / "2026" / "10" / "01" / "b.wav",
        tmp_path / "data" / "gateway.toml.bak",
    ]
    before = os.umask(0o022)
    try:
        for path in old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        assert open_to_others(tmp_path / "data")
        with RunningGateway(
            tmp_path, tables=f'[recording]\ndir = "{shared}"\n[attachments]\ndir = "{files}"\n'
        ) as gateway:
            gateway.cli("tokens", "create", "--name", "t", "--scope", "tickets:read")
            assert open_to_others(gateway.data) == []
            assert open_to_others(shared) == []
            assert open_to_others(files) == []
        assert open_to_others(gateway.data) == []
    finally:
        os.umask(before)
    assert "permissions_tightened" in gateway.log.read_text(encoding="utf-8")
