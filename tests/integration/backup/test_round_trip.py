"""``gateway backup`` beside a house at work, and ``gateway restore`` of what it wrote, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.backup.archive import Damaged
from gateway.backup.progress import Progress
from gateway.backup.put_back import restore
from gateway.backup.take import Wanted, take
from gateway.calls.recorder import LocalRecordings
from gateway.cli import main
from gateway.domain.attachments import AttachmentUpdate, NewAttachment
from gateway.domain.ids import new_ulid
from gateway.errors import ConfigError
from gateway.intake.call.record import recording_of
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.interprocess.in_use import in_use
from gateway.ports.feed import Delivery
from gateway.settings import load
from gateway.storage.database import Database, open_database
from gateway.storage.migrate import knows
from tests.contract.storage.changes import call, pass_by, written
from tests.support.change import Change, NewEvent
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.command import GATEWAY
from tests.support.postgres import PostgresServer, binaries

pytestmark = pytest.mark.integration

QUIET = Progress(io.StringIO())
FRAME = b"\x55" * 160
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(params=["sqlite", "postgresql"])
async def urls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Where the house's database is, and where that of the restored one will be; "" = in its data_dir."""
    if request.param == "sqlite":
        return "", ""
    server: PostgresServer = request.getfixturevalue("postgres")
    monkeypatch.setenv("PATH", f"{binaries()}{os.pathsep}{os.environ['PATH']}")
    return await server.create(new_ulid().lower()), await server.create(new_ulid().lower())


class House:
    """A data_dir with a database that is written to, recordings and attachments."""

    def __init__(self, folder: Path, url: str, db: Database, clock: SetClock) -> None:
        self.folder, self.db, self.clock = folder, db, clock
        self.config = folder.with_suffix(".toml")
        self.config.write_text(
            f'data_dir = "{folder}"\n[database]\nurl = "{url}"\n[[feed]]\nid = "cases"\nkind = "webhook"\n'
            'url = "http://127.0.0.1:9/"\nsecret = "sixteen characters or more"\n',
            encoding="utf-8",
        )
        self.recordings = LocalRecordings(folder / "recordings", min_free_percent=0)
        self.files = AttachmentFiles(folder / "attachments", clock=clock)
        self.acknowledged: list[str] = []
        self.delivered: list[Delivery] = []
        self.calls: dict[str, str] = {}
        """interaction_id of each call that has ended: the SHA-256 of its recording."""

    async def contact(self) -> None:
        applied = await self.db.changes.execute(written(new_ulid()))
        self.acknowledged.append(applied.ticket_id)

    async def call(self, seconds: float) -> None:
        """A call that is recorded while it runs."""
        change = call(new_ulid())
        assert change.new_interaction is not None
        interaction_id = change.new_interaction.interaction_id
        writer = self.recordings.start(interaction_id, NOON)
        change.new_interaction.fields["recording_path"] = writer.location  # type: ignore[index]
        applied = await self.db.changes.execute(change)
        for frame in range(int(seconds * 50)):
            writer.write(FRAME, os.urandom(160))
            if frame % 50 == 0:
                await asyncio.sleep(0)
        finished = await asyncio.to_thread(writer.close)
        assert finished is not None
        await self.db.changes.execute(
            Change(
                ticket_id=applied.ticket_id,
                interaction_id=interaction_id,
                interaction_fields={
                    "ended_at": NOON, "disposition": "completed", "recording": asdict(recording_of(finished)),
                },
                events=(NewEvent(type="interaction.ended", at=NOON),),
            )
        )  # fmt: skip
        self.calls[interaction_id] = finished.sha256
        self.acknowledged.append(applied.ticket_id)

    async def picture(self) -> None:
        """A contact with a picture that is fetched afterwards."""
        attachment = NewAttachment(attachment_id=new_ulid(), channel_id="web", kind="image", message_id=new_ulid())
        applied = await self.db.changes.execute(written(f"picture {new_ulid()}", attachments=(attachment,)))
        stored = await self.files.keep(_once())
        update = AttachmentUpdate(
            attachment_id=attachment.attachment_id, todo=None, sha256=stored.sha256, location=stored.location
        )
        await self.db.changes.execute(
            Change(
                ticket_id=applied.ticket_id, interaction_id=applied.interaction_id, attachment_updates=(update,),
                events=(NewEvent(type="attachment.stored", at=NOON),),
            )
        )  # fmt: skip

    async def deliver(self) -> int:
        """What a feed's worker does, once."""
        due = await self.db.deliveries.lease("cases", "worker", limit=16, lease_s=30)
        self.delivered += due
        await self.db.deliveries.delivered("cases", [delivery.event_seq for delivery in due])
        return len(due)

    async def at_work(self) -> None:
        """Contacts, calls and deliveries, until cancelled."""

        async def again_and_again(what: Any) -> None:
            while True:
                await what()

        async with asyncio.TaskGroup() as group:
            for what in (self.contact, lambda: self.call(2), self.picture, self.deliver):
                group.create_task(again_and_again(what))


