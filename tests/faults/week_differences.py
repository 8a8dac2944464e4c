"""What a disturbed week has that an undisturbed one has not, and the reverse."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasks.archive.warc_records import OPEN_SUFFIX
from tasks.settings import Settings
from tests.faults.simulated_week import Week
from tests.support.hourly_newsroom import Story
from tests.support.killed_runs import OF_ITS_RUN
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.store.archive_files import SUFFIX

Row = dict[str, Any]
States = dict[tuple[str, date], str]
"""The state of each day of a source in `coverage`."""

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
    told = {url: story for story, url in week.newsroom.all_listed(len(week.plan) - 1)}
    got, want = week.disturbed.layout, week.undisturbed.layout
    states = {(row["source_id"], row["day"]): row["state"] for row in _read(got, "FROM coverage")}
    _archives(got, found)
    _articles(week, told, states, found)
    _versions(week, told, found)
    _daily(got, want, states, found)
    _parts(got, want, found)
    return found


def _read(layout: Layout, sql: str) -> list[Row]:
    rows: list[Row] = query(layout, sql).to_pylist()
    return rows


def _lasting(row: Row) -> Row:
    left_out = {*OF_ITS_RUN, *OF_THE_WAY}
    return {name: value for name, value in row.items() if name not in left_out}


def _archives(layout: Layout, found: Differences) -> None:
    """Every run that archived something is loaded."""
    archived = {path.name.removesuffix(SUFFIX) for path in layout.raw.glob(f"*/*{SUFFIX}")}
    loaded = {row["run_id"] for row in _read(layout, "FROM runs")}
    found.rows["runs with archives"] = len(archived)
    found.wrong += [f"archived, not loaded: {run_id}" for run_id in sorted(archived - loaded)]
    found.wrong += [f"not closed: {path}" for path in layout.raw.glob(f"*/*{OPEN_SUFFIX}")]


def _articles(week: Week, told: dict[str, Story], states: States, found: Differences) -> None:
    """The undisturbed have all that was published, the disturbed what they could know of."""
    got, want = (
        {row["url_canonical"]: row for row in _read(one.layout, "FROM articles")}
        for one in (week.disturbed, week.undisturbed)
    )
    found.rows["articles"] = len(want)
    found.wrong += [f"undisturbed, absent: {url}" for url in sorted(told.keys() - want.keys())]
    found.wrong += [f"undisturbed, unknown: {url}" for url in sorted(want.keys() - told.keys())]
    found.wrong += [f"extra: {url}" for url in sorted(got.keys() - want.keys())]
    for url in sorted(want.keys() - got.keys()):
        day = (told[url].paper.id, want[url]["published_date"])
        hours = _listed(told[url], len(week.plan))
        sound = [hour for hour in hours if week.is_sound(told[url].paper.id, hour)]
        state = states.get(day, "absent")
        if sound or state == "observed":
            found.wrong.append(f"lost: {url}, listed in sound hours {sound}, its day is {state}")
        found.explained["articles"] += 1
    for url in sorted(want.keys() & got.keys()):
        ours, theirs = _lasting(got[url]), _lasting(want[url])
        if ours == theirs:
            continue
        if not _was_due(week, told[url], got[url]):
            found.explained["articles to be rechecked"] += 1
            states[told[url].paper.id, got[url]["published_date"]] = "to be rechecked"
            continue
        names = [name for name in ours if ours[name] != theirs[name]]
        found.wrong.append(f"differs in {names}: {url}")


def _listed(story: Story, hours: int) -> range:
    """Hours in which a story was in its source's listing."""
    paper = story.paper
    stays = -(-(paper.listed - story.number) // paper.each) * paper.hours
    return range(max(story.hour, 0), min(story.hour + stays, hours))


def _was_due(week: Week, story: Story, row: Row) -> bool:
    """Whether a run of the week should have seen an article's revision."""
    if story.revised_at is None:
        return True
    last, revised = (week.newsroom.moment(at) for at in (len(week.plan) - 1, story.revised_at))
    due = [row["first_seen_at"] + step for step in Settings().recheck_after]
    return any(revised <= at <= last for at in due)


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


def _daily(got: Layout, want: Layout, states: States, found: Differences) -> None:
    """Days that were observed have the same figures in both."""
    asked = {
        "coverage": (f"SELECT {', '.join(OF_COVERAGE)} FROM coverage", ("source_id", "day")),
        "topic_daily": ("FROM topic_daily", ("source_id", "day", "topic_id")),
    }
    for table, (sql, key) in asked.items():
        ours, theirs = (
            {tuple(row[name] for name in key): _lasting(row) for row in _read(layout, sql)}
            for layout in (got, want)
        )
        found.rows[table] = len(theirs)
        for one in ours.keys() | theirs.keys():
            if ours.get(one) == theirs.get(one):
                continue
            if states.get(one[:2]) == "observed":
                found.wrong.append(f"{table} {one}: {ours.get(one)}, not {theirs.get(one)}")
            found.explained[table] += 1


def _parts(got: Layout, want: Layout, found: Differences) -> None:
    """The latest texts that both have come with the same mentions and stripped blocks."""
    texts = [
        {(row["article_id"], row["body_sha256"]) for row in _read(layout, "FROM articles")}
        for layout in (got, want)
    ]
    ids = {article_id for article_id, _ in texts[0] & texts[1]}
    for table in ("mentions", "stripped_blocks"):
        sql = f"SELECT {table}.* FROM {table} {OF_LATEST}"
        left, right = (
            Counter(repr(_lasting(row)) for row in _read(layout, sql) if row["article_id"] in ids)
            for layout in (got, want)
        )
        found.rows[table] = right.total()
        found.wrong += [f"{table}, doubled or extra: {row}" for row in (left - right)]
        found.wrong += [f"{table}, lost: {row}" for row in (right - left)]
    for table, sql in {
        "topics": "FROM topics",
        "sources": "SELECT * EXCLUDE (articles, first_day, last_day) FROM sources",
    }.items():
        ours, theirs = (
            sorted(repr(_lasting(row)) for row in _read(layout, sql)) for layout in (got, want)
        )
        found.rows[table] = len(theirs)
        if ours != theirs:
            found.wrong.append(f"{table}: {ours}, not {theirs}")
