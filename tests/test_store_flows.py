"""The data in an S3 store: several working copies, each as good as the only one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.maintain import maintain
from tests import s3
from tests.places import Place
from tests.s3 import Server
from warehouse.store import Store


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


def test_a_second_machine_has_what_the_first_collected(
    newsroom: object, store: Store, tmp_path: Path
) -> None:
    here, there = Place(tmp_path / "here"), Place(tmp_path / "there")
    done = here.ingest()
    print([f.key for f in store.list()])
    assert done.report.articles
    again = there.ingest()
    assert again.report.articles == 0
    counted = "SELECT topic_id, count(*) AS n FROM mentions GROUP BY ALL ORDER BY ALL"
    assert there.ask(counted) == here.ask(counted)
    texts = "SELECT count(body) AS n FROM article_version_texts"
    assert there.ask(texts) == here.ask(texts)
    maintain(**here.files)
    maintain(**there.files)
