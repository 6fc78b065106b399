"""``gateway phones``: SIP phones of our own, which register with a password."""

from __future__ import annotations

import argparse
import hashlib
import re
import secrets
from typing import Any

from gateway.cli.stored import operator
from gateway.errors import RejectedInput
from gateway.plugins.channels import channel_settings
from gateway.ports.phones import PhoneStore
from gateway.settings import Settings

USERNAME = re.compile(r"[A-Za-z0-9._+-]{1,64}")
SECRET_BYTES = 12
MIN_LENGTH = 12
"""Characters of a password given by hand: a digest's answer lets whoever reads it guess on at his leisure."""


def add_parser(verbs: Any) -> None:
    """``gateway phones add``."""
    actions = verbs.add_parser("phones", help="SIP phones of our own / 自有话机").add_subparsers(
        dest="action", required=True
    )
    add = actions.add_parser("add", help="create a phone or give it a new password; prints the password last")
    add.add_argument("--username", required=True, help="what the phone registers as, e.g. 8001")
    add.add_argument("--password", help=f"at least {MIN_LENGTH} characters; default: a strong one is made")
    add.add_argument("--agent", help="the desk user who sits there")


async def run(args: argparse.Namespace, phones: PhoneStore, settings: Settings) -> int:
    """Store the phone's digest secret for every realm that this installation registers phones in."""
    if not USERNAME.fullmatch(args.username):
        raise RejectedInput("--username: letters, digits and . _ + - only, at most 64")
    if args.password is not None and (len(args.password) < MIN_LENGTH or args.username in args.password):
        raise RejectedInput(
            f"--password: at least {MIN_LENGTH} characters, and not the username; leave it out to have one made"
        )
    known = (channel_settings(table) for table in settings.channel)
    realms = sorted({spec.realm(options) for spec, options in known if spec.realm is not None})
    if not realms:
        raise RejectedInput("no channel of this configuration registers phones; add one of kind sip")
    password = args.password or secrets.token_urlsafe(SECRET_BYTES)
    ha1 = {realm: _ha1(args.username, realm, password) for realm in realms}
    await phones.add(username=args.username, ha1=ha1, agent=args.agent, by=operator())
    print(f"phone {args.username} may register in {', '.join(realms)}; its password:")
    print(password)
    return 0


def _ha1(username: str, realm: str, password: str) -> str:
    """HA1 of RFC 2617 3.2.2.2, what digest needs instead of the password."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()
