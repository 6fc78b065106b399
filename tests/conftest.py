"""Rules for all modules: each carries exactly one category marker, and cleans up what it opened; no test its umask.

Nothing imports from here.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

EXAMPLES = int(os.environ.get("HOTLINE_EXAMPLES", "100"))
"""Of each property that names no number of its own."""
hypothesis.settings.register_profile("untimed", deadline=None, max_examples=EXAMPLES)  # a busy machine is no fault
hypothesis.settings.load_profile("untimed")
CATEGORIES = {"unit", "contract", "integration", "e2e", "crash", "load"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fail the collection when a module has no category, or more than one (``soak`` may stand beside it)."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in items:
        module = item.getparent(pytest.Module)
        name = item.nodeid.split("::")[0]
        found[name] |= {mark.name for mark in module.iter_markers()} & CATEGORIES if module else set()
        found[name] |= {mark.name for mark in item.own_markers} & CATEGORIES
    wrong = [
        f"{name}: {', '.join(sorted(marks)) or 'none'}" for name, marks in sorted(found.items()) if len(marks) != 1
    ]
    if wrong:
        raise pytest.UsageError(
            "every test module needs exactly one of "
            f"`pytestmark = pytest.mark.<{'|'.join(sorted(CATEGORIES))}>`; found:\n  " + "\n  ".join(wrong),
        )


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """A verb that a test runs in this process sets up the log for itself."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """The command's entry sets one, and peers of other users read what later tests write."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests that only make databases in it."""
    from tests.support.postgres import postgres_server  # asyncpg and SQLAlchemy, which a unit test does without

    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def no_leftovers() -> Iterator[None]:
    """What a module left open is an error of that module, not of the one in which the collector happens to run."""
    yield
    gc.collect()
    gc.freeze()  # what outlives its module is looked through once, not again after every module behind it
