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
from pathlib import Path

from tasks.topics.topic import Topic
from tests.bench.timed import timed
from tests.support.build_layers import write_layers
from tests.support.build_texts import TOPICS
from warehouse.layers.layout import Layout

ARTICLES = 1_000_000
SCRIPT = Path(__file__).parent / "peers" / "run_count.py"
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
    """The topic as tests/bench/peers/run_count.py takes it."""
    return {
        "id": topic.topic_id,
        "pattern": expression(topic, "a"),
        "re2": expression(topic, "s"),
        "aliases": [alias.removesuffix("*") for alias in topic.aliases],
        "cased": topic.case_sensitive,
    }


def run(peers: Path, articles: int = ARTICLES) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        data, topics = Path(name) / "data", Path(name) / "topics.json"
        write_layers(Layout(data), articles)
        topics.write_text(json.dumps([described(topic) for topic in TOPICS]))
        own = timed([sys.executable, "-m", "tests.bench.own_count", data]).said
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
