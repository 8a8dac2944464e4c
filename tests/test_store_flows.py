"""The data in an S3 store: several working copies, each as good as the only one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import s3
from tests.places import Newsroom, Place
from tests.s3 import Server, whole
from warehouse.store.objects import Store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3.serving() as found:
        yield found


@pytest.fixture
def store(server: Server, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    found = server.bucket()
    monkeypatch.setenv("PRESSWATCH_STORE", found.url)
    return found


MENTIONS = "SELECT topic_id, count(*) AS n FROM mentions GROUP BY ALL ORDER BY ALL"
TEXTS = "SELECT article_id, version_no, body FROM article_version_texts ORDER BY ALL"


def test_a_second_machine_has_what_the_first_collected(
    newsroom: Newsroom, store: Store, tmp_path: Path
) -> None:
    here, there = Place(tmp_path / "here"), Place(tmp_path / "there")
    first = here.ingest()
    again = there.ingest()
    assert first.load.articles > 40
    assert again.load.articles == 0, "known pages are not fetched again"
    assert there.ask(MENTIONS) == here.ask(MENTIONS)
    assert there.ask(TEXTS) == here.ask(TEXTS)
    whole(store)
