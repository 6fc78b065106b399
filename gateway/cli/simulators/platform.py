"""City platforms: signed contacts to ``/api/v1/contacts``."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import replace

from gateway.cli.simulators.base import HookProvider, SimulatedPost

_HEADER = "X-Gateway-Signature"


class Platform(HookProvider):
    """A source; needs ``source`` and ``secret``, or ``bearer`` (a token with the scope contacts:write)."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """One contact."""
        source = str(self.target.options.get("source") or "simulator")
        contact = {
            "source": {"name": source, "event_id": f"{self.target.run}-{number}"},
            "requester": {"kind": "citizen", "name": f"市民{person}", "phone": f"1900000{person % 10_000:04d}"},
            "content": text,
        }
        body = json.dumps(contact, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if bearer := self.target.options.get("bearer"):
            headers["Authorization"] = f"Bearer {bearer}"
        else:
            at = int(time.time())
            digest = hmac.new(self.target.option("secret").encode(), f"{at}.".encode() + body, hashlib.sha256)
            headers[_HEADER] = f"t={at},v1={digest.hexdigest()}"
        return SimulatedPost(url=f"{self.target.base}/api/v1/contacts", body=body, headers=headers)

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """A contact with a wrong signature or token."""
        headers = {key: value for key, value in delivery.headers.items() if key != "Authorization"}
        return replace(delivery, headers={**headers, _HEADER: f"t={int(time.time())},v1={'0' * 64}"})
