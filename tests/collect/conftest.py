"""A client that gives up soon, for the tests of fetching."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.collect.fetch import Client
from tasks.model import Attempt
from tasks.settings import Limits
from tests.support.loopback import AGENT, ask

Get = Callable[..., Attempt]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    limits = Limits(max_seconds=3, connect_seconds=1, max_bytes=1_000_000)
    return Client(limits, AGENT, tmp_path, backoff_seconds=0.02)


@pytest.fixture
def get(client: Client) -> Get:
    return lambda url, **options: ask(client, url, **options)
