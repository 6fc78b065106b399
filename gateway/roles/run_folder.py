"""``data_dir/run``: removes what the processes of an earlier run left in it."""

from __future__ import annotations

import socket
from pathlib import Path

from gateway.interprocess.run_dir import socket_path

ANSWER_S = 1.0


def clear_away(data_dir: Path) -> None:
    """Remove sockets and addresses of an earlier run on which nobody listens. Blocking, for a moment."""
    for path in socket_path(data_dir, "any").parent.glob("*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(ANSWER_S)
            try:
                peer.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue  # somebody is there, and busy, or speaks another way
    for left in (data_dir / "run").glob("asr-*.json"):
        if not socket_path(data_dir, left.stem).exists():  # a recogniser that runs by itself stays known
            left.unlink(missing_ok=True)
