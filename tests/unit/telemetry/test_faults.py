"""What a log line tells of a failure: its kind, numbers and names as plain keys, and none of its words."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import socket
import sqlite3
import ssl
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
import structlog
from aiohttp.client_reqrep import ConnectionKey

from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.storage.engine import SqliteSql, unavailable
from gateway.telemetry import log
from gateway.telemetry.faults import fault_keys

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PHONE = "13800138000"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    """The log's lines as dicts."""
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    logging.root.handlers.clear()
    log.configure(json=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


async def _refused_row(tmp_path: Path) -> BaseException:
    """A real IntegrityError whose parameters hold a telephone number."""
    sql = SqliteSql(sa.make_url(f"sqlite:///{tmp_path}/a.db"), synchronous="OFF")
    table = sa.Table("people", sa.MetaData(), sa.Column("phone", sa.Text, primary_key=True))
    try:
        await sql.write(table.create)
        await sql.write(lambda c: c.execute(sa.insert(table).values(phone=PHONE)).rowcount)
        with pytest.raises(sa.exc.IntegrityError) as found:
            await sql.write(lambda c: c.execute(sa.insert(table).values(phone=PHONE)).rowcount)
    finally:
        await sql.aclose()
    return found.value


async def test_sql_tells_its_code_and_never_its_parameters(tmp_path: Path, lines) -> None:
    error = await _refused_row(tmp_path)
    assert PHONE not in str(error)  # whoever prints it, a traceback of the interpreter included
    log.get("test").error("change_refused_by_sql", exc_info=error)
    logging.getLogger("asyncio").error("Task failed\nfuture: <%s>", PHONE, exc_info=error)
    outer = raised(RuntimeError(f"for {PHONE}"), error)
    logging.getLogger("asyncio").error("it was %s", PHONE, exc_info=outer)
    first, second, third = lines()
    assert first["sqlite"] == "SQLITE_CONSTRAINT_PRIMARYKEY"
    assert (first["error"], first["cause"]) == ("IntegrityError", "IntegrityError")
    assert (second["component"], second["told"]) == ("asyncio", "Task failed")
    assert second["sqlite"] == third["sqlite"] == first["sqlite"]
    assert third["error"] == "RuntimeError"
    assert PHONE not in json.dumps([first, second, third])


async def test_a_forgotten_task_leaves_no_words_in_the_log(lines) -> None:
    async def fails() -> None:
        raise ValueError(PHONE)

    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    del task  # asyncio logs what nobody asked for
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert PHONE not in json.dumps(line)


@pytest.mark.parametrize(
    ("error", "keys"),
    [
        (OSError(28, f"for {PHONE}"), {"errno": 28, "errno_name": "ENOSPC"}),
        (ConnectionRefusedError(111, "refused"), {"errno": 111, "errno_name": "ECONNREFUSED"}),
        (socket.gaierror(socket.EAI_NONAME, "who"), {"errno": socket.EAI_NONAME, "errno_name": "EAI_NONAME"}),
        (OSError(socket.EAI_NONAME, "who"), {"errno": socket.EAI_NONAME, "errno_name": "EAI_NONAME"}),  # as aiohttp's
        (TransientDeliveryError(PHONE, http_status=503), {"http_status": 503, "code": "transient_delivery_error"}),
        (PermanentDeliveryError(PHONE, errcode=45015), {"errcode": 45015, "code": "permanent_delivery_error"}),
        (PermanentDeliveryError(PHONE, errcode="isv.LIMIT"), {"errcode": "isv.LIMIT"}),
    ],
)
def test_numbers_and_names_are_plain_wherever_in_the_chain(error: BaseException, keys: dict[str, object]) -> None:
    outer = raised(RuntimeError(PHONE), raised(error))
    grouped = raised(BaseExceptionGroup(PHONE, [outer]))
    for chain in (error, outer, grouped):
        found = fault_keys(chain)
        assert keys.items() <= found.items()
        assert PHONE not in str(found)
    assert fault_keys(outer)["cause"] == type(error).__name__


def test_a_chain_kept_out_of_tracebacks_still_tells_its_numbers() -> None:
    lost = OSError(113, "no route")
    with pytest.raises(TransientDeliveryError) as found:
        _translate(lost)
    assert found.value.__suppress_context__
    assert fault_keys(found.value)["errno_name"] == "EHOSTUNREACH"


def _translate(error: OSError) -> None:
    try:
        raise error
    except OSError:
        raise TransientDeliveryError("send") from None


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert fault_keys(first)["cause"] == "KeyError"


def test_tls_says_what_is_wrong_and_not_that_a_thing_is_not_permitted() -> None:
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "certificate has expired"
    assert fault_keys(refused)["tls"] == "certificate has expired"
    assert "errno" not in fault_keys(refused)


def test_a_client_s_own_kind_of_refused_certificate_tells_what_led_to_it() -> None:
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "certificate has expired"
    key = ConnectionKey("a.test", 443, True, True, None, None, None)
    error = aiohttp.ClientConnectorCertificateError(key, refused)
    assert "tls" not in fault_keys(error)
    assert fault_keys(raised(error, refused))["tls"] == "certificate has expired"
    assert fault_keys(raised(TransientDeliveryError("no"), raised(error, refused)))["tls"] == "certificate has expired"


def test_a_full_disk_is_told_to_whoever_had_to_refuse() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorname = "SQLITE_FULL"
    error = sa.exc.OperationalError("INSERT", {}, full)
    assert fault_keys(raised(unavailable(error), error))["sqlite"] == "SQLITE_FULL"
    assert fault_keys(StoreUnavailable("later"))["code"] == "store_unavailable"


def _log_calls(node: ast.AST, handler: ast.ExceptHandler | None = None):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        handler = None
    elif isinstance(node, ast.ExceptHandler):
        handler = node
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "_log"
    ):
        yield node, handler
    for child in ast.iter_child_nodes(node):
        yield from _log_calls(child, handler)


def test_who_logs_an_exception_passes_it_as_exc_info() -> None:
    """The rule of ``gateway.telemetry.log``, for every log call of the product."""
    wrong, calls = [], 0
    for path in (p for room in ("gateway", "channels", "asr") for p in (ROOT / room).rglob("*.py")):
        for call, handler in _log_calls(ast.parse(path.read_text(encoding="utf-8"))):
            calls += 1
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            passes = call.func.attr == "exception" or "exc_info" in given  # type: ignore[attr-defined]
            by_hand = any(value.startswith("type(") and value.endswith("__name__") for value in given.values())
            if by_hand or (handler is not None and not passes):
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert calls > 100
    assert not wrong, "pass exc_info=error, and none of its parts by hand"
