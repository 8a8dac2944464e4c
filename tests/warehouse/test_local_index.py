"""Index and spikes by the days of the sources' time zones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tasks.load.load_run import load, rebuild_warehouse
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, Page, source, stage, tables
from tests.warehouse.test_local_days import TOKYO, ask, dated
from warehouse.build.sql_files import SQL
from warehouse.layers.layout import Layout
from warehouse.read.query import records, snapshot
from warehouse.read.utc_or_local_days import sql_for_days

pytestmark = pytest.mark.slow

FIRST = datetime(2026, 5, 11, 12, tzinfo=UTC)
"""A Monday; noon in London is 21:00 of the same day in Tokyo."""
DAYS = 30
LOUD = datetime(2026, 5, 31, 20, tzinfo=UTC)
"""A Sunday, in Tokyo 05:00 of Monday 1 June: another day, week and month."""
NOW = datetime(2026, 6, 10, 6, tzinfo=UTC)
RUN = f"{NOW:%Y%m%dT%H%M%SZ}-000000"
IN_UTC = source(TOKYO.id, timezone="UTC")


def article(slug: str, at: datetime, body: str = "Nothing.") -> Page:
    about = dated(f"{at:%Y-%m-%dT%H:%M}", f"{at:%Y-%m-%dT%H:%M}Z")
    return Page(slug, body, None, 2400, TOKYO.id, about=about)


PAGES = [
    *(article(f"quiet-{n}-{m}", FIRST + timedelta(n)) for n in range(DAYS) for m in range(2)),
    *(article(f"loud-{n}", LOUD, "The G20 met.") for n in range(9)),
]


def load_spike(layout: Layout) -> None:
    """Two articles a day, and nine about the G20 at an hour that is the next day in Tokyo."""
    load(layout, TOPICS, [TOKYO], [stage(layout, RUN, PAGES)], now=NOW)
    publish(layout)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("spike"), load_spike)


@pytest.fixture
def layout(loaded: KeptFolder) -> Layout:
    return loaded.restored()


def of_summit(layout: Layout, columns: str, relation: str, kind: str) -> list[tuple[Any, ...]]:
    """Of the periods with articles."""
    where = f"topic_id = 'summit' AND period_kind = '{kind}' AND articles > 0"
    return ask(layout, f"SELECT {columns} FROM {relation} WHERE {where} ORDER BY period")


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_the_index_of_a_report_begins_with_a_part_of_a_period(layout: Layout, unit: str) -> None:
    """As the shares beside it do."""
    days = {"first_day": date(2026, 5, 13), "last_day": date(2026, 6, 9)}
    first = {}
    with snapshot(layout) as con:
        for name in ("index", "attention"):
            sql = sql_for_days((SQL / "queries" / f"{name}.sql").read_text(), is_local=False)
            rows = records(con, sql, days | {"unit": unit})
            first[name] = min(row["period"] for row in rows if row["topic_id"] == "summit")
    assert first == dict.fromkeys(first, days["first_day"])


def test_a_spike_is_on_the_day_of_the_source(layout: Layout) -> None:
    columns = "day, articles_with_mention, articles, len(headlines)"
    found = {
        name: ask(layout, f"SELECT {columns} FROM {name}")
        for name in ("topic_spikes", "topic_spikes_local")
    }
    assert found == {
        "topic_spikes": [(date(2026, 5, 31), 9, 11, 5)],
        "topic_spikes_local": [(date(2026, 6, 1), 9, 11, 5)],
    }


def test_the_index_by_hand(layout: Layout) -> None:
    """Shares of 9 / 11 a day, 9 / 23 a week, 9 / 51 or 9 / 27 a month; else 0. The mean is 100."""
    found = {
        local: {
            kind: of_summit(layout, "pooled_share, gpr_style", f"attention_index{local}", kind)
            for kind in ("week", "month")
        }
        for local in ("", "_local")
    }
    assert found == {
        "": {
            "week": [(0, 0), (0, 0), (0.39130435, 500), (0, 0), (0, 0)],
            "month": [(0.17647059, 200), (0, 0)],
        },
        "_local": {
            "week": [(0, 0), (0, 0), (0, 0), (0.39130435, 500), (0, 0)],
            "month": [(0, 0), (0.33333333, 200)],
        },
    }
    # Of thirty days: one source's epu is its share over the mean of its shares.
    for local, at in (("", 20), ("_local", 21)):
        epu = of_summit(layout, "epu", f"attention_index_latest{local}", "day")
        assert epu == [(3000 if day == at else 0,) for day in range(DAYS)]


def test_another_zone_is_a_revision_of_the_local_index_alone(layout: Layout) -> None:
    """In UTC index and spikes are the same in both."""
    load(layout, TOPICS, [IN_UTC], now=NOW + timedelta(days=2))
    publish(layout)
    versions = "SELECT DISTINCT as_of FROM {} ORDER BY ALL"
    first, second = NOW.date(), NOW.date() + timedelta(days=2)
    assert ask(layout, versions.format("attention_index")) == [(first,)]
    assert ask(layout, versions.format("attention_index_local")) == [(first,), (second,)]
    found = [
        of_summit(layout, "pooled_share", f"attention_index_as_of_local('{day}')", "month")
        for day in (first, second)
    ]
    assert found == [[(0,), (0.33333333,)], [(0.17647059,), (0,)]]
    assert ask(layout, "SELECT day FROM topic_spikes_local") == [(date(2026, 5, 31),)]
    last = "SELECT * EXCLUDE (as_of) FROM {0} WHERE as_of = (SELECT max(as_of) FROM {0})"
    names = {"attention_index": last, "index_notes": last, "attention_index_latest": last}
    for name, sql in (
        names | dict.fromkeys(("topic_spikes", "topic_dispersion"), "FROM {}")
    ).items():
        rows = ask(layout, sql.format(name) + " ORDER BY ALL")
        assert rows
        assert rows == ask(layout, sql.format(f"{name}_local") + " ORDER BY ALL"), name
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, [IN_UTC])
    assert tables(layout) == loaded
