"""How often the shipped topics mean what they say: verdicts by hand on the pages of ../shared.

`python -m tests.bench.precision [TOPICS.toml]`. Each article of both page sets in which a topic
counts was read, all mentions with their sentences; an article that has no verdict yet is named. Of
the articles in which none counts, those nearest to a topic were read for what the aliases miss.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
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
# Near misses, November 2026: articles in which no topic counted, with words of a topic's
# surroundings (README.md): the 60 with most, and 28 drawn from the other 139. Each was judged by
# all topics, and is about none of those that are not named.
_NEAREST = """
038a8f9da1 081bbd61d7 0ec478f0c6 0fdcb2548e 12041f48b1 12bf6c1502 12eb47c057 168c5a8ce3 185c1b2acf
23b9880e5a 24cab69891 2a258673b0 2b25c80390 2c311af3d5 2d9f760b95 2ed6825022 30507d7cab 3de7d583c6
3ef0b58326 40b13f123c 4121565fb2 43081054ae 48553bc7a4 5bc5c0e72c 5c7004619c 63a44a9a21 686feb5d64
68db24c758 6b5a6c34ee 783d5b1c32 797280242b 7be47ca5e5 8497e7968a 84c45ed276 8e0c8c6833 8fd8ec0273
9760da37f0 9be88dea33 9de4d86497 9df705d998 a265e4dafa a4d846432f aab788c1dc aba7d1208a ae0226e1a0
b26792d353 b7ab6d3353 bb19759ff0 c08c085c21 c2b619f8a1 d536175ba8 d98ab20c20 dc4d5b345c e2d10b02cd
e7dda9a3d8 e9b06a4c17 f0fe0c464a fc23f05f91
"""
_DRAWN = """
02b80fb20c 02c95fe6ad 17679a778d 18e029b0f4 26d15de467 3590377a3e 39bcf9caf4 3fbf5b8fb7 4ab7cf864f
63d2019644 6f01ecaf43 7bf95c60c3 851f2e0cb1 8911e27966 89573beb3b a36bf9e390 ac77532ec4 ad497492bd
c5b3c78167 cd0b3e4aea d58521419f d8e51db69c eb9a65bff1 ebf521ea24 f5c237de5c f89b0284a3 fb2e3ec618
fb62fb22c3
"""
NEAR_MISSES: dict[str, dict[str, str]] = {
    page_id: {} for page_id in (_NEAREST + _DRAWN).split()
} | {
    # Tariffs on all goods of Mexico, threatened for the sake of migration: pressure on a state, but
    # by a means that the topic leaves to trade.
    "9ff626b018": {"sanctions": "unsure"},
    "c7bbcf4a33": {"sanctions": "unsure"},
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
    found_now: set[tuple[str, str]] = set()
    for page_id, record in pages():
        batch = pa.Table.from_pylist([{name: record[name] for name in FIELDS}], schema=SCHEMA)
        found = Counter(hit.topic_id for _, hits in mentions_in(batch, topics) for hit in hits)
        for topic_id, number in found.items():
            near = (
                NEAR_MISSES[page_id].get(topic_id, "no") if page_id in NEAR_MISSES else "not read"
            )
            verdict = VERDICTS.get((page_id, topic_id), near)
            found_now.add((page_id, topic_id))
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
    print_missed([topic.topic_id for topic in topics], found_now)


def print_missed(topic_ids: Sequence[str], found: set[tuple[str, str]]) -> None:
    """Print how many near misses are about a topic that, as it stands, does not find them."""
    print("\n| topic | near misses | missed | unsure | found | missed (unsure left out) |")
    print("|---|---|---|---|---|---|")
    for topic_id in topic_ids:
        here = {page_id for page_id in NEAR_MISSES if (page_id, topic_id) in found}
        verdicts = Counter(
            topics.get(topic_id, "no")
            for page_id, topics in NEAR_MISSES.items()
            if page_id not in here
        )
        judged = verdicts["yes"] + verdicts["no"]
        low, high = share_interval(verdicts["yes"], judged) or (0.0, 1.0)
        numbers = f"{len(NEAR_MISSES)} | {verdicts['yes']} | {verdicts['unsure']} | {len(here)}"
        share = f"{verdicts['yes'] / judged:.3f} ({low:.3f} to {high:.3f})" if judged else ""
        print(f"| {topic_id} | {numbers} | {share} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TOPICS)
