"""A city that speaks Open311."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.web.open311.services import Open311, read_services
from tests.support.command import ROOT
from tests.support.web_house import WebHouse, web_house

CITY = Open311(services=read_services(ROOT / "config" / "open311_services.csv"), jurisdiction_id="haikou.gov.cn")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with web_house(tmp_path, open311=CITY, public_url="https://city.example") as opened:
        yield opened
