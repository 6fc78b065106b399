from __future__ import annotations

from tests.contract.storage.conftest import url

__all__ = ["url"]
