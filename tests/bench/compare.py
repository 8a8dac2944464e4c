"""Presswatch beside its peers, in one run on the same pages and machine: `make bench-peers`.

`--only warc|crawl|idle|count` runs one part; the sizes can be made small to try it out. All run on
two cores, one system after the other. Nothing but loopback is asked for anything.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import count, crawl, from_warc
from tests.support.scoring import CORPUS

PARTS = ("warc", "crawl", "idle", "count")
CORES = 2


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peers", type=Path, required=True, help="a Python that has the peers")
    arguments.add_argument("--fundus", type=Path, required=True, help="a Python that has fundus")
    arguments.add_argument("--only", choices=PARTS, help="one of the parts")
    arguments.add_argument("--pages", type=int, default=from_warc.PAGES, help="in WARC files")
    arguments.add_argument("--papers", type=int, default=crawl.PAPERS, help="that are crawled")
    arguments.add_argument("--articles", type=int, default=count.ARTICLES, help="counted over")
    arguments.add_argument("--rounds", type=int, default=3, help="of which the median is taken")
    asked = arguments.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    parts = [asked.only] if asked.only else [*PARTS]
    if "warc" in parts and not CORPUS.is_dir():
        sys.exit("the part warc needs ../shared/corpus, which is absent")
    peers, fundus = asked.peers.absolute(), asked.fundus.absolute()
    if "warc" in parts:
        with tempfile.TemporaryDirectory() as name:
            from_warc.run(Path(name), peers, fundus, asked.pages, asked.rounds)
    if {"crawl", "idle"} & {*parts}:
        crawl.run(peers, parts, asked.papers, rounds=asked.rounds)
    if "count" in parts:
        count.run(peers, asked.articles)


if __name__ == "__main__":
    main()
