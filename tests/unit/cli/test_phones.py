"""``gateway phones add``: what passwords it takes."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from gateway.cli import phones
from gateway.errors import RejectedInput
from gateway.settings import Settings

pytestmark = pytest.mark.unit


class PhonesAdded:
    """Keeps the phones that were added."""

    def __init__(self) -> None:
        self.added: list[str] = []

    async def add(self, *, username: str, ha1: dict[str, str], agent: str | None, by: str) -> None:
        assert all(len(secret) == 32 for secret in ha1.values())
        assert agent is None
        assert by
        self.added.append(username)


async def add(kept: Any, password: str | None) -> int:
    args = argparse.Namespace(username="8001", password=password, agent=None)
    return await phones.run(args, kept, Settings())


@pytest.mark.parametrize("password", ["", "1234", "elevenchars", "my8001phone-password"])
async def test_a_short_password_and_one_with_the_username_are_refused(password: str) -> None:
    kept = PhonesAdded()
    with pytest.raises(RejectedInput, match="12 characters"):
        await add(kept, password)
    assert kept.added == []


@pytest.mark.parametrize("password", [None, "twelve chars"])
async def test_a_long_one_is_taken_and_none_makes_one(password: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    kept = PhonesAdded()
    assert await add(kept, password) == 0
    assert kept.added == ["8001"]
    shown = capsys.readouterr().out.splitlines()[-1]
    assert shown == password if password else len(shown) >= phones.MIN_LENGTH
