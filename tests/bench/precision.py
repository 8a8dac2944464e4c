"""How often the shipped topics mean what they say: verdicts by hand on the pages of ../shared.

`python -m tests.bench.precision [TOPICS.toml]`. Each article of both page sets in which a topic
counts was read, all mentions with their sentences; an article that has no verdict yet is named.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tasks.installation import TOPICS, open_installation
from tasks.process_pool import page_pool
from tasks.refine.preview_page import Record, explain
from tasks.topics.mentions import mentions_in
from tasks.topics.topic import load_topics
from tests.bench.peers.run_extract import page_paths
from tests.support.scoring import CORPUS
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA
from warehouse.stats.intervals import share_interval

# By page and topic, November 2026. A topic is as topics.toml describes it: sanctions are "what one
# state or a group of them imposes on another, its firms or its people"; Huawei is the company.
VERDICTS = {
    ("3d729aa052", "sanctions"): "yes",
    ("5d97e6cbbc", "sanctions"): "yes",
    ("7814d3aa5e", "sanctions"): "yes",
    ("8e8dc5bf4c", "sanctions"): "yes",
    ("99167c37da", "sanctions"): "yes",
    ("51e54ffb9a", "sanctions"): "yes",
    ("c38c414c2b", "sanctions"): "yes",  # the law on them, in a list of what a firm has to observe
    ("0fad86b8cd", "sanctions"): "yes",
    ("8dcefa85be", "sanctions"): "unsure",  # of the European Union on members, for their deficits
    ("22db51aff3", "sanctions"): "no",  # a basketball league fines clubs and bans players
    ("1caf21c58c", "huawei"): "yes",
    ("0fad86b8cd", "huawei"): "yes",
    ("4316798bce", "huawei"): "yes",
}
FIELDS = ("headline", "standfirst", "body", "captions")
SCHEMA = pa.schema([ARTICLE_SCHEMA.field(name) for name in FIELDS])


def pages() -> Iterator[tuple[str, Record]]:
    """The articles of both sets, each page once, as `presswatch extract` reads them."""
    paths = {
        path.name: path for name in ("pages", "gold") for path in page_paths(CORPUS / name, None)
    }
    place = open_installation()
    with page_pool(place.settings) as pool:
        for path, record in explain(paths.values(), None, place.settings.limits, pool):
            if record["rejection"] is None:
                yield path.name.partition(".")[0], record


def main(topics_file: Path) -> None:
    """Print articles and mentions by topic, how many mean it, and the precision of both."""
    topics = load_topics(topics_file)
    articles: dict[str, Counter[str]] = {topic.topic_id: Counter() for topic in topics}
    mentions: dict[str, Counter[str]] = {topic.topic_id: Counter() for topic in topics}
    for page_id, record in pages():
        batch = pa.Table.from_pylist([{name: record[name] for name in FIELDS}], schema=SCHEMA)
        found = Counter(hit.topic_id for _, hits in mentions_in(batch, topics) for hit in hits)
        for topic_id, number in found.items():
            verdict = VERDICTS.get((page_id, topic_id), "not read")
            articles[topic_id][verdict] += 1
            mentions[topic_id][verdict] += number
            if verdict == "not read":
                print(f"not read yet: {page_id} {topic_id}")
    print("| topic | of | n | yes | unsure | no | precision (unsure left out) |")
    print("|---|---|---|---|---|---|---|")
    for kind, counts in (("articles", articles), ("mentions", mentions)):
        for topic_id, of in counts.items():
            judged = of["yes"] + of["no"]
            low, high = share_interval(of["yes"], judged) or (0.0, 1.0)
            share = f"{of['yes'] / judged:.2f} ({low:.2f} to {high:.2f})" if judged else ""
            numbers = f"{of.total()} | {of['yes']} | {of['unsure']} | {of['no']}"
            print(f"| {topic_id} | {kind} | {numbers} | {share} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TOPICS)
