"""A source that is done is loaded and published while another one is still being collected."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort

from flows.ingest import ingest
from tasks.report.page import chart_library
from tests.faults.held_papers import HELD, PAGES, Paper, write_papers
from tests.support.killed_runs import lasting, start
from tests.support.loopback import Loopback
from tests.support.publishing import check_snapshot
from tests.support.sample_newsroom import Place
from tests.support.serving import wait_for, wait_until_gone
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow


class Desk(Place):
    """An installation that reads a fast paper and a slow one."""

    def __init__(self, root: Path, name: str, sources: Path) -> None:
        self.data, self.sources = root / name, sources
        self.layout = Layout(self.data)
        chart_library(self.layout)  # two seconds of CPU for each process that finds none

    def has_fast(self) -> bool:
        """Whether a reader sees all pages of the fast paper."""
        asked = "SELECT count(*) AS n FROM articles WHERE source_id = 'gb-fast'"
        return self.layout.current.exists() and self.ask(asked) == [{"n": PAGES}]

    def parts(self) -> list[str]:
        """The ends of the names of all commits."""
        rows = self.ask("SELECT replace(commit_id, run_id, '') AS part FROM commits ORDER BY ALL")
        return [row["part"] for row in rows]


@pytest.fixture(scope="module")
def papers() -> Iterator[tuple[Paper, Paper]]:
    # A server each: one is asked for one page at a time.
    with Loopback() as first, Loopback() as second:
        fast, slow = Paper(first, "gb-fast"), Paper(second, "gb-slow")
        fast.open()
        slow.open()
        yield fast, slow


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__LOAD_SECONDS", "0.5")
    monkeypatch.setenv("PRESSWATCH_RECHECK_AFTER", "off")


@pytest.fixture(scope="module")
def undisturbed(
    papers: tuple[Paper, Paper], prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    """Both papers collected at once, and loaded once on a busy machine, too."""
    folder = tmp_path_factory.mktemp("undisturbed")
    desk = Desk(folder, "data", write_papers(folder, papers))
    with pytest.MonkeyPatch.context() as once:
        once.setenv("PRESSWATCH_LIMITS__LOAD_SECONDS", "600")
        once.setenv("PRESSWATCH_RECHECK_AFTER", "off")
        ingest(**desk.files)
    return desk


@contextmanager
def waiting_for_slow(
    desk: Desk, papers: tuple[Paper, Paper], api: str
) -> "Iterator[subprocess.Popen[bytes]]":
    """An ingest that has published the fast paper and waits for a page of the slow one."""
    for paper in papers:
        paper.web.hits.clear()
    with papers[1].held():
        run = start(desk, api)
        wait_for("the page that is held back is asked for", papers[1].is_asked, 60)
        wait_for("the fast paper can be queried", desk.has_fast, 60)
        assert run.poll() is None
        yield run


def test_a_fast_source_is_queried_while_a_slow_one_is_collected(
    papers: tuple[Paper, Paper], undisturbed: Desk, prefect_api: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, "data", undisturbed.sources)
    with waiting_for_slow(desk, papers, prefect_api) as run:
        assert desk.ask("SELECT source_id, pages FROM runs JOIN polls USING (run_id)") == [
            {"source_id": "gb-fast", "pages": PAGES}
        ]
        check_snapshot(desk.layout)
        time.sleep(2)  # nothing is ready: nothing is loaded
    assert run.wait() == 0
    assert lasting(desk) == lasting(undisturbed)
    assert (desk.parts(), undisturbed.parts()) == (["", "_2"], [""])
    check_snapshot(desk.layout)
    assert sorted(name for name in task_runs() if " " not in name) == [
        *("load", "load", "publish", "publish", "refine", "report")
    ]


def task_runs() -> list[str]:
    """The names of the task runs of the last flow run."""
    with get_client(sync_client=True) as client:
        (last,) = client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=1)
        return [one.name for one in client.read_task_runs() if one.flow_run_id == last.id]


@pytest.mark.soak
def test_a_run_killed_after_an_early_load_is_finished_by_the_next(
    papers: tuple[Paper, Paper],
    undisturbed: Desk,
    prefect_api: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(tmp_path, "data", undisturbed.sources)
    with waiting_for_slow(desk, papers, prefect_api) as run:
        run.kill()
        run.wait()
        wait_until_gone(run.pid, 15)
    # The next run loads its own pages at once on a busy machine, too.
    monkeypatch.setenv("PRESSWATCH_LIMITS__LOAD_SECONDS", "600")
    ingest(**desk.files)
    assert lasting(desk) == lasting(undisturbed)
    assert desk.parts() == ["", "", "_2"]
    check_snapshot(desk.layout)
    fast, slow = papers
    assert fast.asked() == [1] * PAGES
    # The page whose answer the kill cut off was not archived.
    assert slow.asked() == [1] * (HELD - 1) + [2] + [1] * (PAGES - HELD)
    assert not list(desk.layout.stage.glob("*"))
