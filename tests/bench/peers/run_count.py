"""Counting topics over the texts of Parquet files.

`python tests/bench/peers/run_count.py SYSTEM TOPICS DATA`

In the peers' Python, but for `re`, which needs pyarrow alone. TOPICS is a JSON file of the topics,
each with a pattern for a regular expression and its aliases. Prints as JSON the articles that name
each topic, or the hits, and how long it took. None tells where a hit is, nor folds the text.
"""

import json
import multiprocessing
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

BEGUN = time.perf_counter()
COLUMNS = ["headline", "standfirst", "body", "captions"]
Topics = list[dict[str, Any]]


def by_re(paths: list[str], topics: Topics) -> dict[str, int]:
    """Hits by one alternation with a named group a topic, in two processes."""
    pattern = "|".join(f"(?P<{one['id']}>{one['pattern']})" for one in topics)
    halves = [(paths[part::2], pattern) for part in range(2)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return dict(sum(pool.starmap(found_by_re, halves), Counter()))


def found_by_re(paths: list[str], pattern: str) -> Counter[str]:
    """The hits of some files, by topic."""
    import pyarrow.parquet as pq

    search, found = re.compile(pattern), Counter[str]()
    for path in paths:
        table = pq.read_table(path, columns=COLUMNS, partitioning=None)
        for *fields, captions in zip(*(table[name].to_pylist() for name in COLUMNS), strict=True):
            text = "\n".join([*(each or "" for each in fields), *(captions or [])])
            found.update(hit.lastgroup or "" for hit in search.finditer(text))
    return found


def by_duckdb(paths: list[str], topics: Topics) -> dict[str, int]:
    """Articles whose text matches each topic's expression."""
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 2")
    counts = ", ".join(
        f"count(*) FILTER (regexp_matches(text, $${one['re2']}$$)) AS {one['id']}" for one in topics
    )
    text = "concat_ws(chr(10), headline, standfirst, body, array_to_string(captions, chr(10)))"
    row = con.execute(
        f"SELECT {counts} FROM (SELECT {text} AS text FROM read_parquet(?))", [paths]
    ).fetchone()
    return dict(zip([one["id"] for one in topics], row or (), strict=True))


def by_polars(paths: list[str], topics: Topics) -> dict[str, int]:
    """Articles that hold one of each topic's aliases anywhere, by Aho-Corasick."""
    import polars as pl

    text = pl.concat_str(
        *COLUMNS[:3], pl.col("captions").list.join("\n"), separator="\n", ignore_nulls=True
    )
    counts = [
        pl.col("text")
        .str.contains_any(one["aliases"], ascii_case_insensitive=not one["cased"])
        .sum()
        .alias(one["id"])
        for one in topics
    ]
    frame = pl.scan_parquet(paths).select(text.alias("text")).select(counts)
    found: dict[str, int] = frame.collect(engine="streaming").row(0, named=True)
    return found


SYSTEMS: dict[str, Callable[[list[str], Topics], dict[str, int]]] = {
    "re": by_re,
    "duckdb": by_duckdb,
    "polars": by_polars,
}


def main(system: str, topics: Path, data: Path) -> None:
    """Count with one system and print its figures."""
    paths = sorted(map(str, (data / "articles").glob("*/*.parquet")))
    found = SYSTEMS[system](paths, json.loads(topics.read_text()))
    wall = time.perf_counter() - BEGUN
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    said = {"version": sys.version.split()[0] if system == "re" else version(system)}
    spent = {"wall": wall, "cpu": sum(one.ru_utime + one.ru_stime for one in used)}
    print(json.dumps({**said, **spent, "total": sum(found.values()), "found": found}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
