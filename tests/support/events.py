"""What tests say of an event's ``data``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def told(event: Mapping[str, Any]) -> dict[str, Any]:
    """The ``data`` of an event but for ``changed`` ({path: [from, to]}), which every kind may hold beside its own keys.

    ``tests/unit/domain/test_fold.py`` says what ``changed`` has to be.
    """
    return {key: value for key, value in event["data"].items() if key != "changed"}
