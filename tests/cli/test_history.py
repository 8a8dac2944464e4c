"""`presswatch history`: what it prints, its exit status, and a run that is killed."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_backfill import SOURCES
from tests.cli.test_command import command
from tests.history.conftest import article
from tests.support.loopback import http
from tests.support.publishing import check_snapshot
from tests.support.serving import wait_until_gone
from tests.support.web_archive import WebArchive
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

MAY = ("--from", "2024-05-01", "--to", "2024-05-03", "--no-sitemaps")


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebArchive]:
    with WebArchive() as opened:
        opened.keep(*(article(number, day=1 + number % 3) for number in range(6)))
        monkeypatch.setenv("PRESSWATCH_HISTORY__WAYBACK", opened.url)
        monkeypatch.setenv("PRESSWATCH_HISTORY__PAUSE_SECONDS", "0")
        monkeypatch.setenv("PRESSWATCH_HISTORY__BACKOFF_SECONDS", "0.01")
        yield opened


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "sources.toml").write_text(SOURCES)
    files = ("--sources", str(tmp_path / "sources.toml"), "--data", str(tmp_path / "data"))
    return (*MAY, *files)


def coverage(folder: Path) -> Counter[tuple[str, int]]:
    rows = query(Layout(folder / "data"), "SELECT state, archived FROM coverage").to_pylist()
    return Counter((row["state"], row["archived"]) for row in rows)


def test_a_history_and_its_dry_run(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...], archive: WebArchive
) -> None:
    status, out, error = command("history", "gb-harbour", "--dry-run", *words)
    assert status == 0, error
    said = " ".join(out.split())
    assert "days before 0 observed, 0 partial, 3 missing" in said
    assert "6 pages to fetch, a request each, 0:00:00 at a pause of 0 s" in said
    assert "2 requests made to find this out" in said
    assert not (tmp_path / "data" / "raw").exists()
    assert not archive.page_requests

    status, out, error = command("history", "gb-harbour", "--max-requests", "5", *words)
    assert status == 0, error
    said = " ".join(out.split())
    assert "4 new articles of 4 pages; 5 requests" in said  # robots.txt is known since the dry run
    assert "2 pages left: the same command goes on" in said

    status, out, error = command("history", *words)
    assert status == 0, error
    said = " ".join(out.split())
    assert "2 new articles of 2 pages; 2 requests, 1 lists read from the raw archive" in said
    assert coverage(tmp_path) == {("partial", 2): 3}
    assert len(set(archive.page_requests)) == len(archive.page_requests) == 6
    check_snapshot(Layout(tmp_path / "data"))


def test_wrong_usage_and_failures(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...], archive: WebArchive
) -> None:
    assert command("history", "gb-nobody", *words)[0] == 2
    assert command("history", *words[2:])[0] == 2
    assert command("history", *words, "--from", "2025-01-01")[0] == 2
    assert command("history", *words, "--no-wayback")[0] == 2
    archive.index_says.append(http(b"<html>busy</html>"))
    status, _, error = command("history", *words)
    assert status == 1
    assert "every source failed (1); gb-harbour: the index of the archive could not" in error


def test_what_could_not_be_refined_is_refined_by_the_next_run(
    prefect_api: str,
    tmp_path: Path,
    words: tuple[str, ...],
    archive: WebArchive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr("tasks.refine.refine_source.refine", lambda *_: 1 / 0)
        status, _, error = command("history", *words)
    assert status == 1
    assert "every source failed (1)" in error
    asked = list(archive.page_requests)
    status, out, error = command("history", *words)
    assert status == 0, error
    assert "0 new articles of 0 pages" in " ".join(out.split())
    assert archive.page_requests == asked
    assert coverage(tmp_path) == {("partial", 2): 3}


@pytest.mark.soak
def test_a_killed_history_goes_on_and_asks_for_nothing_twice(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...], archive: WebArchive
) -> None:
    reached = threading.Event()
    last = archive.kept[2]

    def hang(_: object) -> None:
        reached.set()
        threading.Event().wait(60)

    archive.set_answers(archive.address(last), hang)
    asked = [sys.executable, "-m", "flows", "history", *words]
    run = subprocess.Popen(
        asked,
        env={**os.environ, "PREFECT_API_URL": prefect_api},
        start_new_session=True,
    )
    assert reached.wait(120)
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_until_gone(run.pid, 15)
    before = list(archive.page_requests)
    assert before[-1] == archive.address(last)
    archive.set_answers(archive.address(last), last.response)
    status, _, error = command("history", *words)
    assert status == 0, error
    # All but the request that was killed.
    again = set(archive.page_requests[len(before) :])
    assert again & set(before) == {archive.address(last)}
    assert len(archive.index_requests) == 1
    assert coverage(tmp_path) == {("partial", 2): 3}
    layout = Layout(tmp_path / "data")
    check_snapshot(layout)
    flows = query(layout, "SELECT flow FROM runs").to_pylist()
    assert len(flows) == 2
