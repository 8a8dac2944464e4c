"""Counting twenty topics over a million made articles, beside peers: `make bench-peers`.

All read the same Parquet files with two processes or threads. Presswatch finds every mention, with
its offsets in the text as it stands, its sentence and its context, in folded text; the peers find
less: `re` the hits, DuckDB and polars the articles that name a topic.
"""

import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

BEGUN = time.perf_counter()

import pyarrow as pa  # noqa: E402 - timed, too
import pyarrow.compute as pc  # noqa: E402

from tasks.counting import count_files  # noqa: E402
from tasks.topics import Topic  # noqa: E402
from tests.bench_warehouse import cpu  # noqa: E402
from tests.made import write_layers  # noqa: E402
from tests.made_text import TOPICS  # noqa: E402
from tests.timed import timed  # noqa: E402
from warehouse.layout import Layout  # noqa: E402

ARTICLES = 1_000_000
SCRIPT = Path(__file__).with_name("peer_count.py")
HEAD = (
    "| {articles:,} articles, 20 topics | wall | CPU | articles a second | found"
    " | Presswatch is |\n"
    "|---|---|---|---|---|---|"
)
PEERS = {"re": "hits", "duckdb": "articles by topic", "polars": "articles by topic"}


def expression(topic: Topic, flags: str) -> str:
    """The topic's aliases as a regular expression with ASCII word boundaries."""
    phrases = [re.escape(alias).replace(r"\*", r"\w*") for alias in topic.aliases]
    ended = [each + (r"\b" if each[-1].isascii() else "") for each in phrases]
    return rf"(?{flags}{'' if topic.case_sensitive else 'i'}:\b(?:{'|'.join(ended)}))"


def described(topic: Topic) -> dict[str, object]:
    """The topic as tests/peer_count.py takes it."""
    return {
        "id": topic.id,
        "pattern": expression(topic, "a"),
        "re2": expression(topic, "s"),
        "aliases": [alias.removesuffix("*") for alias in topic.aliases],
        "cased": topic.case_sensitive,
    }


def counted(data: Path) -> dict[str, object]:
    """Mentions, and articles by topic, as the loader counts them."""
    paths = sorted((data / "articles").glob("*/*.parquet"))
    versions = {topic.id: 1 for topic in TOPICS}
    found = pa.concat_tables(count_files(paths, TOPICS, versions, 2))
    seconds = time.perf_counter() - BEGUN
    named = found.select(["article_id", "version_no", "topic_id"])
    ids = named["article_id"].combine_chunks().storage
    named = named.set_column(0, "article_id", pc.cast(ids, pa.binary()))
    articles = named.group_by(named.schema.names).aggregate([]).num_rows
    return {"wall": seconds, "cpu": cpu(), "total": found.num_rows, "articles": articles}


def run(peers: Path, articles: int = ARTICLES) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        data, topics = Path(name) / "data", Path(name) / "topics.json"
        write_layers(Layout(data), articles)
        topics.write_text(json.dumps([described(topic) for topic in TOPICS]))
        own = timed([sys.executable, "-m", "tests.bench_count", data]).said
        found = f"{own['total']:,} mentions, {own['articles']:,} articles by topic"
        print(HEAD.format(articles=articles))
        print(_row("Presswatch 0.1.0", own, articles, found, ""))
        for system, what in PEERS.items():
            python = sys.executable if system == "re" else peers
            said = timed([python, SCRIPT, system, topics, data]).said
            times = f"{said['wall'] / own['wall']:.1f} times as fast"
            title = f"{system} {said['version']}"
            print(_row(title, said, articles, f"{said['total']:,} {what}", times))
        shutil.rmtree(data)


def _row(title: str, said: dict[str, float], articles: int, found: str, times: str) -> str:
    wall, used = said["wall"], said["cpu"]
    seconds = f"{wall:.1f} s | {used:.1f} s | {articles / wall:,.0f}"
    return f"| {title} | {seconds} | {found} | {times} |"


def main() -> None:
    """Count over a data folder and print the figures as JSON; for a process of its own."""
    print(json.dumps(counted(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
