"""``make demo``: the main job on this machine, with one real call, shown as a person would want to see it.

Starts the gateway and a small case system, calls 12345 from another process with recorded Mandarin speech, waits for
the ticket and its delivery, has its unit act until who asked has heard and judged the reply, prints all of it, and
keeps running. ``DEMO_EXIT=1`` stops after printing. ``DEMO_HTTP_PORT`` and ``DEMO_SIP_PORT`` move it to other ports.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from gateway.domain.ids import spelled_no
from scripts.demo_config import free_port, made_once, write_config
from scripts.demo_loop import CITY, Account, City, whole_loop
from scripts.demo_people import Api, DemoFailed, SmsProvider
from scripts.filled_form import TYPES, form, unit_names

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / ".venv" / "bin" / "gateway"
DATA = ROOT / "var" / "demo"
SPEECH = ROOT / "demo" / "street_lamp.wav"
CALLER = "13876543210"
DISPOSITIONS = {"completed": "正常结束", "callback_requested": "要求回电", "interrupted": "通话中断"}


OK = 200
WIDTH = 74
WRITTEN = {
    "webchat": "网页聊天 / web chat",
    "wechat": "微信公众号 / WeChat",
    "sms": "短信 / SMS",
    "platform": "城市平台 / city app",
}
FIRST_WIDE = 0x2E80
"""From this code point on characters take two columns."""


def padded(text: str, columns: int) -> str:
    """``text`` filled up to ``columns`` as a terminal counts them."""
    return text + " " * max(1, columns - sum(2 if ord(c) >= FIRST_WIDE else 1 for c in text))


def step(text: str) -> None:
    """One line of progress."""
    print(f"demo: {text}", flush=True)


def wait_for(what: str, found: Callable[[], Any], *, within_s: float, alive: subprocess.Popen[bytes]) -> Any:
    """Poll until ``found`` gives something, showing how long it has taken."""
    began = time.monotonic()
    tty = sys.stdout.isatty()
    while (elapsed := time.monotonic() - began) < within_s:
        if alive.poll() is not None:
            raise DemoFailed(f"the gateway stopped while waiting for {what}; see {DATA / 'gateway.log'}")
        if (result := found()) is not None:
            if tty:
                print("\r\x1b[K", end="")
            return result
        if tty:
            print(f"\r\x1b[Kdemo: {what} … {elapsed:.0f} s", end="", flush=True)
        time.sleep(0.2)
    raise DemoFailed(f"{what} took longer than {within_s:.0f} s; see {DATA / 'gateway.log'}")


def port_of(variable: str, default: int, kind: socket.SocketKind) -> int:
    """The port to use; ``DemoFailed`` when it is taken."""
    port = int(os.environ.get(variable, default))
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            name = "TCP" if kind is socket.SOCK_STREAM else "UDP"
            raise DemoFailed(
                f"{name} port {port} is taken; stop what uses it, or choose another: {variable}={port + 1} make demo"
            ) from error
    return port


@contextlib.contextmanager
def started(argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, stopped at the end."""
    with log.open("ab") as sink:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def gateway(config: Path, *args: str, typed: str = "") -> str:
    """Run one verb of the ``gateway`` command, which reads ``typed``; its standard output."""
    argv = [str(GATEWAY), *args, "--config", str(config)]
    done = subprocess.run(argv, input=typed, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoFailed(f"gateway {args[0]}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout.strip()


def received(log: Path, ticket_id: str, event_type: str) -> dict[str, Any] | None:
    """The case system's receipt of an event, from its own log."""
    if not log.exists():
        return None
    for line in log.read_text(encoding="utf-8").splitlines():
        entry: dict[str, Any] = json.loads(line)
        if entry.get("subject") == ticket_id and str(entry.get("type", "")).endswith(event_type):
            return entry
    return None


def clock(text: str | None) -> datetime:
    """The instant of an RFC 3339 string."""
    return datetime.fromisoformat(text) if text else datetime.now(UTC)


def show(ticket: dict[str, Any], call: dict[str, Any], receipt: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """The ticket as a person reads it."""
    interaction = ticket["interactions"][0]
    start = clock(interaction["started_at"])
    said = [s for s in interaction["transcript"] if s["speaker"] == "requester"]
    number = spelled_no(ticket["ticket_no"])

    def after(event_type: str) -> str:
        moment = next((clock(e["at"]) for e in events if e["type"] == event_type), None)
        return f"{(moment - start).total_seconds():6.2f} s" if moment else "      –"

    recording = interaction["recording"] or {}
    rows = [
        ("工单号 / ticket", number),
        ("来电 / caller", f"{ticket['requester']['phone']}  →  {ticket['entry_number']}"),
        ("时间 / time", start.astimezone(CITY).strftime("%Y-%m-%d %H:%M:%S")),
        *form(ticket, unit_names(ROOT / "config" / "units.csv")),
        ("内容 / text", ticket["demand"]["content"] or "—"),
        *(("听到的 / as heard", s["text"]) for s in said if s["corrected_text"]),
        ("语言 / language", ", ".join(sorted({s["language"] or "?" for s in said})) or "—"),
        ("通话 / call", f"{DISPOSITIONS.get(interaction['disposition'], '')} {interaction['disposition']}"),
        ("录音 / recording", f"{recording.get('duration_s', 0):.1f} s, sha256 {str(recording.get('sha256'))[:16]}…"),
        ("案件系统 / case system", f"{receipt['receipt']}  ({receipt['type']})"),
    ]
    print("─" * WIDTH)
    for name, value in rows:
        print(f"  {padded(name, 24)}{value}")
    print("─" * WIDTH)
    print("  从来电到… / from the INVITE to …")
    stages = [
        ("工单落库 / ticket committed", after("ticket.registered")),
        ("接听 / answered", after("interaction.answered")),
        ("第一句转写 / first text stored", after("transcript.segment")),
        ("受理编号 / number given", after("ticket.demand_taken")),
        ("挂机 / call ended", after("interaction.ended")),
        ("转写完成 / transcript complete", after("transcript.completed")),
        ("案件系统回执 / receipt", f"{(clock(receipt['received_at']) - start).total_seconds():6.2f} s"),
    ]
    for name, value in stages:
        print(f"  {padded(name, 36)}{value}")
    print("─" * WIDTH)
    print(f"  gateway trace {call['call_id']}   # the same call as SIP saw it")


def call_in(
    config: Path, api: Api, sip: int, process: subprocess.Popen[bytes]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Place the call; its ticket once everything that was said is in it, and the call."""
    step("calling 12345: 路灯坏了, by telephone (this takes as long as the call takes)")
    call = json.loads(
        gateway(config, "call", "--to", f"sip:12345@127.0.0.1:{sip}", "--wav", str(SPEECH), "--from", CALLER, "--json")
    )
    if call.get("status") != OK:
        raise DemoFailed(f"the call was not answered: {call}; see {DATA / 'gateway.log'}")

    def finished() -> dict[str, Any] | None:
        page = api.get("/api/v1/tickets?limit=50&since=0") or {"items": []}
        for item in reversed(page["items"]):
            if str(item["interactions"][0]["external_id"]).startswith(call["call_id"]):
                pending = item["prefill"]["pending"] or item["interactions"][0]["ended_at"] is None
                return None if pending else api.get(f"/api/v1/tickets/{item['ticket_id']}")
        return None

    return wait_for("the transcript to be complete", finished, within_s=120, alive=process), call


def person_of(config: Path, people: list[Account], unit: str) -> Account:
    """An account of ``unit``, one more of ``people``; its password is another one at each run of the demo."""
    account = Account(unit=unit, username="demo-unit", name="李工", password=secrets.token_urlsafe(12))
    who = ("--username", account.username, "--name", account.name, "--role", "unit", "--unit", unit)
    gateway(config, "users", "add", *who, "--password-stdin", typed=account.password)
    people.append(account)
    return account


def act_on(ticket: dict[str, Any], city: City) -> None:
    """What becomes of the call's ticket, each step printed when it is done."""
    print("  办理 / what becomes of it")
    for name, value in whole_loop(city, ticket["ticket_id"]):
        print(f"  {padded(name, 28)}{value}", flush=True)
    print("─" * WIDTH)


def write_in(config: Path, api: Api, gateway_process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """One written contact of each further channel, as its provider delivers it; the last of the tickets they became."""
    print("  文字渠道 / written channels")
    ticket: dict[str, Any] = {}
    for kind, name in WRITTEN.items():
        began = datetime.now(UTC).isoformat()
        sent = ["--count", "1", "--people", "1", "--duplicates", "0", "--bad-signatures", "0", "--json"]
        sent += ["--api"] if kind == "wechat" else []  # its API is simulated too, and takes the answer
        summary = json.loads(gateway(config, "simulate", kind, *sent, "--seed", str(time.time_ns() % 1_000_000)))

        def newest(kind: str = kind, began: str = began) -> dict[str, Any] | None:
            page = api.get(f"/api/v1/tickets?channel={kind}&limit=1&order=newest") or {"items": []}
            found: dict[str, Any] | None = next(iter(page["items"]), None)
            return found if found and clock(found["updated_at"]) >= clock(began) else None

        ticket = wait_for(f"the ticket of {name}", newest, within_s=30, alive=gateway_process)
        number = spelled_no(ticket["ticket_no"])
        said = (ticket["demand"]["content"] or "—").splitlines()[0]
        kind_of_demand = TYPES.get(ticket["demand"]["type"], "待定")
        print(f"  {padded(name, 24)}{number}  {kind_of_demand}  {said[:30]}  ({summary['ack_ms']['p50']} ms)")
    print("─" * WIDTH)
    return ticket


def demo() -> None:
    """The whole show."""
    for path, remedy in ((GATEWAY, "run `make setup`"), (SPEECH, "restore it with git")):
        if not path.exists():
            raise DemoFailed(f"{path} is missing; {remedy}")
    http = port_of("DEMO_HTTP_PORT", 8080, socket.SOCK_STREAM)
    sip = port_of("DEMO_SIP_PORT", 5060, socket.SOCK_DGRAM)
    receiver_port = free_port()
    DATA.mkdir(parents=True, exist_ok=True)
    key, base = made_once(DATA / "providers.secret"), f"http://127.0.0.1:{http}"
    sms = SmsProvider(f"{base}/hooks/sms/{key}")
    config = write_config(DATA, http=http, sip=sip, receiver=receiver_port, sms=sms, key=key)
    receipts = DATA / "case_system.jsonl"
    receiver = [
        sys.executable,
        str(ROOT / "scripts" / "case_system.py"),
        "--port",
        str(receiver_port),
        "--log",
        str(receipts),
        "--secret-file",
        str(DATA / "case_system.secret"),
    ]
    with contextlib.ExitStack() as stack:
        step("starting the case system and the gateway (voice, web, worker, recogniser, Valkey)")
        stack.enter_context(started(receiver, DATA / "case_system.log"))
        process = stack.enter_context(
            started([str(GATEWAY), "run", "--config", str(config)], DATA / "gateway.log"),
        )
        open_api = Api(base)
        wait_for("the gateway to be ready", lambda: open_api.get("/readyz"), within_s=60, alive=process)
        wait_for(
            "the recogniser to load its model",
            lambda: next((DATA / "run").glob("asr-*.json"), None),
            within_s=120,
            alive=process,
        )
        token = gateway(config, "tokens", "create", "--name", "demo", "--scope", "admin").splitlines()[-1]
        api = Api(base, token)
        ticket, call = call_in(config, api, sip, process)
        receipt = wait_for(
            "the case system's receipt",
            lambda: received(receipts, ticket["ticket_id"], "transcript.completed"),
            within_s=60,
            alive=process,
        )
        events = api.get(f"/api/v1/tickets/{ticket['ticket_id']}/events")["items"]
        show(ticket, call, receipt, events)
        people: list[Account] = []
        act_on(
            ticket,
            City(
                base=base,
                desk=api,
                sms=sms,
                caller=CALLER,
                person_of=partial(person_of, config, people),
                wait_for=lambda what, found: wait_for(what, found, within_s=30, alive=process),
            ),
        )
        last = write_in(config, api, process)
        left = api.post(f"/api/v1/tickets/{last['ticket_id']}/actions/dispatch", {})["handling"]["units"]
        password = gateway(config, "users", "add", "--username", "demo", "--role", "admin", "--one-time").splitlines()[
            -1
        ]
        print(f"  坐席工作台 / desk   {base}/desk/   user demo   one-time password {password}")
        for one in people:
            print(f"  承办单位 / unit {one.unit}   {base}/unit/   user {one.username}   password {one.password}")
            if one.unit in {task["unit"] for task in left}:
                print(f"    待签收 / to be signed   {spelled_no(last['ticket_no'])}")
        if os.environ.get("DEMO_EXIT") == "1":
            return
        print(f"  Call it yourself: sip:12345@127.0.0.1:{sip}. Logs: {DATA / 'gateway.log'}. Ctrl-C stops everything.")
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()


def main() -> int:
    """Run the demo; 0 when the ticket has been printed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo()
    except DemoFailed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
