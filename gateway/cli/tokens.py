"""``gateway tokens``: API tokens and the secrets of signing sources."""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

from gateway.ports.accounts import AccountStore
from gateway.web.auth import SCOPES, sha256

_BYTES = 32


def add_parser(verbs: Any) -> None:
    """``gateway tokens create``."""
    tokens = verbs.add_parser("tokens", help="API tokens / 接口令牌")
    actions = tokens.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser(
        "create", help="make a token and print it last; it is stored hashed and never shown again"
    )
    create.add_argument("--name", required=True, help="who uses it; a second one of this name replaces the first")
    create.add_argument(
        "--scope", required=True, action="append", choices=SCOPES, dest="scopes", help="may be given several times"
    )
    create.add_argument(
        "--hmac", action="store_true", help="also make a secret to sign POST /api/v1/contacts of source.name NAME with"
    )


async def run(args: argparse.Namespace, accounts: AccountStore) -> int:
    """Create the token; 2 when the name cannot be used."""
    name = args.name.strip()
    if not name.isprintable() or not 1 <= len(name) <= 64 or (args.hmac and not name.isascii()):  # noqa: PLR2004 - told below
        print("gateway tokens: a name has 1 to 64 printable characters, ASCII for a signing source", file=sys.stderr)
        return 2
    token = secrets.token_urlsafe(_BYTES)
    secret = secrets.token_urlsafe(_BYTES) if args.hmac else None
    await accounts.add_token(name=name, scopes=sorted(set(args.scopes)), token_sha256=sha256(token), hmac_secret=secret)
    if secret is not None:
        print(f"hmac-secret {secret}")
    print(token)
    return 0
