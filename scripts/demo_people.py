"""Who takes part in the demo, each over HTTP as their own page, browser or telephone does it."""

from __future__ import annotations

import json
import secrets
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TIMEOUT_S = 10


class DemoFailed(Exception):
    """What is wrong and what to do, in one line."""


class Api:
    """The gateway over HTTP, as any program or page uses it; keeps the cookies of a session."""

    def __init__(self, base: str, token: str = "") -> None:
        """Ask ``base`` with ``token``; without one as nobody, until ``sign_in``."""
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open

    def get(self, path: str) -> Any:
        """A JSON document, or None while there is none."""
        try:
            with self._open(self._request("GET", path), timeout=TIMEOUT_S) as response:
                return json.load(response)
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def post(self, path: str, body: Any, *, version: int | None = None) -> Any:
        """What is answered to ``body``; ``version`` is the one that was read. ``DemoFailed`` when it is refused."""
        headers = {"Content-Type": "application/json"} | ({} if version is None else {"If-Match": f'"{version}"'})
        request = self._request("POST", path, json.dumps(body).encode(), headers)
        try:
            with self._open(request, timeout=TIMEOUT_S) as response:
                return json.load(response)
        except urllib.error.HTTPError as refused:
            raise DemoFailed(f"POST {path}: {refused.code} {refused.read().decode(errors='replace')[:300]}") from None

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        """Log in as the pages do; the session."""
        session: dict[str, Any] = self.post("/api/v1/session", {"username": username, "password": password})
        self._headers["X-CSRF-Token"] = session["csrf_token"]
        return session

    def events(self, path: str, *, until: str) -> list[dict[str, Any]]:
        """The frames of a stream of server-sent events, up to the first of type ``until``."""
        frames: list[dict[str, Any]] = []
        with self._open(self._request("GET", path), timeout=TIMEOUT_S) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    frames.append(json.loads(line.removeprefix(b"data: ")))
                    if frames[-1]["t"] == until:
                        return frames
        raise DemoFailed(f"GET {path} ended early; see the gateway's log")

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib.request.Request:
        return urllib.request.Request(  # noqa: S310 - our own loopback address
            self._base + path, data=body, headers=self._headers | (headers or {}), method=method
        )


class Chat:
    """Somebody at the web chat (its protocol: channels/webchat/README.md)."""

    def __init__(self, base: str, channel_id: str) -> None:
        """Open the page for the first time."""
        room = f"{base}/chat/{channel_id}"
        self._api = Api(room, Api(room).post("/session", {})["token"])

    def write(self, text: str) -> str:
        """Send ``text``; the number of the ticket that it became, or belongs to."""
        frame = {"t": "text", "id": secrets.token_hex(8), "text": text, "lang": "zh"}
        return str(self._api.post("/messages", frame)["ticket_no"])

    def heard(self) -> list[str]:
        """What the page shows from us."""
        frames = self._api.events("/events?after=0", until="live")
        return [frame["text"] for frame in frames if frame["t"] == "message" and frame["from"] == "us"]


@dataclass
class SmsProvider:
    """Alibaba Cloud's side of SMS on this machine: takes what is sent, and hands in reports and what people text."""

    hook: str
    """Where the gateway takes those."""
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    """Telephone, words and BizId of everything that was sent, in order."""

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The ``base_url`` of the gateway's channel."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def heard(self, telephone: str) -> list[str]:
        """What came to ``telephone``; the gateway is told that it did."""
        mine = [(text, biz_id) for to, text, biz_id in self.texts if to == telephone]
        self._hand_in([{"phone_number": telephone, "biz_id": biz_id, "success": True} for _, biz_id in mine])
        return [text for text, _ in mine]

    def write(self, telephone: str, text: str) -> None:
        """``telephone`` sends ``text``."""
        sequence = secrets.token_hex(8)
        self._hand_in(
            [{"phone_number": telephone, "content": text, "dest_code": "12345", "sequence_id": sequence}],
        )

    def _hand_in(self, items: list[dict[str, Any]]) -> None:
        if items:
            Api("").post(self.hook, items)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        texts = self.texts

        class SendSms(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """SendSms 2017-05-25."""
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                biz_id = secrets.token_hex(8)
                (text,) = json.loads(query["TemplateParam"]).values()
                texts.append((query["PhoneNumbers"], text, biz_id))
                answer = json.dumps({"Code": "OK", "Message": "OK", "BizId": biz_id}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Silent: the demo prints what matters."""

        return SendSms
