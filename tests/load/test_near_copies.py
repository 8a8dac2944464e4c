"""Copies: what is one does not depend on when it was loaded, and none is merged that is not."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tasks.load import load_run
from tasks.load.load_run import load, rebuild_warehouse
from tests.support.near_copies import COPIES, OTHERS, measure
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, prose, stage
from warehouse.build.checks_runner import run_checks
from warehouse.build.loader import Connection
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

Clusters = dict[str, str]
BASES = [prose(seed, 150).split() for seed in range(100, 104)]


def load_pages(layout: Layout, number: int, pages: Sequence[Page]) -> None:
    run_id = f"202605{number + 1:02}T060000Z-{number:06x}"
    load(layout, TOPICS, SOURCES, [stage(layout, run_id, pages)])


def clusters(layout: Layout) -> Clusters:
    """The slug of each article with that of its cluster, as readers see it from now on."""
    publish(layout)
    sql = "SELECT url_canonical, article_id, cluster_id, duplicate_of FROM articles"
    rows: list[dict[str, Any]] = query(layout, sql).to_pylist()
    names = {row["article_id"]: row["url_canonical"].rpartition("/")[2] for row in rows}
    for row in rows:
        is_first = row["cluster_id"] == row["article_id"]
        assert row["duplicate_of"] == (None if is_first else row["cluster_id"])
    return {names[row["article_id"]]: names[row["cluster_id"]] for row in rows}


def made(dice: random.Random, number: int) -> Page:
    """A text that is like others: words of a base cut out, some of a second base behind them."""
    one, other = dice.sample(BASES, 2)
    start, stop = dice.choice([0, 0, 40]), dice.choice([60, 100, 150, 150])
    words = one[start:stop] + other[: dice.choice([0, 0, 10, 50, 80])]
    day = dice.choice([0, 1, 3, 6, 9, 12, 30])
    hour = 24.0 * 40 + number
    source_id = ("gb-post", "de-blatt")[number % 2]
    return Page(f"p{number}", " ".join(words), day, hour, source_id, headline=f"H {number}")


@pytest.mark.soak
def test_any_order_and_batching_gives_what_a_rebuild_gives(tmp_path: Path) -> None:
    dice = random.Random(0)
    pages = [made(dice, number) for number in range(50)]
    revised = [made(dice, number) for number in range(6)]
    pages += [Page(**{**vars(page), "hour": page.hour + 100}) for page in revised]
    dice.shuffle(pages)
    layout = Layout(tmp_path)
    for number in range(2):
        load_pages(layout, number, pages[number::2])
    found = clusters(layout)
    rebuild_warehouse(layout, TOPICS, SOURCES)  # all at once
    assert found == clusters(layout)
    assert 6 < len(set(found.values())) < 46


def test_a_cut_copy_is_found_and_what_is_like_a_copy_only_is_none_and_loads_say_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[str]] = []

    def listen(con: Connection, *, whole: bool) -> None:
        rows = con.execute(
            "SELECT url_canonical FROM articles JOIN changed_articles USING (article_id)"
        ).fetchall()
        told.append({url.rpartition("/")[2] for (url,) in rows})
        run_checks(con, whole=whole)

    monkeypatch.setattr(load_run, "run_checks", listen)
    one, two, words, text = prose(1, 150), prose(2, 150), prose(3, 300).split(), prose(5, 150)
    pages = [
        Page("first", one, 0),
        Page("both", f"{one} {two}", 1),
        Page("second", two, 2),
        Page("second-too", two, 3, source_id="de-blatt"),
        Page("whole", " ".join(words), 0),
        Page("cut", " ".join(words[:130]), 1, source_id="de-blatt", headline="Cut"),
        Page("scrap", " ".join(words[:50]), 1, source_id="de-blatt", headline="Scrap"),
        Page("follow-up", prose(4, 150) + " " + " ".join(words[-150:]), 2),
        *(Page("b", text, 1, 30), Page("c", text, 2, 50), Page("lone", day=1)),
    ]
    layout = Layout(tmp_path)
    load_pages(layout, 0, pages)
    load_pages(layout, 1, [Page("a", text, 0, 60)])
    assert told == [{page.slug for page in pages}, {"a", "b", "c"}]
    assert clusters(layout) == {
        "first": "first",
        "both": "first",
        "second": "second",
        "second-too": "second",
        "whole": "whole",
        "cut": "whole",
        "scrap": "scrap",
        "follow-up": "follow-up",
        **dict.fromkeys("abc", "a"),
        "lone": "lone",
    }


# Floors under the figures of every fourth gold text; tests/bench/README.md has those of all.
FOUND = {"3 sentences replaced": 0.96, "40 % cut, intro, 1 sentence": 0.83}


@pytest.mark.soak
def test_changed_gold_texts_are_found_and_others_are_not_merged(
    shared: Path, tmp_path: Path
) -> None:
    found = measure(tmp_path, step=4)
    shares = {kind: many / of for kind, (many, of) in found.merged.items()}
    assert {kind for kind in COPIES if shares[kind] < FOUND.get(kind, 0.98)} == set()
    assert {kind for kind in OTHERS if shares[kind] > 0.02} == set()
    assert found.pairs == {
        "gold pages of one text": (6, 6),
        "gold pages on one event": (0, 7),
        "gold pages in one frame": (0, 4),
    }
    assert found.right / (found.right + found.wrong) > 0.997
