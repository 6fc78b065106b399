"""SIPp with our own scenarios: run one, and read back what was said on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.processes import program, tail
from tests.support.ports import LOOPBACK, free_port

SCENARIOS = Path(__file__).parent / "sipp"
FINISHED = {0: "all calls ended as the scenario says", 1: "at least one call failed", 97: "exited by itself"}


@dataclass(frozen=True)
class Message:
    """A SIP message that SIPp sent or received."""

    received: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def cseq(self) -> str:
        return (self.all("CSeq") or [""])[0]

    @property
    def body(self) -> str:
        return self.text.partition("\n\n")[2]

    def all(self, header: str) -> list[str]:
        """Every value of a header, in order."""
        head = self.text.partition("\n\n")[0]
        return re.findall(rf"^{re.escape(header)}\s*:\s*(.*?)\s*$", head, re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """How a run went."""

    code: int
    successful: int
    failed: int
    retransmissions: int
    messages: list[Message] = field(default_factory=list)
    report: str = ""

    def ok(self, calls: int = 1) -> None:
        """Assert that every call went as the scenario says."""
        problem = (
            f"SIPp: {FINISHED.get(self.code, self.code)}; {self.successful} good, {self.failed} failed\n{self.report}"
        )
        assert (self.code, self.successful, self.failed) == (0, calls, 0), problem

    def received(self, first_line: str, cseq: str = "") -> list[Message]:
        """Messages that came in and whose first line and CSeq contain these."""
        return [m for m in self.messages if m.received and first_line in m.first_line and cseq in m.cseq]


async def sipp(
    scenario: str | Path,
    target_port: int,
    folder: Path,
    *,
    transport: str = "udp",
    calls: int = 1,
    rate: float = 1,
    at_once: int | None = None,
    hold_ms: int = 300,
    keys: dict[str, str] | None = None,
    trace: bool = True,
    files: Path | None = None,
    local_port: int | None = None,
    media_port: int | None = None,
    deadline_s: float = 60,
) -> Outcome:
    """Place ``calls`` calls of a scenario at ``rate`` per second; never raises for calls that fail.

    SIPp runs in a new folder under ``folder``; audio that the scenario plays is copied there from ``files``.
    """
    binary = program("sipp", "sip-tester")
    path = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
    run = folder / f"sipp-{path.stem}-{free_port()}"
    run.mkdir(parents=True)
    for audio in files.glob("*.alaw") if files else ():
        (run / audio.name).symlink_to(audio)
    argv = [
        *(binary, f"{LOOPBACK}:{target_port}", "-sf", str(path.resolve())),
        *("-t", {"udp": "u1", "tcp": "t1"}[transport]),
        *("-i", LOOPBACK, "-p", str(local_port or free_port()), "-cp", str(free_port())),
        *("-mi", LOOPBACK, "-mp", str(media_port or free_port())),
        *("-m", str(calls), "-r", str(rate), "-l", str(at_once or max(calls, 1)), "-d", str(hold_ms)),
        *("-timeout", f"{int(deadline_s)}s", "-timeout_error", "-nostdin", "-skip_rlimit"),
        *("-trace_stat", "-stf", str(run / "stat.csv"), "-trace_err", "-error_file", str(run / "errors.log")),
        *("-trace_screen", "-screen_file", str(run / "screen.log")),
    ]
    if trace:
        argv += ["-trace_msg", "-message_file", str(run / "messages.log")]
    for name, value in (keys or {}).items():
        argv += ["-key", name, value]
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=run,
        env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )
    try:
        code = await asyncio.wait_for(process.wait(), deadline_s + 20)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    counts = _statistics(run / "stat.csv")
    return Outcome(
        code=code,
        successful=counts.get("SuccessfulCall(C)", 0),
        failed=counts.get("FailedCall(C)", 0),
        retransmissions=counts.get("Retransmissions(C)", 0),
        messages=read_messages(run / "messages.log"),
        report=f"{tail(run / 'errors.log')}\n{tail(run / 'messages.log', 120)}",
    )


def _statistics(path: Path) -> dict[str, int]:
    """The last line of SIPp's statistics, whole numbers only."""
    if not path.exists():
        return {}
    rows = list(csv.DictReader(path.read_text("utf-8", errors="replace").splitlines(), delimiter=";"))
    return {k: int(v) for k, v in rows[-1].items() if k and v and v.isdecimal()} if rows else {}


def read_messages(path: Path) -> list[Message]:
    """SIPp's message log as messages."""
    if not path.exists():
        return []
    text = path.read_text("utf-8", errors="replace").replace("\r", "")
    blocks = re.split(r"^-{20,}.*$\n", text, flags=re.MULTILINE)
    found = []
    for block in blocks:
        head, _, rest = block.partition("\n\n")
        direction = re.search(r"message (sent|received)", head)
        if direction:
            found.append(Message(received=direction[1] == "received", text=rest.strip("\n") + "\n"))
    return found
