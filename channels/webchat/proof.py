"""Proof of work before a session, in the manner of Altcha: find the number whose salted SHA-256 is the challenge.

The server keeps nothing until a proof is spent: salt (with its expiry) and challenge are signed.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field

from channels.webchat.answers import Refusal
from channels.webchat.sessions import Signer, digest
from gateway.ports.clock import Clock
from gateway.ports.message import SharedCache

LIFE_S = 300
_Hex = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]+$")]


class Proof(BaseModel):
    """What a browser found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    salt: Annotated[str, Field(max_length=100)]
    challenge: _Hex
    number: Annotated[int, Field(ge=0, le=2_000_000)]
    signature: _Hex


class Proofs:
    """Sets and checks puzzles."""

    def __init__(self, signer: Signer, clock: Clock, cache: SharedCache, *, numbers: int) -> None:
        """``numbers``: how many hashes a browser computes at most."""
        self._signer = signer
        self._clock = clock
        self._cache = cache
        self._numbers = numbers

    async def challenge(self) -> dict[str, str | int]:
        """A puzzle that can be solved once, within ``LIFE_S`` seconds."""
        expires = int(self._clock.now().timestamp()) + LIFE_S
        salt = f"{secrets.token_hex(12)}?expires={expires}"
        wanted = digest(f"{salt}{secrets.randbelow(self._numbers)}")
        return {
            "algorithm": "SHA-256",
            "salt": salt,
            "challenge": wanted,
            "maxnumber": self._numbers,
            "signature": await self._sign(salt, wanted),
        }

    async def check(self, proof: Proof | None) -> None:
        """Spend ``proof``; a 403 when it is missing, wrong, late or was spent before."""
        if proof is None:
            raise Refusal(403, "proof_needed", "Solve a puzzle from GET challenge first.")
        signed = hmac.compare_digest(proof.signature, await self._sign(proof.salt, proof.challenge))
        found = hmac.compare_digest(digest(f"{proof.salt}{proof.number}"), proof.challenge)
        if not (signed and found) or self._expired(proof.salt):
            raise Refusal(403, "proof_wrong", "The puzzle's answer does not hold; ask for a new one.")
        key = f"webchat proof {proof.challenge}"
        async with self._cache.lock(f"{key} lock", 10) as held:
            if not held or await self._cache.get(key) is not None:
                raise Refusal(403, "proof_spent", "This puzzle was used before; ask for a new one.")
            await self._cache.put(key, "1", LIFE_S + 60)

    def _expired(self, salt: str) -> bool:
        until = parse_qs(salt.partition("?")[2]).get("expires", ["0"])[0]
        return not until.isdecimal() or int(until) < self._clock.now().timestamp()

    async def _sign(self, salt: str, challenge: str) -> str:
        return (await self._signer.mac("proof", f"{salt} {challenge}".encode())).hex()
