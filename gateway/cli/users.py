"""``gateway users``: people at the desk."""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any

from gateway.cli.stored import operator
from gateway.ports.users import UserStore
from gateway.web.auth import ROLE_SCOPES
from gateway.web.passwords import hash_password, one_time_password
from gateway.web.weak_passwords import MAX_LENGTH, MIN_LENGTH, weakness

_USERNAME = re.compile(r"^[\w.@-]{1,64}$")
_ADVICE = (
    f"{MIN_LENGTH} to {MAX_LENGTH} characters, without the person's name, and more than common words, dates, "
    "rows of keys and repeats; some words of your own together are best"
)


def add_parser(verbs: Any) -> None:
    """``gateway users add``, ``list``, ``role``, ``disable``, ``enable`` and ``reset``."""
    users = verbs.add_parser("users", help="people at the desk / 坐席账号")
    actions = users.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or replace one; prints a made-up password last")
    add.add_argument("--username", required=True)
    add.add_argument("--name", help="as shown at the desk (default: the username)")
    add.add_argument("--role", choices=sorted(ROLE_SCOPES), default="agent")
    listing = actions.add_parser("list", help="everybody with role and state / 列出账号")
    listing.add_argument("--json", action="store_true", help="as a JSON array")
    role = actions.add_parser("role", help="give a person another role, at once; their sessions go on / 更改角色")
    role.add_argument("--username", required=True)
    role.add_argument("--role", choices=sorted(ROLE_SCOPES), required=True)
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


async def run(args: argparse.Namespace, users: UserStore) -> int:
    """Do it. 1 when there is no such person, 2 when name or password cannot be used."""
    if args.action == "list":
        return await _list(args, users)
    username = args.username.strip()
    if args.action == "add":
        return await _add(args, username, users)
    if args.action == "reset":
        return await _reset(args, username, users)
    if args.action == "role":
        return await _role(args.role, username, users)
    enabled = args.action == "enable"
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
        print(user["username"], user["role"], user["name"], *states, sep="\t")
    if not known:
        print("no users; make one: gateway users add --username NAME --role admin", file=sys.stderr)
    return 0


async def _add(args: argparse.Namespace, username: str, users: UserStore) -> int:
    if not _USERNAME.match(username):
        return _refuse("a user name has 1 to 64 letters, digits and . _ @ -")
    found = await users.get(username)
    action = "user.added" if found is None else "user.replaced"
    return await _set(args, {"username": username, "name": args.name or username, "role": args.role}, action, users)


async def _reset(args: argparse.Namespace, username: str, users: UserStore) -> int:
    user = await users.get(username)
    if user is None:
        return _nobody(username)
    if user["disabled"]:
        return _refuse(f"{username} is disabled; first: gateway users enable --username {username}")
    return await _set(args, {key: user[key] for key in ("username", "name", "role")}, "user.reset", users)


async def _role(role: str, username: str, users: UserStore) -> int:
    before = await users.change_role(username, role, by=operator())
    if before is None:
        return _nobody(username)
    print(f"{username}: {role}, as before" if before == role else f"{username}: {role} from now on, {before} until now")
    return 0


async def _set(args: argparse.Namespace, user: dict[str, str], action: str, users: UserStore) -> int:
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
