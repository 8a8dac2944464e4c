"""From WARC to clean records, beside peers: `make bench-peers`, or with `--only warc`.

Gold pages in two WARC files of Common Crawl's shape. Presswatch backfills both as its flow does,
into Parquet and DuckDB; a peer reads one in each of two processes. All on two cores.
"""

import gzip
import json
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

BEGUN = time.perf_counter()

from tasks.process_pool import start_fork_server  # noqa: E402 - timed, too

if __name__ == "__main__":
    start_fork_server()  # as the command does before it imports the flow

from tasks.backfill.selection import Selection  # noqa: E402
from tasks.backfill.shard_processes import shard_pool  # noqa: E402
from tasks.backfill.shard_runs import Place, load_shards  # noqa: E402
from tasks.backfill.shards import Staged, open_warcs  # noqa: E402
from tasks.installation import SOURCES, TOPICS, open_installation  # noqa: E402
from tests.bench.backfill import archived  # noqa: E402
from tests.bench.peers.run_warc import MONTH, files  # noqa: E402
from tests.bench.timed import timed  # noqa: E402
from tests.bench.warehouse import cpu_with_pools  # noqa: E402
from tests.support.build_warcs import Archived, compressed, records_of  # noqa: E402
from tests.support.publishing import publish  # noqa: E402

PAGES, ROUNDS, FILES, SHARDS = 1_002, 3, 2, 12
CRAWLED = datetime(2026, 8, 5, tzinfo=UTC)
SCRIPT = Path(__file__).parent / "peers" / "run_warc.py"
HEAD = (
    "| {pages:,} pages | pages a second | ms CPU a page | pages in / records out"
    " | Presswatch is |\n"
    "|---|---|---|---|---|"
)
Row = dict[str, Any]


def write(folder: Path, pages: Sequence[Archived]) -> Path:
    """A folder as Common Crawl's server has it, with the pages in two files of one month."""
    month = folder / MONTH
    month.mkdir(parents=True)
    paths = [month / f"CC-NEWS-2026080{n}000000-0000{n}.warc.gz" for n in range(1, FILES + 1)]
    for number, path in enumerate(paths):
        with path.open("wb") as out:
            for page in pages[number::FILES]:
                for record in records_of(page):
                    out.write(compressed(path, record))
    names = "".join(f"{MONTH}/{path.name}\n" for path in paths)
    (month / "warc.paths.gz").write_bytes(gzip.compress(names.encode()))
    return folder


def made(most: int) -> list[Archived]:
    """So many of the gold pages, all of them again with other seeds where they are fewer."""
    return [replace(page, crawled=CRAWLED) for page in islice(archived(10**6, 100), most)]


def among(pages: Collection[str], most: int) -> list[Archived]:
    """Pages with these URLs, given again and again with other seeds."""
    stems = {_stem(url) for url in pages}
    found: Iterator[Archived] = (
        page for page in archived(10**6, 1_000) if _stem(page.url) in stems
    )
    return [replace(page, crawled=CRAWLED) for page in islice(found, most)]


def _stem(url: str) -> str:
    return url.rpartition("/")[2].rpartition("-")[0]


def backfill(folder: Path, data: Path) -> Row:
    """Both files as the flow backfills them, in one run."""
    here = open_installation(SOURCES, TOPICS, data)
    place = Place(here.layout, here.sources, here.topics, here.settings, Selection())
    paths = files(folder)
    size = sum(path.stat().st_size for path in paths) // SHARDS
    with shard_pool(here.settings.processes) as pool:
        shards = pool.shards(open_warcs(paths), size)
        done = [one for one in pool.refined(shards, place.job) if isinstance(one, Staged)]
    # A peer's CPU is that until its records exist, so ours is taken before they are loaded, too.
    staged, cpu_staged = time.perf_counter() - BEGUN, cpu_with_pools()
    load_shards(place, done)
    publish(here.layout)
    wall = time.perf_counter() - BEGUN
    return {
        "version": version("presswatch"),
        "pages": sum(one.pages for one in done),
        "records": sum(one.counts.get("article", 0) for one in done),
        "staged": staged,
        "cpu_staged": cpu_staged,
        "wall": wall,
        "cpu": cpu_with_pools(),
        "sizes": {
            "WARC": sum(path.stat().st_size for path in paths),
            "Parquet of articles": sum(
                path.stat().st_size for path in here.layout.articles.glob("*/*.parquet")
            ),
            "DuckDB": here.layout.current.stat().st_size,
        },
    }


def measured(folder: Path, pythons: dict[str, Path], rounds: int) -> dict[str, list[Row]]:
    """What each system says of the files, round by round, one after the other."""
    found: dict[str, list[Row]] = {name: [] for name in ("Presswatch", *pythons)}
    for number in range(rounds):
        words: list[str | Path] = [sys.executable, "-m", "tests.bench.from_warc"]
        said = timed([*words, folder, folder / f"data-{number}"]).said
        found["Presswatch"].append(said)
        for name, python in pythons.items():
            found[name].append(timed([python, SCRIPT, name, folder]).said)
    return found


def table(found: dict[str, list[Row]], pages: int) -> str:
    """The median round of each system."""
    loaded, staged = (median_of(found["Presswatch"], end) for end in ("wall", "staged"))
    rows = [HEAD.format(pages=pages)]
    for name, said in found.items():
        one = median_of(said, "wall")
        times = "" if name == "Presswatch" else f"{one['wall'] / loaded['wall']:.1f} times as fast"
        rows.append(_row(f"{name} {one['version']}", one, pages, times))
    until_staged = staged | {"wall": staged["staged"], "cpu": staged["cpu_staged"]}
    rows.insert(1, _row("Presswatch, until staged", until_staged, pages, ""))
    return "\n".join(rows)


def median_of(said: Sequence[Row], key: str) -> Row:
    """The round of the median time."""
    return sorted(said, key=lambda one: one[key])[len(said) // 2]


def _row(title: str, one: Row, pages: int, times: str) -> str:
    milliseconds = f"{1000 * one['cpu'] / pages:.1f}"
    came = f"{pages:,} / {one['records']:,}"
    return f"| {title} | {pages / one['wall']:.1f} | {milliseconds} | {came} | {times} |"


def run(folder: Path, peers: Path, fundus: Path, pages: int = PAGES, rounds: int = ROUNDS) -> None:
    """Print the tables: all pages, and those alone that fundus has a parser for."""
    everything = write(folder / "all", made(pages))
    all_of_it = {"trafilatura": peers, "news-please": peers}
    found = measured(everything, all_of_it, rounds)
    print(table(found, pages))
    own = found["Presswatch"][-1]
    for name, size in own["sizes"].items():
        print(f"{name}: {size / 1e3 / own['records']:.1f} kB an article")
    takes = timed([fundus, SCRIPT, "takes", everything]).said["urls"]
    print(f"fundus knows the publishers of {len(takes)} of these pages; theirs alone, varied:")
    theirs = write(folder / "theirs", among(takes, pages))
    known = len(timed([fundus, SCRIPT, "takes", theirs]).said["urls"])
    print(table(measured(theirs, {"fundus": fundus}, rounds), known))


def main() -> None:
    """Backfill a folder and print the figures as JSON; for a process of its own."""
    folder, data = map(Path, sys.argv[1:])
    print(json.dumps(backfill(folder, data)))


if __name__ == "__main__":
    main()
