"""A simulated day of 300 sources of the collections: `python -m tests.bench --only world`.

Made sources with the time zones, countries and expected rates of a sample of the collections. They
publish by their local hours; an installation asks every half an hour which sources are due, and
collects, extracts and loads those, a source after the other. No pause between requests. Where the
day takes longer than an hour, it ends early, and the table says after how many hours.
"""

import logging
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tasks.sources.collections import load_collections
from tasks.sources.source import Source
from tests.bench.backfill import MB, Peak
from tests.faults.simulated_month import (
    SETTINGS,
    Lived,
    Polling,
    by_interval,
    pass_month,
    read_lived,
)
from tests.support.busy_newsroom import START, Month, Paper
from tests.support.clock import Clock
from tests.support.serving import ROOT
from warehouse.layers.layout import Layout

SOURCES, SEED, SECONDS = 300, 11, 3600
LONGEST = 600
"""Seconds that the last run and reading the results may take."""
LISTED = (20, 30, 50, 100)
"""How many entries feeds have."""
KINDS = "page", "feed", "robots"
POLLING = Polling(timedelta(minutes=30), by_interval)


def day_of(sources: int) -> Month:
    """A day of so many sources, with two hours before it in their feeds."""
    dice = random.Random(SEED)
    papers = tuple(_paper(one, dice) for one in dice.sample(load_collections(), sources))
    return Month(START, 1, papers, before=timedelta(hours=2))


def _paper(source: Source, dice: random.Random) -> Paper:
    low, high = source.expected_daily or (1, 1)
    daily = max(1, round((max(1, low) * high) ** 0.5))
    return Paper(
        source.id, dice.choice(("rss", "atom")), daily, dice.choice(LISTED), source.timezone
    )


@dataclass(frozen=True)
class Fates:
    """What became of the articles of the day, by source and as a whole."""

    published: int
    collected: int
    pending: int
    """Still in the feed when the day ended."""
    lost: Counter[str]


def fates(month: Month, end: datetime, collected: set[tuple[str, str]]) -> Fates:
    """Compare what was published until a moment with the articles in the warehouse."""
    published = pending = 0
    lost: Counter[str] = Counter()
    for paper in month.papers:
        stories = [one for one in month.stories[paper.id] if month.start <= one.at < end]
        published += len(stories)
        for place, story in enumerate(reversed(stories)):
            if (paper.id, story.path) not in collected:
                if place < paper.listed:
                    pending += 1
                else:
                    lost[paper.id] += 1
    return Fates(published, published - pending - lost.total(), pending, lost)


def run(sources: int = SOURCES) -> None:
    """Print what was lost, asked and needed."""
    month = day_of(sources)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, **SETTINGS, **Clock(folder).environment}
        words = [sys.executable, "-m", "tests.bench.world", name, str(sources)]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log) as process,
        ):
            peak = Peak(process.pid)
            try:
                status = process.wait(SECONDS + LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
                status = -1
            most = peak.end()
        if status:
            sys.exit(f"ended with {status}\n{_tail(folder / 'log')}")
        _print(month, read_lived(folder, "adaptive"), most["whole"], Layout(folder / "data"))


def _print(month: Month, lived: Lived, peak: int, layout: Layout) -> None:
    end = max(read for reads in lived.asked.reads.values() for read in reads)
    hours = (end - month.start) / timedelta(hours=1)
    rows = lived.rows("SELECT source_id, url_canonical FROM articles")
    found = fates(
        month, end, {(row["source_id"], urlsplit(row["url_canonical"]).path) for row in rows}
    )
    asked = Counter[str]()
    for (_, kind), times in lived.asked.requests.items():
        asked[kind] += times
    countries = {one.id[:2] for one in month.papers}
    print(
        f"{len(month.papers)} sources of {len(countries)} countries, {hours:.1f} hours of a day\n"
    )
    print("| | |\n|---|---|")
    for title, value in (
        ("published / collected", f"{found.published:,} / {found.collected:,}"),
        ("still in a feed at the end", f"{found.pending:,}"),
        ("lost", f"{found.lost.total():,}, of {len(found.lost)} sources"),
        ("requests: pages / feeds / robots.txt", " / ".join(f"{asked[kind]:,}" for kind in KINDS)),
        ("runs", str(lived.runs)),
        ("wall / CPU", f"{lived.seconds / 60:.1f} min / {lived.cpu_seconds / 60:.1f} min"),
        ("CPU per article", f"{1000 * lived.cpu_seconds / len(rows):.0f} ms"),
        ("peak memory, files of libraries included", f"{peak / MB:.0f} MiB"),
        *_disk(layout, len(rows), 24 / hours),
    ):
        print(f"| {title} | {value} |")


def _disk(layout: Layout, articles: int, days: float) -> list[tuple[str, str]]:
    """Of the layers that grow by the day; the DuckDB file as it is."""
    rows = []
    for name, folder in (("raw archive", layout.raw), ("Parquet", layout.root / "articles")):
        size = _size(folder)
        each, daily, yearly = size / articles / 1e3, size * days / 1e6, size * days * 365 / 1e9
        of = f"{each:.1f} kB / {daily:.0f} MB / {yearly:.0f} GB"
        rows.append((f"{name}: article / day / year", of))
    return [*rows, ("DuckDB file at the end", f"{layout.current.stat().st_size / 1e6:.0f} MB")]


def _tail(log: Path) -> str:
    return log.read_text()[-2_000:]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    pass_month(Path(sys.argv[1]), day_of(int(sys.argv[2])), POLLING, SECONDS)
