"""The archive: what was written comes back, and nothing else is ever believed."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.backup.archive import MANIFEST, SEAL, TOLD, ArchiveWriter, Damaged, contents, verify
from gateway.backup.progress import Progress

pytestmark = pytest.mark.unit

QUIET = Progress(io.StringIO())
ABOUT = dict.fromkeys(TOLD, 1)
FILES = {
    "database/gateway.db": bytes(range(256)) * 5,
    "recordings/2026/11/23/a.wav": b"",
    "recordings/2026/11/24/b.wav": b"x" * 512,
    "tables/词表.csv": "路灯,市政".encode(),
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    archive, source = folder / "a.tar", folder / "source"
    with archive.open("wb") as file, (folder / "lines").open("w+b") as lines:
        writer = ArchiveWriter(file, lines, QUIET)
        for name, content in files.items():
            source.write_bytes(content)
            with source.open("rb") as opened:
                assert writer.add(name, opened) == hashlib.sha256(content).hexdigest()
        writer.seal(ABOUT)
    return archive


def read(archive: Path) -> dict[str, bytes]:
    return {member.name: b"".join(content) for member, content in contents(archive, {})}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("archive"), FILES).read_bytes()


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    archive = write(tmp_path, FILES)
    assert read(archive) == FILES
    assert verify(archive, QUIET) == {"format": 1, **ABOUT}


def test_any_tar_reads_it(tmp_path: Path) -> None:
    with tarfile.open(write(tmp_path, FILES)) as tar:
        assert tar.getnames() == [*FILES, MANIFEST, SEAL]
        assert all(member.isreg() and member.mode == 0o600 for member in tar)


@given(st.data())
def test_a_flipped_bit_is_found_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    flipped = bytearray(whole)
    flipped[bit // 8] ^= 1 << bit % 8
    archive = tmp_path_factory.mktemp("flipped") / "a.tar"
    archive.write_bytes(flipped)
    try:
        found = read(archive)
    except Damaged:
        with pytest.raises(Damaged):
            verify(archive, QUIET)
    else:
        assert found == FILES


@given(st.data())
def test_a_cut_archive_is_refused(tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject) -> None:
    archive = tmp_path_factory.mktemp("cut") / "a.tar"
    archive.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 2 * tarfile.BLOCKSIZE))])
    with pytest.raises(Damaged):
        verify(archive, QUIET)


def sealed(folder: Path, members: list[tuple[tarfile.TarInfo, bytes]], about: dict[str, object] = ABOUT) -> Path:
    """An archive of somebody who knows how to seal one."""
    archive = folder / "forged.tar"
    manifest = json.dumps({"format": 1, **about}).encode() + b"\n"
    for info, content in members:
        told = {"name": info.name, "size": info.size, "sha256": hashlib.sha256(content).hexdigest()}
        manifest += json.dumps(told).encode() + b"\n"
    seal = hashlib.sha256(manifest).hexdigest().encode()
    with archive.open("wb") as file:
        for info, content in [*members, (plain(MANIFEST, manifest), manifest), (plain(SEAL, seal), seal)]:
            file.write(info.tobuf(tarfile.USTAR_FORMAT) if info.size < 8**11 else info.tobuf(tarfile.GNU_FORMAT))
            file.write(content + bytes(-len(content) % tarfile.BLOCKSIZE))
        file.write(bytes(2 * tarfile.BLOCKSIZE))
    return archive


def plain(name: str, content: bytes, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def test_the_forger_can_seal(tmp_path: Path) -> None:
    assert read(sealed(tmp_path, [(plain("spool/a", b"x"), b"x")])) == {"spool/a": b"x"}


@pytest.mark.parametrize(
    "name",
    [
        "../x", "spool/../../x", "/etc/passwd", "/spool/x", "spool//x", "spool/./x", "spool", "", "other/x", "spool/",
        "spool\\..\\x", "spool/a\nb", "spool/\x1b[2J", "manifest.jsonl/x",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    archive = sealed(tmp_path, [(plain(name, b"x"), b"x")])
    with pytest.raises(Damaged):
        verify(archive, QUIET)


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE,
        tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE, b"\0",
    ],
)  # fmt: skip
def test_whatever_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    link = plain("spool/x", b"", type=kind, linkname="/etc/passwd" if kind == tarfile.SYMTYPE else "")
    with pytest.raises(Damaged):
        verify(sealed(tmp_path, [(link, b"")]), QUIET)


@pytest.mark.parametrize("size", [10_000, 8**11 - 1, 2**62, 2**80])
def test_a_size_beyond_the_archive_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(Damaged):
        verify(sealed(tmp_path, [(plain("spool/x", b"", size=size), b"")]), QUIET)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda raw: raw.replace(b'"size":512', b'"size":511'),
        lambda raw: raw.replace(b'{"format":1', b'{"format":2'),
        lambda raw: raw.replace(b'{"format":1', b'["format",1'),
        lambda raw: raw.replace(b'"tickets"', b'"ticketz"'),
    ],
)
def test_a_manifest_that_was_changed_is_refused(tmp_path: Path, whole: bytes, tamper: Callable[[bytes], bytes]) -> None:
    assert tamper(whole) != whole
    (tmp_path / "a.tar").write_bytes(tamper(whole))
    with pytest.raises(Damaged):
        verify(tmp_path / "a.tar", QUIET)


def test_a_manifest_that_says_too_little_or_speaks_another_format_is_refused(tmp_path: Path) -> None:
    for about in ({}, {**ABOUT, "format": 2}):
        with pytest.raises(Damaged):
            verify(sealed(tmp_path, [], about), QUIET)


def test_something_else_is_no_archive(tmp_path: Path) -> None:
    for content in (b"", b"hello", bytes(10_240), b"\x1f\x8b" + bytes(600)):
        (tmp_path / "a.tar").write_bytes(content)
        with pytest.raises(Damaged):
            verify(tmp_path / "a.tar", QUIET)
