"""Checks of free space, inodes and file systems."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine, existing
from gateway.telemetry.alarms import BY_NAME

RECORDINGS = ("recordings_disk_low", "recording_stopped")
ATTACHMENTS = ("attachments_disk_low", "attachments_refused")
LOW = 2.0
"""Times the watermark: from here on somebody should act before the alarm rings."""
DATA_FREE = 0.02
"""Below this free share of its disk the database is about to stand still."""
INODES_FREE = 0.05
GONE_AT_RESTART = frozenset({"tmpfs", "ramfs"})
FAR = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"})
MOUNTS = Path("/proc/self/mountinfo")


@check("disk.free")
def free(machine: Machine) -> Iterator[Finding]:
    """Free space of the disks of recordings, attachments and the database, and the watermarks of what is kept anew."""
    settings = machine.settings
    for folder, percent, section, alarms in (
        (settings.recordings_dir, settings.recording.min_free_percent, "recording", RECORDINGS),
        (settings.attachments_dir, settings.attachments.min_free_percent, "attachments", ATTACHMENTS),
    ):
        yield _beside_watermark(existing(folder), percent / 100, section, alarms)
    data = existing(settings.data_dir)
    if data.stat().st_dev != existing(settings.recordings_dir).stat().st_dev:
        share, said = _free(data)
        told = f"{data}: {said} free for the database"
        yield ok("disk.free", told) if share >= DATA_FREE else _full(told, "data_disk_low", _room(data, "recording"))


@check("disk.inodes")
def inodes(machine: Machine) -> Iterator[Finding]:
    """A disk full of small files takes no more, whatever is free."""
    folder = existing(machine.settings.recordings_dir)
    found = os.statvfs(folder)
    if not found.f_files:  # btrfs and the like make them as needed
        yield ok("disk.inodes", f"{folder}: as many files as there is room for")
        return
    share = found.f_favail / found.f_files
    told = f"{folder}: {found.f_favail} more files fit ({share:.0%})"
    if share < INODES_FREE:
        yield fail("disk.inodes", told, "delete many small files there, or use a disk made with more inodes")
    else:
        yield ok("disk.inodes", told)


@check("disk.kind")
def kind(machine: Machine) -> Iterator[Finding]:
    """What a file system may not be under SQLite, or under anything that has to stay."""
    settings, name = machine.settings, "disk.kind"
    folder = existing(settings.data_dir)
    found = file_system(folder)
    if found in GONE_AT_RESTART:
        yield warn(name, f"{folder} is in memory ({found}): everything is gone after a restart", "a data_dir on a disk")
    elif found == "overlay":
        yield warn(
            name, f"{folder} is in the container's own layer: it goes with the container", "mount a volume there"
        )
    elif found in FAR and settings.database_url.startswith("sqlite"):
        yield warn(
            name,
            f"{folder} is a share ({found}): SQLite's locks and its write-ahead log are not safe there",
            "a data_dir on a local disk, or PostgreSQL; only [recording] dir and [attachments] dir may be shares",
        )
    else:
        yield ok(name, f"{folder} is on {found or 'a file system that /proc does not name'}")


def file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Its type as the kernel names it (proc_pid_mountinfo(5)), of the innermost mount, the last one made there."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, name = -1, None
    real = path.resolve()
    for line in lines:
        front, _, back = line.partition(" - ")
        point = Path(front.split()[4].replace("\\040", " "))
        if (real == point or point in real.parents) and len(point.parts) >= best:
            best, name = len(point.parts), back.split()[0]
    return name


def _beside_watermark(folder: Path, watermark: float, section: str, alarms: tuple[str, str]) -> Finding:
    share, said = _free(folder)
    told = f"{folder}: {said} free, [{section}] min_free_percent is {watermark:.0%}"
    low, full = alarms
    if share < watermark:
        return _full(told, full, _room(folder, section))
    if share < watermark * LOW:
        return warn("disk.free", f"{told}: {BY_NAME[low].zh} · {BY_NAME[low].en}", _room(folder, section))
    return ok("disk.free", told)


def _full(told: str, alarm: str, advice: str) -> Finding:
    return fail("disk.free", f"{told}: {BY_NAME[alarm].zh} · {BY_NAME[alarm].en}", advice)


def _room(folder: Path, section: str) -> str:
    return (
        f"delete or move what is not the gateway's (`du -xh {folder} | sort -h | tail`), "
        f"lower [{section}] retention_days, or enlarge the disk"
    )


def _free(folder: Path) -> tuple[float, str]:
    found = os.statvfs(folder)
    share = found.f_bavail / found.f_blocks if found.f_blocks else 0.0
    return share, f"{found.f_bavail * found.f_frsize / 1e9:.1f} GB ({share:.0%})"
