"""A gateway whose ``data_dir`` fills up, on a small disk of its own that nobody else on this machine sees."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.faults.table import BY_NAME
from tests.integration.faults.told import JSON_LOG, examined, health, is_over, logged, ringing, rings, told_by_doctor
from tests.support.command import ROOT
from tests.support.running import RunningGateway
from tests.support.sip import Peer, Phone, offer
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
MOUNT = 'mount -t tmpfs -o size=24m,mode=700 tmpfs "$0" && exec "$@"'
LONG = "满" * 4000


class OnSmallDisk(RunningGateway):
    """Its ``data_dir`` is a tmpfs in a mount namespace of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, tables=JSON_LOG)
        self.data.mkdir(mode=0o700)

    def command(self, *args: str) -> list[str]:
        verb = super().command(*args)
        if self.process is None:
            return ["unshare", "--mount", "bash", "-c", MOUNT, str(self.data), *verb]
        return ["nsenter", "--mount", "--target", str(self.process.pid), f"--wd={ROOT}", *verb]

    @property
    def disk(self) -> Path:
        """The small disk as it is seen from outside."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.data}")

    def fill(self) -> None:
        """Take what room there is left."""
        with suppress(OSError), (self.disk / "ballast").open("ab", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while ballast.write(bytes(size)) == size:
                        pass

    def post(self, key: str) -> tuple[int, dict[str, str], bytes]:
        contact = {"source": {"name": "test", "event_id": key}, "content": LONG}
        return self.request("POST", "/api/v1/contacts", contact, headers={"Idempotency-Key": key})


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[OnSmallDisk]:
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no mount namespace can be had here: {tried.stderr.strip()}")
    with OnSmallDisk(tmp_path) as running:
        yield running


async def answer_to_a_call(port: int) -> tuple[int, str]:
    peer = await Peer.udp(port)
    try:
        phone = Phone(peer, user="13900000001")
        phone.invite(offer())
        while (answer := await peer.next(10)).status < 200:
            pass
        return answer.status, answer.get("Retry-After")
    finally:
        await peer.close()


def test_a_full_disk_refuses_clearly_loses_nothing_and_goes_on_when_freed(gateway: OnSmallDisk) -> None:
    fault = BY_NAME["full disk"]
    accepted, refused = {}, []
    assert gateway.token
    for n in range(400):
        status, headers, body = gateway.post(f"c{n}")
        assert status in {201, 503}, body
        if status == 201:
            accepted[f"c{n}"] = json.loads(body)["ticket_no"]
            if n == 4:
                gateway.fill()
        else:
            assert int(headers["Retry-After"]) > 0
            refused.append(f"c{n}")
            gateway.fill()
            if len(refused) == 3:
                break
    assert len(refused) == 3, f"{len(accepted)} were taken"
    rings(gateway, fault)
    eventually(lambda: ("data_disk_low", None) in ringing(gateway), what="data_disk_low")
    eventually(lambda: logged(gateway, "data_disk_low"), what="data_disk_low in the log")
    status, told = health(gateway)
    assert (status, told["parts"]["sql"]) == (503, False)
    assert {"disk", "sql"} <= set(told["degraded"])
    assert told_by_doctor(examined(gateway, "alarms", "disk"), fault)
    assert asyncio.run(answer_to_a_call(gateway.sip_port))[0] == 503

    (gateway.disk / "ballast").unlink()
    eventually(lambda: health(gateway)[0] == 200, what="ready without a restart")
    is_over(gateway, fault)
    for key in refused:
        status, _, body = gateway.post(key)
        assert status == 201, body
        accepted[key] = json.loads(body)["ticket_no"]
    assert len(set(accepted.values())) == len(accepted)
    assert {ticket["ticket_no"] for ticket in gateway.tickets()} == set(accepted.values())
