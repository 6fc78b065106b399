"""``gateway tokens``: API tokens and the secrets of signing sources."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from typing import Any

from gateway.ports.accounts import AccountStore
from gateway.web.auth import REMEMBER_S, SCOPES, sha256

_BYTES = 32


def add_parser(verbs: Any) -> None:
    """``gateway tokens create``, ``list`` and ``revoke``."""
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
    listing = actions.add_parser("list", help="names and scopes of all tokens / 列出令牌")
    listing.add_argument("--json", action="store_true", help="as a JSON array")
    revoke = actions.add_parser("revoke", help="make a token and its signing secret worthless / 吊销令牌")
    revoke.add_argument("--name", required=True, help="whose token, as `tokens list` shows it")


async def run(args: argparse.Namespace, accounts: AccountStore) -> int:
    """Do it. 1 when there is nothing to revoke, 2 when a name cannot be used."""
    if args.action == "list":
        return await _list(args, accounts)
    if args.action == "revoke":
        return await _revoke(args.name.strip(), accounts)
    return await _create(args, accounts)


async def _list(args: argparse.Namespace, accounts: AccountStore) -> int:
    tokens = await accounts.tokens()
    if args.json:
        print(json.dumps(tokens, ensure_ascii=False, indent=2))
        return 0
    for token in tokens:
        print(token["name"], ",".join(token["scopes"]), *(["signs contacts"] if token["signs"] else []), sep="\t")
    if not tokens:
        print("no tokens", file=sys.stderr)
    return 0


async def _revoke(name: str, accounts: AccountStore) -> int:
    if not await accounts.remove_token(name):
        print(f"gateway: there is no token {name!r}; `gateway tokens list` shows them", file=sys.stderr)
        return 1
    print(f"{name}: revoked; running gateways refuse it within {REMEMBER_S:.0f} s")
    return 0


async def _create(args: argparse.Namespace, accounts: AccountStore) -> int:
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
