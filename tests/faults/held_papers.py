"""For tests of crashes: papers on loopback whose pages can be held back, and what must last."""

import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
from duckdb import DuckDBPyConnection
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterNextScheduledStartTime,
)
from prefect.client.schemas.objects import FlowRun

from flows.ingest import ingest
from tasks.report.page import chart_library
from tests.support.killed_runs import OF_ITS_RUN, TABLES
from tests.support.loopback import Loopback, http
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import ROOT, START_SECONDS, Files, Served, pids_of, wait_for
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

PAGES = 5
HELD = 3
"""The page that can be held back, counted from one."""
STUCK_SECONDS = 120
"""That a run may be shown as running after its process is gone."""
NAMES = ("sanctions", "Huawei", "G20", "harbour", "council", "school", "river", "market")


class Paper:
    """A paper of five pages; until it opens, its feed is empty."""

    def __init__(self, web: Loopback, source_id: str) -> None:
        self.web, self.id = web, source_id
        self._may_answer, self._is_asked = threading.Event(), threading.Event()
        self._may_answer.set()
        self.feed_url = web.set_answers(f"/{source_id}/feed", _feed())
        dice = random.Random(source_id)
        noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self._pages = [
            _page(f"{source_id} {number}", noon - timedelta(days=number), dice)
            for number in range(1, PAGES + 1)
        ]
        self.come_back()
        web.set_answers(self._path(HELD), self._answer_when_let)
        self.close()

    def open(self) -> None:
        """List the pages in the feed."""
        urls = [self.web.url + self._path(number) for number in range(1, PAGES + 1)]
        self.web.set_answers(f"/{self.id}/feed", _feed(*urls))

    def cut_feed(self) -> None:
        """Let the connection end in the middle of the feed."""
        self.open()
        answer = self.web.answers(f"/{self.id}/feed")[0]
        assert isinstance(answer, bytes)
        self.web.set_answers(f"/{self.id}/feed", answer[: len(answer) // 2])

    def go_silent(self) -> None:
        """Take requests for the third page and those after it, and end the connection."""
        self.open()
        for number in range(HELD, PAGES + 1):
            self.web.set_answers(self._path(number), lambda conn: None)

    def come_back(self) -> None:
        """Answer again."""
        self.open()
        for number, page in enumerate(self._pages, 1):
            self.web.set_answers(self._path(number), page)

    def close(self) -> None:
        """List nothing, and forget who asked."""
        self.web.set_answers(f"/{self.id}/feed", _feed())
        self.web.hits[:] = [hit for hit in self.web.hits if not hit.path.startswith(f"/{self.id}/")]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the third page back while the body runs."""
        self.open()
        self._is_asked.clear()
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def is_asked(self) -> bool:
        """Whether the page that is held back has been asked for."""
        return self._is_asked.is_set()

    def asked(self) -> list[int]:
        """How often each page was asked for."""
        return [len(self.web.requests(self._path(number))) for number in range(1, PAGES + 1)]

    def _path(self, number: int) -> str:
        return f"/{self.id}/page-{number}"

    def _answer_when_let(self, conn: socket.socket) -> None:
        self._is_asked.set()
        self._may_answer.wait(120)
        conn.sendall(self._pages[HELD - 1])


def _feed(*urls: str) -> bytes:
    items = "".join(f"<item><title>t</title><link>{url}</link></item>" for url in urls)
    text = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return http(text.encode(), Content_Type="application/xml")


def _page(title: str, published: datetime, dice: random.Random) -> bytes:
    sentences = (" ".join(dice.choices(NAMES, k=12)) for _ in range(30))
    text = "".join(f"<p>The {sentence} of {dice.random()}.</p>" for sentence in sentences)
    date = f'<meta property="article:published_time" content="{published.isoformat()}">'
    body = f"<body><article><h1>All about {title}</h1>{text}</article></body>"
    return http(f"<html lang=en><head>{date}</head>{body}</html>".encode())


def write_papers(folder: Path, papers: Sequence[Paper]) -> Path:
    """Write sources.toml; its path."""
    entries = [
        f'[[source]]\nid = "{paper.id}"\nname = "{paper.id}"\nlanguage = "en"\ntimezone = "UTC"\n'
        f'feeds = ["{paper.feed_url}"]\nmin_interval_seconds = 0\nallow_private_hosts = true\n'
        for paper in papers
    ]
    path = folder / "sources.toml"
    path.write_text("\n".join(entries))
    return path


def _disks(desk: "Desk") -> dict[str, SmallDisk]:
    return {
        "fetch": SmallDisk(desk.layout.raw / "gb-disk-fetch", 1),
        "parquet": SmallDisk(desk.layout.articles, 8),
        "warehouse": SmallDisk(desk.layout.warehouse, 400),
    }


class Desk:
    """A served installation with a paper for each crash, and one that nothing happens to."""

    def __init__(self, folder: Path, web: Loopback, names: Sequence[str]) -> None:
        self.papers = {name: Paper(web, f"gb-{name}") for name in names}
        self.layout, self.undisturbed = Layout(folder / "data"), Layout(folder / "undisturbed")
        for layout in (self.layout, self.undisturbed):
            chart_library(layout)  # two seconds of CPU for each process that finds none
        self.files: Files = {
            "sources_file": str(write_papers(folder, tuple(self.papers.values()))),
            "topics_file": str(TOPICS),
            "data": str(self.layout.root),
        }
        # The worker looks every five seconds by itself: thirty runs would wait for half of that.
        soon = {"PREFECT_WORKER_QUERY_SECONDS": "2"}
        self.served = Served(self.files, {"PRESSWATCH_RECHECK_AFTER": "off", **soon})
        self.port = str(self.served.port)
        self.today = datetime.now(UTC).date()
        self.times: list[str] = []
        self.disks = _disks(self) if os.geteuid() == 0 else {}
        self.died: datetime | None = None
        self.hit: list[Paper] = []  # Those whose next run is still to come
        self.asked: dict[str, list[int]] = {}  # Requests for each page of a paper, by its id

    def ingest(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """An ingest at the terminal that tells the served Prefect of itself."""
        command = [one for one in self.served.command if one not in ("--port", self.port)]
        command[command.index("serve")] = "ingest"
        api = {"PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api"}
        environment = self.served.environment | api
        with self.served.out.with_name("ingest.log").open("ab") as out:
            return subprocess.Popen(
                [*command, *arguments], cwd=ROOT, env=environment, stdout=out, stderr=out
            )

    def unpooled(self, state: str) -> FlowRun | None:
        """A run in that state which no worker had."""
        with self.served.client() as client:
            runs = client.read_flow_runs()
        return next(
            (one for one in runs if not one.deployment_id and one.state_name == state), None
        )

    def leave_undisturbed(self) -> None:
        """Collect all papers once into a place of their own, and forget that they were asked."""
        for paper in self.papers.values():
            paper.open()
        ingest(
            sources_file=self.files["sources_file"],
            topics_file=self.files["topics_file"],
            data=str(self.undisturbed.root),
        )
        for paper in self.papers.values():
            paper.close()

    def begin(self, *papers: Paper) -> UUID:
        """Start a run of the papers as a person does in the UI; its id."""
        return self.served.begin(only=[paper.id for paper in papers])

    @contextmanager
    def in_the_middle(self, paper: Paper, *others: Paper) -> Iterator[UUID]:
        """A run that waits for the paper's third page while the body runs."""
        with paper.held():
            run = self.begin(paper, *others)
            wait_for("the page that is held back is asked for", paper.is_asked, START_SECONDS)
            yield run

    def answers(self) -> bool:
        """Whether the Prefect server does."""
        try:
            with self.served.client() as client:
                return not client.api_healthcheck()
        except httpx.HTTPError:
            return False

    def flow(self, run: UUID) -> int:
        """The process of a run."""
        found = pids_of("prefect.engine", f"PREFECT__FLOW_RUN_ID={run}")
        assert len(found) == 1, found
        return found[0]

    def is_at(self, run: UUID, task: str, state: str) -> bool:
        """Whether a run's task is in a state."""
        with self.served.client() as client:
            its = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
            found = client.read_task_runs(flow_run_filter=its)
        return any(one.name == task and one.state_name == state for one in found)

    def ends(
        self,
        what: str,
        paper: Paper,
        run: UUID,
        since: float,
        state: str,
        *,
        asked: Sequence[int] = (),
    ) -> str:
        """Check the run's last state, and the tables where it completed; the state's message.

        `asked` is how often each page has been asked for once the next run is over.
        """
        first = self.served.ended(run, STUCK_SECONDS)
        assert first.state
        assert first.state.name == state, first.state
        self.times.append(f"| {what} | {state} {time.monotonic() - since:.0f} s |")
        self.hit.append(paper)
        if asked:
            self.asked[paper.id] = list(asked)
        if state == "Completed":
            self.is_whole(paper)
        return first.state.message or ""

    def next_run_completes(self) -> None:
        """Check that the next run of the papers that were hit completes, and that all is whole."""
        assert self.hit
        begun = time.monotonic()
        state = self.served.ended(self.begin(*self.hit)).state
        assert state
        assert state.name == "Completed", state
        self.times.append(
            f"| the next run, of {len(self.hit)} | {time.monotonic() - begun:.0f} s |"
        )
        self.is_whole(*self.hit)
        for paper in self.hit:
            assert paper.asked() == self.asked.get(paper.id, paper.asked()), paper.id
        self.hit.clear()

    def is_whole(self, *papers: Paper) -> None:
        """Check the tables of papers, what was fetched twice, and the schedules."""
        ours, theirs = open_snapshot(self.layout), open_snapshot(self.undisturbed)
        assert ours
        assert theirs
        with ours, theirs:  # for all papers: to open one takes more CPU than a paper's queries
            for paper in papers:
                got, want = (self.lasting(con, paper.id) for con in (ours, theirs))
                assert len(want["articles"]) == PAGES
                for table in want:
                    assert got[table] == want[table], (paper.id, table)
                assert paper.asked()[: HELD - 1] == [1] * (HELD - 1), paper.asked()
        self.is_scheduled()

    def is_scheduled(self) -> None:
        """Check that all schedules are on, and that ingest has a run within the hour."""
        with self.served.client() as client:
            for one in client.read_deployments():
                assert all(schedule.active for schedule in one.schedules)
            ingest = client.read_deployment_by_name("ingest/ingest").id
        wait_for("a scheduled run to come", lambda: self._coming(ingest), 90)

    def _coming(self, deployment: UUID) -> list[FlowRun]:
        now = datetime.now(UTC)
        within = FlowRunFilterNextScheduledStartTime(after_=now, before_=now + timedelta(hours=1))  # type: ignore[arg-type]
        its = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        with self.served.client() as client:
            return client.read_flow_runs(
                deployment_filter=its,
                flow_run_filter=FlowRunFilter(next_scheduled_start_time=within),
            )

    def lasting(self, con: DuckDBPyConnection, source_id: str) -> dict[str, list[str]]:
        """What is kept of a paper, without run ids, clock times, and the day of collecting."""
        left_out = ", ".join(f"'{name}'" for name in OF_ITS_RUN)
        columns = f"SELECT COLUMNS(lambda c: c NOT IN ({left_out}))"
        its = f"source_id = '{source_id}'"
        article = f"article_id IN (SELECT article_id FROM articles WHERE {its})"
        where = dict.fromkeys(TABLES, its) | {
            "topics": "true",
            "mentions": article,
            "stripped_blocks": article,
            "coverage": f"{its} AND day < '{self.today}'",
            "topic_daily": f"{its} AND day < '{self.today}'",
            "captures": f"{its} AND kind = 'page' AND outcome = 'article'",
        }
        return {
            table: sorted(map(repr, records(con, f"{columns} FROM {table} WHERE {rows}")))
            for table, rows in where.items()
        }
