"""``gateway users``: people at the desk."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from gateway.ports.accounts import AccountStore
from gateway.web.auth import ROLE_SCOPES
from gateway.web.passwords import hash_password, one_time_password, weakness

_USERNAME = re.compile(r"^[\w.@-]{1,64}$")


def add_parser(verbs: Any) -> None:
    """``gateway users add``."""
    users = verbs.add_parser("users", help="people at the desk / 坐席账号")
    actions = users.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or replace one; prints a made-up password last")
    add.add_argument("--username", required=True)
    add.add_argument("--name", help="as shown at the desk (default: the username)")
    add.add_argument("--role", choices=sorted(ROLE_SCOPES), default="agent")
    add.add_argument("--one-time", action="store_true", help="the password must be changed at the first log-in")
    add.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; without it one is made up, always one-time",
    )


async def run(args: argparse.Namespace, accounts: AccountStore) -> int:
    """Add the person; 2 when name or password cannot be used."""
    username = args.username.strip()
    if not _USERNAME.match(username):
        return _refuse("a user name has 1 to 64 letters, digits and . _ @ -")
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else one_time_password()
    weak = weakness(password, username) if args.password_stdin else None
    if weak is not None:
        return _refuse(f"{weak.replace('_', ' ')}: 10 to 200 characters, at least 4 different, not the user name")
    await accounts.add_user(
        username=username,
        name=args.name or username,
        role=args.role,
        password_hash=hash_password(password),
        one_time=args.one_time or not args.password_stdin,
    )
    print(f"{username} ({args.role})", file=sys.stderr)
    if not args.password_stdin:
        print(password)
    return 0


def _refuse(why: str) -> int:
    print(f"gateway users: {why}", file=sys.stderr)
    return 2
