"""A client that gives up soon, and a web for data folders that are loaded once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.collect.fetch.client import Client
from tasks.model import Attempt
from tasks.settings import Limits
from tests.support.loopback import AGENT, Loopback, ask

Get = Callable[..., Attempt]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    limits = Limits(max_seconds=3, connect_seconds=1, max_bytes=1_000_000)
    return Client(limits, AGENT, tmp_path, backoff_seconds=0.02)


@pytest.fixture
def get(client: Client) -> Get:
    return lambda url, **options: ask(client, url, **options)


@pytest.fixture(scope="module")
def lasting_web() -> Iterator[Loopback]:
    """A web whose address is in data folders that several tests of a module begin with."""
    with Loopback() as opened:
        yield opened
