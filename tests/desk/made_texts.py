"""Made articles with what the views of texts must tell apart, and what no page may act on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flows.desk.search_query import Query
from flows.desk.search_syntax import as_toml
from tasks.load.load_run import load
from tasks.topics.topic import Topic, TopicEntry, load_topics
from tests.support.publishing import publish
from tests.support.staged_pages import (
    SOURCES,
    START,
    TOPICS,
    Page,
    listing,
    prose,
    source,
    stage,
)
from warehouse.layers.layout import Layout

NOW = datetime(2026, 3, 20, tzinfo=UTC)
RUN = "20260302T060000Z-000001"
DAYS = 12
SCRIPT = "<script>alert(1)</script>"
LINK = "javascript:alert(1)"
EVIL = TopicEntry(id="evil", name=f"'\"><img src=x onerror=alert(1)>{SCRIPT}", aliases=("onerror",))
WORDS = Query("words", "Straße, regat*, 二十国集团,\n  Lakeside   Summit")
"""Words that a person saves as a topic."""
JOINED = (
    Query("words", "harvest, G20 AND short, came, met NOT Monday", "sentence"),
    Query("words", "harvest, regat* AND ballot, bridge, river, 天气", "10"),
    Query("words", "二十国集团, G20 AND council OR 天气 NOT lantern, quarry", "article"),
)
"""Others, of words that have to stand together."""
HOSTILE = Page(
    "hostile",
    f"{SCRIPT} </article><img src=x onerror=alert(2)> the harvest\n\n<b>not bold</b> &amp;",
    1,
    headline=f"{SCRIPT} harvest & 'quotes' \"too\"",
    canonical=LINK,
    stripped=[f"Join us {SCRIPT}"],
    about={"standfirst": "<svg onload=alert(3)>", "captions": ["<i>harvest</i>", "second"]},
)
REVISED = Page("revised", f"{prose(1)}. The G20 came on Monday. The mayor left.", 2, 60)
COPIED = prose(7, 200)


def read_feed(hour: float) -> dict[str, Any]:
    """What a listing named that reaches back a day; without it an old article opens a calendar."""
    at = START + timedelta(hours=hour)
    oldest, counts = at - timedelta(days=1), {"entries": 5, "known": 0, "added": 5}
    return {"kind": "feed", **counts, "oldest_at": oldest, "newest_at": at}


def pages() -> Iterator[Page]:
    """Two sources over twelve days: a day without anything, undated and old articles, copies."""
    for day in range(DAYS):
        hour = 24.0 * day + 12
        if day == 5:
            continue
        for name in ("gb-post", "de-blatt"):
            yield replace(listing(name, hour), named=read_feed(hour))
            for number in range(1 + day % 3):
                text = prose(100 * day + 10 * number + len(name))
                told = ("harvest", "the G20 met", "eine Strasse", "regattas", "nothing")[
                    (day + number) % 5
                ]
                headline = f"Headline with {told}" if number == 1 else "A plain headline"
                yield Page(f"{name}-{day}-{number}", f"{text} {told}.", day, hour, name, headline)
        yield Page(f"cut-{day}", "Short harvest", day, hour, is_truncated=True)
    yield Page("undated", "The harvest of no day.", None, 30)
    yield Page("old", "The harvest of another year.", -400, 30)
    yield Page("first", f"{COPIED} harvest", 3, 80, headline="The harvest fair")
    yield Page("second", f"{COPIED} harvest", 3, 82, "de-blatt", headline="The harvest fair")
    yield Page("chinese", "今日二十国集团开会。天气很好。", 4, 100, about={"language": "zh"})
    yield REVISED
    yield HOSTILE
    for number, place in enumerate(
        ("../../secret.warc.gz#0", "/etc/passwd#0", "https://archive.test/a.warc.gz#12")
    ):
        yield Page(f"placed-{number}", "A harvest.", 6, 150, about={"raw_ref": place})


def topics(folder: Path) -> tuple[Topic, ...]:
    """With one that was saved from a search."""
    known = [topic.topic_id for topic in TOPICS]
    for query in (WORDS, *JOINED):
        saved = folder / f"{len(known)}.toml"
        saved.write_text(as_toml(query.words, query.within, known), encoding="utf-8")
        [topic] = load_topics(saved)
        known.append(topic.topic_id)
    files = sorted(folder.glob("[0-9]*.toml"))
    saved_topics = (topic for file in files for topic in load_topics(file))
    return (*TOPICS, EVIL.topic(), *saved_topics)


def make(layout: Layout) -> None:
    """Two runs: the second one revises an article, and has one whole that was cut."""
    revised = REVISED.body.replace("on Monday", "on Tuesday at noon")
    later = [
        Page("revised", revised, 2, 70, headline="Another headline"),
        Page("cut-7", f"Short harvest {prose(3)}", 7, 200),
    ]
    sources = (*SOURCES, source("fr-vide"))
    runs = [stage(layout, RUN, pages()), stage(layout, f"{RUN[:-1]}2", later)]
    load(layout, topics(layout.root), sources, runs, now=NOW)
    publish(layout)
