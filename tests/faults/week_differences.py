"""What a disturbed week has that an undisturbed one has not, and the reverse."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.faults.simulated_week import Week
from tests.faults.test_ingest_killed import OF_ITS_RUN
from tests.support.hourly_newsroom import Story
from warehouse.layers.layout import Layout
from warehouse.read.query import query

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]

OF_THE_WAY = ("versions", "version_no", "modified_at", "from_version", "to_version")
"""Columns that say by how many looks a text became known."""
OF_COVERAGE = ("source_id", "day", "extracted", "truncated", "failed", "state")
OF_LATEST = "JOIN articles USING (article_id, version_no)"


@dataclass
class Differences:
    """What was compared, what differs for a reason that the warehouse gives, and what is wrong."""

    rows: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def differences(week: Week) -> Differences:
    """Compare both installations with each other and with what the newsroom published."""
    found = Differences()
    got, want = week.disturbed.layout, week.undisturbed.layout
    told = {url: story for story, url in week.newsroom.all_listed(len(week.plan) - 1)}
    _is_all_that_was_published(want, told, found)
    lost = _articles(week, told, found)
    _versions(week, told, found)
    state = {(row["source_id"], row["day"]): row["state"] for row in _read(got, "FROM coverage")}
    days = _daily(got, want, state, found)
    _parts(got, want, lost, found)
    found.explained["days of a source"] = len(days)
    return found


def _is_all_that_was_published(layout: Layout, told: dict[str, Story], found: Differences) -> None:
    urls = {row["url_canonical"] for row in _read(layout, "FROM articles")}
    found.wrong += [f"undisturbed, absent: {url}" for url in sorted(told.keys() - urls)]
    found.wrong += [f"undisturbed, unknown: {url}" for url in sorted(urls - told.keys())]


def _read(layout: Layout, sql: str) -> list[Row]:
    rows: list[Row] = query(layout, sql).to_pylist()
    return rows


def _lasting(row: Row) -> Row:
    left_out = {*OF_ITS_RUN, *OF_THE_WAY}
    return {name: value for name, value in row.items() if name not in left_out}


def _articles(week: Week, told: dict[str, Story], found: Differences) -> set[str]:
    """Compare the articles; ids of those that are absent."""
    got, want = (
        {row["article_id"]: row for row in _read(one.layout, "FROM articles")}
        for one in (week.disturbed, week.undisturbed)
    )
    states = _states(week.disturbed.layout)
    found.rows["articles"] = len(want)
    found.wrong += [f"extra: {got[one]['url_canonical']}" for one in got.keys() - want.keys()]
    for one in want.keys() - got.keys():
        row = want[one]
        sound = [
            hour
            for hour in _listed(week, told[row["url_canonical"]])
            if week.is_sound(row["source_id"], hour)
        ]
        state = states.get((row["source_id"], row["published_date"]), "absent")
        if sound or state == "observed":
            found.wrong.append(
                f"lost: {row['url_canonical']}, listed in the sound hours {sound}, day {state}"
            )
        found.explained["articles"] += 1
    for one in want.keys() & got.keys():
        left, right = _lasting(got[one]), _lasting(want[one])
        if left == right:
            continue
        names = [name for name in left if left[name] != right[name]]
        if got[one]["fetched_at"] < want[one]["fetched_at"] and not _was_due(week, got[one]):
            found.explained["articles whose recheck is still to come"] += 1
        else:
            found.wrong.append(f"differs in {names}: {got[one]['url_canonical']}")
    return want.keys() - got.keys()


def _states(layout: Layout) -> dict[tuple[str, date], str]:
    rows = _read(layout, "FROM coverage")
    return {(row["source_id"], row["day"]): row["state"] for row in rows}


def _listed(week: Week, story: Story) -> Sequence[int]:
    """Hours in which a story was in its source's listing."""
    paper = story.paper
    stays = -(-(paper.listed - story.number) // paper.each) * paper.hours
    return range(max(story.hour, 0), min(story.hour + stays, len(week.plan)))


def _was_due(week: Week, row: Row) -> bool:
    """Whether a run of the week should have looked at an article again after its last version."""
    last = week.newsroom.moment(len(week.plan) - 1)
    ages = [3, 24]
    seen: datetime = row["first_seen_at"]
    now_hours = (last - seen).total_seconds() / 3600
    fetched = (row["fetched_at"] - seen).total_seconds() / 3600
    return any(fetched < age <= now_hours for age in ages)


def _versions(week: Week, told: dict[str, Story], found: Differences) -> None:
    """No text is doubled, none is other than what was published, none is lost for no reason."""
    sql = (
        "SELECT version.*, body FROM article_versions AS version"
        " JOIN article_version_texts USING (article_id, version_no)"
    )
    rows = {one.name: _read(one.layout, sql) for one in (week.disturbed, week.undisturbed)}
    found.rows["article_versions"] = len(rows["undisturbed"])
    for name, of_one in rows.items():
        texts = Counter((row["article_id"], row["body_sha256"]) for row in of_one)
        found.wrong += [f"{name}, doubled: {key}" for key, n in texts.items() if n > 1]
        for row in of_one:
            story = told[row["url_canonical"]]
            known = {"\n\n".join(story.paragraphs(hour)) for hour in (story.hour, story.hour + 99)}
            if row["body"] not in known:
                found.wrong.append(f"{name}, never published: {row['url_canonical']}")
    kept = {(row["article_id"], row["body_sha256"]) for row in rows["disturbed"]}
    for row in rows["undisturbed"]:
        if (row["article_id"], row["body_sha256"]) in kept:
            continue
        hour = round((row["fetched_at"] - week.newsroom.start).total_seconds() / 3600)
        story = told[row["url_canonical"]]
        hours = range(max(story.hour, 0), hour + 1)
        if all(week.is_sound(row["source_id"], one) for one in hours):
            found.wrong.append(f"version lost: {row['url_canonical']} of hour {hour}")
        found.explained["versions"] += 1


def _daily(
    got: Layout, want: Layout, states: dict[tuple[str, date], str], found: Differences
) -> set[tuple[str, date]]:
    """Compare the tables by day; the days of sources that differ."""
    asked = {
        "coverage": (f"SELECT {', '.join(OF_COVERAGE)} FROM coverage", ("source_id", "day")),
        "topic_daily": ("FROM topic_daily", ("source_id", "day", "topic_id")),
    }
    differing = set()
    for table, (sql, key) in asked.items():
        left, right = (_by(key, _read(layout, sql)) for layout in (got, want))
        found.rows[table] = len(right)
        for one in left.keys() | right.keys():
            if left.get(one) == right.get(one):
                continue
            if states.get(one[:2]) == "observed":
                found.wrong.append(f"{table} {one}: {left.get(one)}, not {right.get(one)}")
            differing.add(one[:2])
            found.explained[table] += 1
    return differing


def _by(key: Sequence[str], rows: Sequence[Row]) -> Rows:
    return {tuple(row[name] for name in key): _lasting(row) for row in rows}


def _parts(got: Layout, want: Layout, lost: set[str], found: Differences) -> None:
    """Compare mentions and stripped blocks of the latest texts that both have."""
    of_both = {
        row["article_id"]: row["body_sha256"] for row in _read(got, "FROM articles")
    }.items() & {
        row["article_id"]: row["body_sha256"] for row in _read(want, "FROM articles")
    }.items()
    ids = {article_id for article_id, _ in of_both}
    for table in ("mentions", "stripped_blocks"):
        sql = f"SELECT {table}.* FROM {table} {OF_LATEST}"
        left, right = (
            Counter(repr(_lasting(row)) for row in _read(layout, sql) if row["article_id"] in ids)
            for layout in (got, want)
        )
        found.rows[table] = right.total()
        found.wrong += [f"{table}, doubled or extra: {row}" for row in (left - right)]
        found.wrong += [f"{table}, lost: {row}" for row in (right - left)]
    for table in ("topics", "sources"):
        ours, theirs = (
            sorted(repr(_lasting(row)) for row in _read(layout, f"FROM {table}"))
            for layout in (got, want)
        )
        found.rows[table] = len(theirs)
        if ours != theirs:
            found.wrong.append(f"{table}: {ours}, not {theirs}")
