"""``gateway tokens``: API tokens and the secrets of signing sources."""

from __future__ import annotations

import argparse
import ipaddress
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.cli.stored import operator
from gateway.domain.ids import rfc3339
from gateway.ports.tokens import TokenStore
from gateway.web.auth import SCOPES, sha256

_BYTES = 32
EXPIRES_DAYS = 365
_MOST_DAYS = 3650
_WITHIN_S = 5
"""By then open streams have ended, too."""


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
    create.add_argument(
        "--expires-days",
        type=int,
        default=EXPIRES_DAYS,
        metavar="N",
        help=f"it is worthless after so many days (default: {EXPIRES_DAYS}); 0: never",
    )
    create.add_argument(
        "--address",
        action="append",
        default=[],
        metavar="CIDR",
        dest="addresses",
        help="it may be used from this network only, e.g. 10.1.0.0/16; may be given several times",
    )
    listing = actions.add_parser("list", help="names, scopes, ends and networks of all tokens / 列出令牌")
    listing.add_argument("--json", action="store_true", help="as a JSON array")
    revoke = actions.add_parser("revoke", help="make a token and its signing secret worthless / 吊销令牌")
    revoke.add_argument("--name", required=True, help="whose token, as `tokens list` shows it")


async def run(args: argparse.Namespace, tokens: TokenStore) -> int:
    """Do it. 1 when there is nothing to revoke, 2 when a name cannot be used."""
    if args.action == "list":
        return await _list(args, tokens)
    if args.action == "revoke":
        return await _revoke(args.name.strip(), tokens)
    return await _create(args, tokens)


async def _list(args: argparse.Namespace, tokens: TokenStore) -> int:
    known = await tokens.all()
    if args.json:
        told = [token | {"expires_at": _end(token["expires_at"])} for token in known]
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    for token in known:
        more = ["signs contacts"] if token["signs"] else []
        if token["addresses"]:
            more.append(f"from {','.join(token['addresses'])}")
        print(token["name"], ",".join(token["scopes"]), _until(token["expires_at"]), *more, sep="\t")
    if not known:
        print("no tokens", file=sys.stderr)
    return 0


def _end(expires_at: datetime | None) -> str | None:
    return rfc3339(expires_at) if expires_at is not None else None


def _until(expires_at: datetime | None) -> str:
    if expires_at is None:
        return "never expires"
    return f"{'expires' if expires_at > datetime.now(UTC) else 'EXPIRED'} {expires_at:%Y-%m-%d}"


async def _revoke(name: str, tokens: TokenStore) -> int:
    if not await tokens.remove(name, by=operator()):
        print(f"gateway: there is no token {name!r}; `gateway tokens list` shows them", file=sys.stderr)
        return 1
    print(f"{name}: revoked; running gateways refuse it within {_WITHIN_S} s")
    return 0


async def _create(args: argparse.Namespace, tokens: TokenStore) -> int:
    name = args.name.strip()
    if not name.isprintable() or not 1 <= len(name) <= 64 or (args.hmac and not name.isascii()):  # noqa: PLR2004 - told below
        print("gateway tokens: a name has 1 to 64 printable characters, ASCII for a signing source", file=sys.stderr)
        return 2
    if not 0 <= args.expires_days <= _MOST_DAYS:
        print(f"gateway tokens: --expires-days is 1 to {_MOST_DAYS}, or 0 for never", file=sys.stderr)
        return 2
    try:
        addresses = [str(ipaddress.ip_network(one, strict=False)) for one in args.addresses]
    except ValueError as error:
        print(f"gateway tokens: --address: {error}; write 10.1.0.0/16 or 2001:db8::/32", file=sys.stderr)
        return 2
    expires_at = datetime.now(UTC) + timedelta(days=args.expires_days) if args.expires_days else None
    token = secrets.token_urlsafe(_BYTES)
    secret = secrets.token_urlsafe(_BYTES) if args.hmac else None
    await tokens.add(
        name=name,
        scopes=sorted(set(args.scopes)),
        token_sha256=sha256(token),
        hmac_secret=secret,
        expires_at=expires_at,
        addresses=addresses,
        by=operator(),
    )
    print(f"{name}: {_until(expires_at)}", file=sys.stderr)
    if secret is not None:
        print(f"hmac-secret {secret}")
    print(token)
    return 0
