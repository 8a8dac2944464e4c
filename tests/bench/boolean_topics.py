"""Counting twenty topics, ten of them boolean, beside twenty of aliases: CPU in one process.

Each boolean topic takes the aliases of two topics as its groups, a third's as what forbids it; the
stretches are the four kinds in turn. In the last row half of them take words in their place that
stand in one article in four, as a country's name does.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tasks.topics.parallel_count import count_files
from tasks.topics.topic import Topic
from tests.support.build_layers import write_layers
from tests.support.build_texts import TOPICS, frequent_words
from warehouse.layers.layout import Layout

ARTICLES = 50_000
TURNS = 3
STRETCHES = ("sentence", "paragraph", "article", "words")
HEAD = "| {articles:,} articles, 20 topics | CPU | times | mentions |\n|---|---|---|---|"


def topics(booleans: int, frequent: int = 0) -> list[Topic]:
    """The twenty topics, of which so many are boolean, and of these so many of frequent words."""
    found = list(TOPICS)
    for at in range(booleans):
        own, other, third = (TOPICS[(2 * at + more) % len(TOPICS)] for more in (0, 1, 2))
        within = STRETCHES[at % len(STRETCHES)]
        found[2 * at] = replace(
            own,
            aliases=(),
            all_of=(own.aliases, frequent_words() if at < frequent else other.aliases),
            none_of=third.aliases,
            within=within,
            within_words=10 if within == "words" else None,
        )
    return found


def run(articles: int = ARTICLES) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        write_layers(Layout(Path(name)), articles)
        paths = sorted((Path(name) / "articles").glob("*/*.parquet"))
        print(HEAD.format(articles=articles))
        asked = {
            "twenty of aliases": topics(0),
            "ten of them boolean": topics(10),
            "and of these five with words of one article in four": topics(10, 5),
        }
        taken: dict[str, list[float]] = {told: [] for told in asked}
        mentions = {}
        # In turns, the least of each: the machine has other work.
        for _ in range(TURNS):
            for told, twenty in asked.items():
                began = time.process_time()
                tables = list(count_files(paths, twenty, {one.topic_id: 1 for one in twenty}, 1))
                taken[told].append(time.process_time() - began)
                mentions[told] = sum(table.num_rows for table in tables)
        least = {told: min(seconds) for told, seconds in taken.items()}
        for told, seconds in least.items():
            times = seconds / least["twenty of aliases"]
            print(f"| {told} | {seconds:.1f} s | {times:.2f} | {mentions[told]:,} |")


if __name__ == "__main__":
    run()
