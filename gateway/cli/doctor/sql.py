"""Checks of the database: reachable, its server, schema, clock and API tokens as they must be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.cli.doctor.check import LOADING_S, Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.domain.ids import from_rfc3339
from gateway.errors import ConfigError, StoreUnavailable

if TYPE_CHECKING:
    from gateway.storage.inspection import Inspection

ANSWER_S = 4.0
APART_S = 2.0
"""Leases of several machines bear no more (`[calls] lease_s` is 15 s)."""
OLDEST_POSTGRES = 13
REACH = {
    "sqlite": "run this as the service's user; if the file is damaged, restore the backup (docs/operations.md, Backup)",
    "postgresql": "is it running, does pg_hba.conf let this machine in, are user and password in [database] url right? "
    "Until then calls go on and are kept in spool/",
}


@check("sql", within_s=ANSWER_S + LOADING_S, loads=("gateway.storage.inspection", "gateway.cli.check_tokens"))
async def database(machine: Machine) -> AsyncIterator[Finding]:
    """Reached as the gateway reaches it, read without changing anything."""
    from gateway.storage.inspection import inspect  # noqa: PLC0415 - SQLAlchemy and the driver

    settings = machine.settings
    kind = "postgresql" if settings.database_url.startswith("postgres") else "sqlite"
    try:
        found = await inspect(settings.database_url, timeout_s=ANSWER_S)
    except ConfigError as error:
        yield fail("sql.reachable", "; ".join(error.problems), "correct [database] url")
        return
    except StoreUnavailable as error:
        yield fail("sql.reachable", str(error), REACH[kind])
        return
    if found is None:
        yield ok("sql.reachable", "SQLite has no file yet; the first start makes it")
        return
    yield ok("sql.reachable", f"{found.kind} {found.version} answers")
    for line in (*_server(found), *_schema(found, machine), *_clock(found), *_tokens(found)):
        yield line


def _server(found: Inspection) -> Iterator[Finding]:
    name = "sql.server"
    if found.kind == "sqlite":
        return
    said = f"encoding {found.encoding}, synchronous_commit {found.synchronous}"
    if found.encoding != "UTF8":
        yield fail(
            name, said, "the database needs ENCODING 'UTF8': createdb -E UTF8 -T template0, then move the tables"
        )
    elif not found.writable:
        yield fail(name, "it is a replica, or our role may not create tables", "name the primary, or GRANT CREATE")
    elif found.synchronous in {"off", "local"}:
        yield warn(name, f"{said}: commits of the last moment may be lost", "synchronous_commit = on for this database")
    elif int(found.version.split(".")[0].split()[0]) < OLDEST_POSTGRES:
        yield warn(
            name, f"PostgreSQL {found.version} is no longer maintained", f"at least PostgreSQL {OLDEST_POSTGRES}"
        )
    else:
        yield ok(name, said)


def _schema(found: Inspection, machine: Machine) -> Iterator[Finding]:
    name = "sql.schema"
    if found.current:
        yield ok(name, f"the schema is this program's ({found.schema})")
    elif found.newer:
        yield fail(name, f"a newer program made the schema ({found.schema})", "install that version, or its backup")
    elif machine.running.up:
        yield fail(
            name,
            f"the schema is at {found.schema or 'nothing'}, and a gateway runs on it",
            "restart the gateway: an earlier version still runs, or its migration failed (see the log)",
        )
    else:
        yield ok(name, f"the schema is at {found.schema or 'nothing'}; the next start brings it up to date")


def _clock(found: Inspection) -> Iterator[Finding]:
    if found.ahead_s is None:
        return
    told = f"the database's clock is {abs(found.ahead_s):.1f} s {'ahead of' if found.ahead_s > 0 else 'behind'} ours"
    if abs(found.ahead_s) > APART_S:
        yield warn("sql.clock", told, "both machines by one time server: timedatectl set-ntp true, or chrony")
    else:
        yield ok("sql.clock", told)


def _tokens(found: Inspection) -> Iterator[Finding]:
    from gateway.cli.check_tokens import token_problems  # noqa: PLC0415 - it brings SQL

    ends = [(one.name, from_rfc3339(one.expires_at) if one.expires_at else None) for one in found.tokens]
    problems = token_problems(ends, datetime.now(UTC))
    for problem in problems:
        yield warn("sql.tokens", problem, "gateway tokens list; gateway tokens create --name NAME --scope …")
    if not problems:
        yield ok("sql.tokens", f"{len(ends)} API tokens, none near its end")
