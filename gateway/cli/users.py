"""``gateway users``: people at the desk and in the units."""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from gateway.casework.catalogue_versions import DIRECTORY, directory_of, newest_readable
from gateway.cli.stored import operator
from gateway.edge.unit_table import read_units
from gateway.ports.users import UserStore
from gateway.settings import Settings
from gateway.web.auth import ROLE_SCOPES, UNIT
from gateway.web.passwords import hash_password, one_time_password
from gateway.web.weak_passwords import MAX_LENGTH, MIN_LENGTH, weakness

if TYPE_CHECKING:
    from gateway.storage.database import Database

_USERNAME = re.compile(r"^[\w.@-]{1,64}$")
_ADVICE = (
    f"{MIN_LENGTH} to {MAX_LENGTH} characters, without the person's name, and more than common words, dates, "
    "rows of keys and repeats; some words of your own together are best"
)


def add_parser(verbs: Any) -> None:
    """``gateway users add``, ``list``, ``role``, ``disable``, ``enable`` and ``reset``."""
    users = verbs.add_parser("users", help="people at the desk and in units / 坐席与承办单位账号")
    actions = users.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or replace one; prints a made-up password last")
    add.add_argument("--username", required=True)
    add.add_argument("--name", help="as shown at the desk (default: the username)")
    add.add_argument("--role", choices=sorted(ROLE_SCOPES), default="agent")
    add.add_argument("--unit", help="of the role unit: the code of theirs, e.g. M02 / 承办单位编码")
    listing = actions.add_parser("list", help="everybody with role and state / 列出账号")
    listing.add_argument("--json", action="store_true", help="as a JSON array")
    role = actions.add_parser("role", help="give a person another role, at once; their sessions go on / 更改角色")
    role.add_argument("--username", required=True)
    role.add_argument("--role", choices=sorted(ROLE_SCOPES), required=True)
    role.add_argument("--unit", help="of the role unit: the code of theirs")
    disable = actions.add_parser("disable", help="end a person's sessions and let them in no more / 停用账号")
    disable.add_argument("--username", required=True)
    enable = actions.add_parser("enable", help="let a person in again, also one who is locked out / 启用或解锁账号")
    enable.add_argument("--username", required=True)
    reset = actions.add_parser(
        "reset", help="give a person a new password and end their sessions; prints a made-up one last / 重置密码"
    )
    reset.add_argument("--username", required=True)
    for action in (add, reset):
        action.add_argument("--one-time", action="store_true", help="the password must be changed at the first log-in")
        action.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input; without it one is made up, always one-time",
        )


async def run(args: argparse.Namespace, db: Database, settings: Settings) -> int:
    """Do it. 1 when there is no such person, 2 when name, unit or password cannot be used."""
    users = db.users
    if args.action == "list":
        return await _list(args, users)
    username = args.username.strip()
    if args.action in {"add", "role"}:
        wrong = await _wrong_unit(args.role, args.unit, db, settings)
        if wrong is not None:
            return _refuse(wrong)
    if args.action == "add":
        return await _add(args, username, users)
    if args.action == "reset":
        return await _reset(args, username, users)
    if args.action == "role":
        return await _role(args.role, args.unit, username, users)
    return await _enable(username, users, enabled=args.action == "enable")


async def _enable(username: str, users: UserStore, *, enabled: bool) -> int:
    if not await users.enable(username, enabled=enabled, by=operator()):
        return _nobody(username)
    print(f"{username}: {'may log in again' if enabled else 'disabled; every session of theirs has ended'}")
    return 0


async def _list(args: argparse.Namespace, users: UserStore) -> int:
    known = await users.all()
    if args.json:
        print(json.dumps(known, ensure_ascii=False, indent=2))
        return 0
    for user in known:
        states = ["disabled"] if user["disabled"] else ["one-time password"] if user["one_time"] else []
        role = f"{user['role']} {user['unit']}" if user["unit"] else user["role"]
        print(user["username"], role, user["name"], *states, sep="\t")
    if not known:
        print("no users; make one: gateway users add --username NAME --role admin", file=sys.stderr)
    return 0


async def _add(args: argparse.Namespace, username: str, users: UserStore) -> int:
    if not _USERNAME.match(username):
        return _refuse("a user name has 1 to 64 letters, digits and . _ @ -")
    found = await users.get(username)
    action = "user.added" if found is None else "user.replaced"
    person = {"username": username, "name": args.name or username, "role": args.role, "unit": args.unit}
    return await _set(args, person, action, users)


async def _wrong_unit(role: str, unit: str | None, db: Database, settings: Settings) -> str | None:
    """Why nobody can be of this role and unit; None when it is right. A unit is one of the directory in force."""
    if (role == UNIT) != (unit is not None):
        return "--role unit takes --unit CODE" if role == UNIT else "--unit is for --role unit alone"
    if unit is None:
        return None
    newest = (await db.catalogues.newest_versions()).get(DIRECTORY, 0)
    found = await newest_readable(db.catalogues, DIRECTORY, newest, directory_of)
    if unit in (read_units(settings.config_dir / "units.csv") if found is None else found.value.units):
        return None
    return f"there is no unit {unit!r} in the directory; `gateway dispatch show --kind directory` shows them"


async def _reset(args: argparse.Namespace, username: str, users: UserStore) -> int:
    user = await users.get(username)
    if user is None:
        return _nobody(username)
    if user["disabled"]:
        return _refuse(f"{username} is disabled; first: gateway users enable --username {username}")
    return await _set(args, {key: user[key] for key in ("username", "name", "role", "unit")}, "user.reset", users)


async def _role(role: str, unit: str | None, username: str, users: UserStore) -> int:
    before = await users.change_role(username, role, unit=unit, by=operator())
    if before is None:
        return _nobody(username)
    print(f"{username}: {role}, as before" if before == role else f"{username}: {role} from now on, {before} until now")
    return 0


async def _set(args: argparse.Namespace, user: dict[str, Any], action: str, users: UserStore) -> int:
    """Store the person with the password that was given or is made up; print that."""
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else one_time_password()
    weak = weakness(password, user["username"], user["name"]) if args.password_stdin else None
    if weak is not None:
        return _refuse(f"{weak.replace('_', ' ')}: {_ADVICE}")
    await users.add(
        **user,
        password_hash=hash_password(password),
        one_time=args.one_time or not args.password_stdin,
        by=operator(),
        action=action,
    )
    print(f"{user['username']} ({user['role']})", file=sys.stderr)
    if not args.password_stdin:
        print(password)
    return 0


def _nobody(username: str) -> int:
    print(f"gateway: there is no user {username!r}; `gateway users list` shows them", file=sys.stderr)
    return 1


def _refuse(why: str) -> int:
    print(f"gateway users: {why}", file=sys.stderr)
    return 2
