"""A peer at an address that this machine has not got: what it sends is handed in, what it is sent is kept."""

from __future__ import annotations

from typing import Any

from channels.sip.transport import Flow
from channels.sip.uri import Via
from tests.support.sip import Msg, Phone


class Elsewhere(Flow):
    """Stands where the UDP socket would; ``Phone`` writes its messages. Never acknowledge its calls: audio would go."""

    def __init__(self, gateway: Any, host: str, port: int = 5060) -> None:
        super().__init__(gateway.agent.transports, "udp", host, port, None)
        self.inbox: list[Msg] = []
        self.server, self.kind = gateway.agent.port, "UDP"

    def reply(self, data: bytes, via: Via) -> None:
        self.inbox.append(Msg(data))

    def send(self, data: str) -> None:
        self._transports.deliver(data.encode(), self)

    def statuses(self) -> list[int]:
        return [message.status for message in self.inbox if message.status != 100]

    def phone(self) -> Phone:
        return Phone(self)  # type: ignore[arg-type]  # all that a phone needs of a peer
