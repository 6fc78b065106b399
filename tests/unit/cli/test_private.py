"""What lies in data_dir is for its own user alone."""

from __future__ import annotations

import argparse
import configparser
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli import private
from gateway.cli.private import private_dir, set_umask, tighten
from gateway.errors import ConfigError

pytestmark = pytest.mark.unit
UNIT = Path(__file__).resolve().parents[3] / "deploy" / "hotline-gateway@.service"
THEIRS = 4711
MODES = st.integers(0o600, 0o777)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(modes=st.lists(st.tuples(MODES, MODES | st.just(0o755)), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_nobody_else_may_do_anything_with_what_an_earlier_version_left(
    tmp_path_factory: pytest.TempPathFactory, modes: list[tuple[int, int]]
) -> None:
    root = folder = tmp_path_factory.mktemp("data")
    made = [root]
    for number, (of_file, of_folder) in enumerate(modes):
        folder = folder / f"{number}"
        folder.mkdir()
        file = folder / "file.wav"
        file.write_bytes(b"x")
        file.chmod(of_file)
        folder.chmod(of_folder | 0o755)
        made += [folder, file]
    root.chmod(0o755)
    owners = {path: mode(path) & 0o700 for path in made}
    assert tighten(root).not_ours == 0
    assert {path: mode(path) for path in made} == owners
    assert tighten(root).changed == 0


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"x")
    outside.chmod(0o644)
    data = tmp_path / "data"
    data.mkdir()
    (data / "link").symlink_to(outside)
    (data / "folder").symlink_to(tmp_path, target_is_directory=True)
    tighten(data)
    assert mode(outside) == 0o644


def test_what_is_not_ours_is_counted_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "theirs"
    file.write_bytes(b"x")
    file.chmod(0o644)
    chmod = Path.chmod

    def only_ours(path: Path, mode: int) -> None:
        if path == file:
            raise PermissionError(1, "Operation not permitted")
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", only_ours)
    done = tighten(tmp_path)
    assert (done.not_ours, done.example) == (1, file)


def test_a_folder_of_another_user_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 4711)
    with pytest.raises(ConfigError, match=r"belongs to .* chown -R "):
        private_dir(tmp_path)


def test_root_goes_on_as_the_folders_user(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid():
        pytest.skip("only root can hand a folder to another user")
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to that user
        folder = Path(name)
        os.chown(folder, THEIRS, THEIRS)
        monkeypatch.setattr(private, "_PROGRAM", ("/",))  # this installation may be closed to them, too
        made = folder / "gateway.db"
        child = os.fork()
        if not child:
            try:
                private_dir(folder)
                made.write_bytes(b"x")
                private_dir(folder / "run")
                os.setuid(0)
            except PermissionError:
                os._exit(0)  # there is no way back, and everything before it worked
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert [(path.name, path.stat().st_uid) for path in sorted(folder.iterdir())] == [
            ("gateway.db", THEIRS),
            ("run", THEIRS),
        ]
    monkeypatch.setattr(os, "setuid", lambda _: None)
    monkeypatch.setattr(os, "setgid", lambda _: None)
    monkeypatch.setattr(os, "setgroups", lambda _: None)
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, THEIRS, THEIRS)
        for closed in (("/nowhere", os.__file__), (private.__file__, "/nowhere")):
            monkeypatch.setattr(private, "_PROGRAM", closed)
            with pytest.raises(ConfigError, match=r"cannot read this installation \(/nowhere\)"):
                private_dir(Path(name))


def test_a_folder_that_cannot_be_made_is_a_clear_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"data_dir .* choose another"):
        private_dir(tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("verb", "more", "expected"),
    [
        ("run", {}, 0o077),
        ("tokens", {}, 0o077),
        ("prefill", {"prefill_verb": "export"}, 0o077),
        ("prefill", {"prefill_verb": "train"}, 0o022),
        ("asr", {"asr_verb": "fetch"}, 0o022),
    ],
)
def test_only_what_belongs_to_the_installation_is_for_all(verb: str, more: dict[str, str], expected: int) -> None:
    set_umask(argparse.Namespace(verb=verb, **more))
    assert os.umask(0) == expected


def test_the_unit_file_keeps_the_state_private() -> None:
    unit = configparser.RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # systemd's keys have capitals
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    service = unit["Service"]
    assert (service["StateDirectoryMode"], service["UMask"], service["User"]) == ("0700", "0077", "hotline")
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
