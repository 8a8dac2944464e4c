"""A polite crawl of many papers, and one that finds nothing new: part of `make bench-peers`.

Papers on loopback, an address each, that all systems ask: robots.txt, a feed, its articles. What
they were asked, and when, is what the papers' server says.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from tasks.installation import TOPICS
from tests.bench.overhead import server
from tests.bench.timed import Timed, timed
from tests.support.source_server import LoggedRequest, host, papers_served, take_requests

PAPERS, ARTICLES, PAUSES, ROUNDS = 200, 10, (0.2, 1.0), 3
SCRIPT = Path(__file__).parent / "peers" / "run_spider.py"
CRAWL = (
    "| {papers} papers of {articles} articles, {pause:g} s | first to last request | of the bound"
    " | least pause | asked faster | requests | articles | whole command, wall / CPU |\n"
    "|---|---|---|---|---|---|---|---|"
)
IDLE = (
    "| nothing new, {papers} feeds | wall | CPU | requests | of these conditional, answered 304"
    " | robots.txt |\n|---|---|---|---|---|---|"
)
Start = Callable[[int, Path, float], Timed]
"""Begins a crawl of the papers on a port, with a folder of its own and a pause."""


def sources(port: int, papers: int, pause: float) -> str:
    """The papers' sources.toml."""
    return "\n".join(
        f'[[source]]\nid = "gb-paper-{n}"\nname = "Paper {n}"\nlanguage = "en"\ntimezone = "UTC"\n'
        f'feeds = ["http://{host(n)}:{port}/feed"]\nallow_private_hosts = true\n'
        f"min_interval_seconds = {pause:g}\n"
        for n in range(papers)
    )


def presswatch(api: str, papers: int) -> Start:
    """`presswatch ingest` with a running server: into Parquet and DuckDB, with the report."""

    def start(port: int, folder: Path, pause: float) -> Timed:
        path = folder / "sources.toml"
        path.write_text(sources(port, papers, pause))
        words = [sys.executable, "-m", "flows", "ingest"]
        words += ["--sources", str(path), "--topics", str(TOPICS), "--data", str(folder / "data")]
        return timed(words, {"PREFECT_API_URL": api}, quiet=True)

    return start


def peer(python: Path, name: str, papers: int, articles: int) -> Start:
    """A peer in a process of its own."""

    def start(port: int, folder: Path, pause: float) -> Timed:
        words = [port, papers, articles, pause, folder]
        return timed([python, SCRIPT, name, *map(str, words)])

    return start


def crawl_row(title: str, pause: float, done: Timed, log: Sequence[LoggedRequest]) -> str:
    """How one crawl went, beside the time that the pauses alone would take."""
    times: dict[str, list[float]] = defaultdict(list)
    for one in log:
        times[one.host].append(one.at)
    gaps = [after - before for each in times.values() for before, after in pairwise(each)]
    span = max(one.at for one in log) - min(one.at for one in log)
    bound = (max(map(len, times.values())) - 1) * pause
    pages = sum(one.path.startswith("/news/") and one.status == 200 for one in log)
    cells = (
        title,
        f"{span:.2f} s",
        f"{span / bound:.0%} of {bound:.1f} s",
        f"{min(gaps):.3f} s",
        f"{sum(gap < pause for gap in gaps)} of {len(gaps):,}",
        f"{len(log):,}",
        f"{pages:,}",
        f"{done.wall:.1f} s / {done.cpu:.1f} s",
    )
    return f"| {' | '.join(cells)} |"


def idle_row(title: str, runs: Sequence[Timed], log: Sequence[LoggedRequest]) -> str:
    """The median of some runs with nothing new, and what one of them asked."""
    conditional = sum(one.is_conditional and one.status == 304 for one in log)
    robots = sum(one.path == "/robots.txt" for one in log)
    wall, cpu = (median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
    cells = (f"{wall:.1f} s", f"{cpu:.1f} s", len(log), conditional, robots)
    return f"| {title} | {' | '.join(map(str, cells))} |"


def crawls(systems: dict[str, Start], papers: int, articles: int, pause: float) -> None:
    """Print how each system crawls the papers."""
    print(CRAWL.format(papers=papers, articles=articles, pause=pause))
    for title, start in systems.items():
        with papers_served(papers, articles) as port, tempfile.TemporaryDirectory() as name:
            done = start(port, Path(name), pause)
            print(crawl_row(title, pause, done, take_requests(port)))


def idle(systems: dict[str, Start], papers: int, articles: int, rounds: int) -> None:
    """Print what a run costs that finds nothing new; the first one, which does, is not counted."""
    rows = [IDLE.format(papers=papers)]
    for title, start in systems.items():
        with papers_served(papers, articles) as port, tempfile.TemporaryDirectory() as name:
            start(port, Path(name), 0.05)
            logs, runs = [take_requests(port)], []
            for _ in range(rounds):
                runs.append(start(port, Path(name), 0.05))
                logs.append(take_requests(port))
            assert len({len(log) for log in logs[1:]}) == 1
            rows.append(idle_row(title, runs, logs[-1]))
    print(*rows, sep="\n")


def run(
    peers: Path,
    parts: Sequence[str],
    papers: int = PAPERS,
    articles: int = ARTICLES,
    pauses: Sequence[float] = PAUSES,
    rounds: int = ROUNDS,
) -> None:
    """Print the tables; news-please only crawls, since it knows no feed to ask again."""
    with server() as api:
        scrapy = peer(peers, "scrapy", papers, articles)
        both = {"Presswatch": presswatch(api, papers), "Scrapy": scrapy}
        if "crawl" in parts:
            third = {"news-please": peer(peers, "news-please", papers, articles)}
            crawls(both | third, papers, articles, pauses[0])
            for pause in pauses[1:]:
                crawls(both, papers, articles, pause)
        if "idle" in parts:
            idle(both, papers, articles, rounds)