async def _once() -> AsyncIterator[bytes]:
    yield PICTURE


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:

        async def opened(name: str, url: str) -> House:
            folder, clock = tmp_path / name, SetClock()
            folder.mkdir(mode=0o700, exist_ok=True)
            db = await open_database(url, data_dir=folder, zone=SHANGHAI, clock=clock)
            stack.push_async_callback(db.aclose)
            return House(folder, url, db, clock)

        yield opened


async def gateway(*args: object) -> tuple[int, str, str]:
    """The command line as a person types it."""
    process = await asyncio.create_subprocess_exec(
        *GATEWAY, *map(str, args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_under_load_what_was_acknowledged_comes_back(
    open_house: Any, urls: tuple[str, str], tmp_path: Path
) -> None:
    house: House = await open_house("house", urls[0])
    for work in (house.contact, lambda: house.call(1), house.picture, house.deliver):
        await work()
    load = asyncio.create_task(house.at_work())
    while len(house.acknowledged) < 20:
        await asyncio.sleep(0.01)
    tickets, calls, delivered = list(house.acknowledged), dict(house.calls), len(house.delivered)
    code, out, err = await gateway("backup", "--config", house.config, "--out", tmp_path, "--json")
    assert not load.done()
    load.cancel()
    await asyncio.wait({load})
    assert code == 0, err
    about = json.loads(out)
    archive = Path(about["file"])
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "gateway-" in path.name] == [archive.name], "nothing else"
    assert about["recordings"] >= len(calls)
    assert about["attachments"] >= 1

    target = tmp_path / "restored"
    target.mkdir(mode=0o700)
    config = target.with_suffix(".toml")
    config.write_text(f'data_dir = "{target}"\n[database]\nurl = "{urls[1]}"\n', encoding="utf-8")
    code, out, err = await gateway("restore", archive, "--config", config)
    assert code == 0, err
    restored: House = await open_house("restored", urls[1])
    db = restored.db
    for ticket_id in tickets:
        await db.reader.ticket(ticket_id)
    assert await db.reader.last_event_seq() == about["event_seq"]
    events = [e["event_seq"] for e in await db.reader.events(limit=100_000)]
    assert events == list(range(1, about["event_seq"] + 1))
    ended = await _ended_calls(db)
    assert ended.items() >= calls.items()
    for interaction_id, sha256 in ended.items():
        path = restored.recordings.path(await db.reader.recording_path(interaction_id) or "")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert [p for p in target.rglob("*") if p.stat().st_mode & 0o077] == [], "for the service's user alone"
    assert (target / "restored" / "config" / house.config.name).read_bytes() == house.config.read_bytes()

    await pass_by(db, restored.clock, 40)  # the leases of then
    while await restored.deliver():
        pass
    mine = {one.event_seq for one in house.delivered}
    again = [one.event_seq for one in restored.delivered]
    assert set(events) <= mine | set(again), "what was not delivered before is now"
    assert len(again) == len(set(again))
    assert not set(again) & {one.event_seq for one in house.delivered[:delivered]}, "and what was is not"
    await restored.contact()
    assert await db.reader.last_event_seq() > about["event_seq"], "the house goes on"


async def _ended_calls(db: Database) -> dict[str, str]:
    found = {}
    for event in await db.reader.events(limit=100_000):
        if event["type"] == "interaction.ended":
            record = await db.reader.ticket(event["ticket_id"])
            (one,) = record["interactions"]
            found[one["interaction_id"]] = one["recording"]["sha256"]
    return found


def backup(house: House, out: Path, **wanted: Any) -> dict[str, Any]:
    """In this process, as the verb does it."""
    return take(load(house.config), config=house.config, secrets=None, out=out, wanted=Wanted(**wanted), progress=QUIET)


async def test_days_are_chosen_and_what_is_amiss_is_told(open_house: Any, tmp_path: Path) -> None:
    house: House = await open_house("house", "")
    for _ in range(3):
        await house.call(0.5)
    rows = [await house.db.reader.recording_path(interaction_id) or "" for interaction_id in house.calls]
    (house.folder / "recordings" / rows[0]).unlink()
    with (house.folder / "recordings" / rows[1]).open("ab") as file:
        file.write(b"rot")
    out = tmp_path / "out.tar"
    code, said, err = await gateway("backup", "--config", house.config, "--out", out, "--json")
    about = json.loads(said)
    assert (code, about["missing"], about["damaged"], about["recordings"]) == (1, 1, 1, 2)
    assert rows[0] in err
    assert (await gateway("restore", out, "--verify"))[0] == 0, "the archive itself is whole"
    day = NOON.date()
    assert backup(house, tmp_path / "1.tar", recordings_to=day - timedelta(days=1))["recordings"] == 0
    assert backup(house, tmp_path / "2.tar", recordings_from=day + timedelta(days=1))["recordings"] == 0
    assert backup(house, tmp_path / "3.tar", recordings_from=day, recordings_to=day)["recordings"] == 2
    assert backup(house, tmp_path / "4.tar", recordings=False)["recordings"] == 0
    with pytest.raises(ConfigError, match="is there already"):
        backup(house, out)
    folder = tmp_path / "of one second"
    folder.mkdir()
    assert len({backup(house, folder, recordings=False)["file"] for _ in range(4)}) == len(list(folder.iterdir())) == 4
    with pytest.raises(ConfigError, match="to replace"):
        backup(house, house.folder / "recordings" / "b.tar")


async def test_a_restore_that_may_not_be_changes_nothing(open_house: Any, tmp_path: Path) -> None:
    house: House = await open_house("house", "")
    await house.call(0.5)
    await house.picture()
    archive, damaged, shared = tmp_path / "a.tar", tmp_path / "damaged.tar", tmp_path / "shared"
    backup(house, archive)
    target, config = tmp_path / "target", tmp_path / "target.toml"
    target.mkdir(mode=0o700)
    config.write_text(f'data_dir = "{target}"\n[recording]\ndir = "{shared}"\n', encoding="utf-8")

    def refused(why: str, file: Path = archive) -> None:
        before = sorted(target.rglob("*")), shared.exists()
        with pytest.raises((ConfigError, Damaged), match=why):
            restore(load(config), file, QUIET, knows)
        assert (sorted(target.rglob("*")), shared.exists()) == before

    (target / "notes.txt").touch()
    refused("not empty")
    (target / "notes.txt").unlink()
    (target / "run").mkdir()
    with in_use(target, ["web"]):
        refused("a gateway runs")
    (target / "run" / "web.lock").unlink()
    (target / "run").rmdir()
    raw = bytearray(archive.read_bytes())
    raw[raw.index(PICTURE)] ^= 1
    damaged.write_bytes(raw)
    refused("is damaged", damaged)
    damaged.write_bytes(archive.read_bytes()[:-2000])
    refused("ends too early", damaged)
    (interaction_id,) = house.calls
    location = await house.db.reader.recording_path(interaction_id) or ""
    (shared / location).parent.mkdir(parents=True)
    (shared / location).write_bytes(b"another one")
    refused("differs from the archive's")
    assert (shared / location).read_bytes() == b"another one"
    (shared / location).write_bytes((house.folder / "recordings" / location).read_bytes())
    restore(load(config), archive, QUIET, knows)
    assert sorted(path.name for path in target.iterdir()) == ["attachments", "gateway.db", "restored"]


async def test_everything_belongs_to_the_user_of_the_service(open_house: Any, tmp_path: Path) -> None:
    """Also when root does it, as a person at a terminal will."""
    house: House = await open_house("house", "")
    await house.call(0.5)
    await house.db.aclose()
    target, archive, config = tmp_path / "target", tmp_path / "a.tar", tmp_path / "target.toml"
    target.mkdir(mode=0o700)
    service = 65534 if os.geteuid() == 0 else os.geteuid()
    for path in (house.folder, *house.folder.rglob("*"), target):
        os.chown(path, service, -1)
    shared = tmp_path / "shared"
    config.write_text(f'data_dir = "{target}"\n[recording]\ndir = "{shared}"\n', encoding="utf-8")
    backup(house, archive)
    restore(load(config), archive, QUIET, knows)
    for folder in (house.folder, target, shared):
        assert {path.stat().st_uid for path in (folder, *folder.rglob("*"))} == {service}


async def test_no_gateway_begins_while_a_backup_is_put_back_or_after_one_that_was_cut_off(
    open_house: Any, tmp_path: Path
) -> None:
    """A unit with Restart=always would make a new record, which the restored one then replaces."""
    house: House = await open_house("house", "")
    archive, target, config = tmp_path / "a.tar", tmp_path / "target", tmp_path / "target.toml"
    backup(house, archive)
    target.mkdir(mode=0o700)
    config.write_text(f'data_dir = "{target}"\n', encoding="utf-8")
    tried: dict[str, int] = {}

    class Meanwhile(Progress):
        def begin(self, what: str) -> None:
            tried[what] = main(["run", "--role", "worker", "--config", str(config)])

    restore(load(config), archive, Meanwhile(io.StringIO()), knows)
    assert tried == dict.fromkeys(("verifying", "extracting", "putting in place"), 2)
    assert not (target / "run").exists(), "it has not touched anything"
    (target / ".restoring").mkdir()
    code, _, err = await gateway("run", "--config", config)
    assert (code, "restore again" in err) == (2, True), err


async def test_a_backup_of_a_later_version_is_refused_and_so_is_its_database(open_house: Any, tmp_path: Path) -> None:
    house: House = await open_house("house", "")
    archive, target, config = tmp_path / "a.tar", tmp_path / "target", tmp_path / "target.toml"
    backup(house, archive)
    target.mkdir(mode=0o700)
    config.write_text(f'data_dir = "{target}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="a later version of the gateway took this backup"):
        restore(load(config), archive, QUIET, lambda _: False)
    assert list(target.iterdir()) == []
    restore(load(config), archive, QUIET, knows)
    with closing(sqlite3.connect(target / "gateway.db")) as record, record:
        record.execute("UPDATE alembic_version SET version_num = '9999'")
    code, _, err = await gateway("run", "--role", "worker", "--config", config)
    assert (code, err.splitlines()[-1].startswith("gateway: a newer program made the database's schema (9999)")) == (
        2,
        True,
    )
