"""A selection of topics, sources and days, and its SQL conditions."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from warehouse.read.query import QueryError, has_table, quoted, records
from warehouse.read.utc_or_local_days import sql_for_days

UNITS = {"day": 1, "week": 7, "month": 30}  # with their approximate number of days
PARTS = ("source", "country", "language")  # what a series can be divided by
# The topics that count, with their languages (NULL for all), which a snapshot of 0.1 lacks.
COUNTING = """(
    SELECT topic_id, languages
    FROM (FROM topics UNION ALL BY NAME SELECT NULL::VARCHAR[] AS languages WHERE false)
    WHERE valid_to IS NULL
) AS counting"""


def counts_in(languages: str, language: str) -> str:
    """SQL of the macro of this name, which snapshots of 0.1 lack."""
    code = f"split_part({language}, '-', 1)"
    return (
        f"({languages} IS NULL OR {language} IS NULL OR list_contains({languages}, {code})"
        f" OR (list_contains({languages}, 'no') AND {code} IN ('nb', 'nn')))"
    )


MAX_PERIODS = 60  # periods that fit in a chart on a narrow screen


@dataclass(frozen=True, slots=True)
class Selection:
    """Topics, sources and days, both days included; an empty tuple selects all."""

    first_day: date
    last_day: date
    unit: str = "week"  # of UNITS
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_without_copies: bool = False
    is_headlines_only: bool = False
    is_revised_only: bool = False  # only articles that their sources changed after publication
    written_in: tuple[str, ...] = ()  # in a search: languages of articles, as in a topic
    is_local: bool = False  # days in the time zone of each source, rather than in UTC
    balance: str = ""  # one of BALANCES: groups of sources that weigh alike
    is_panel: bool = False  # only sources that were collected in every week
    panel_days: tuple[date, date] | None = None  # the days for is_panel; None: the selected days
    # Of Choices: a week after it has begun for some sources only, and is none of the panel's weeks.
    # The same for all selections of a load, hence not compared.
    last_whole_day: date | None = field(default=None, compare=False)

    @property
    def has_all_sources(self) -> bool:
        """Whether no source is left out."""
        return not (self.sources or self.countries or self.languages or self.is_panel)

    def sql(self, template: str) -> str:
        """Fill in {local} and {published_date} for the selection's kind of days."""
        return sql_for_days(template, self.is_local)

    def source_condition(self) -> str:
        """A condition on the columns source_id, country and language of topic_daily or sources."""
        chosen = {"source_id": self.sources, "country": self.countries, "language": self.languages}
        parts = [f"{name} IN ({literal_list(values)})" for name, values in chosen.items() if values]
        if self.is_panel:
            first, last = self.panel_days or (self.first_day, self.last_day)
            last = max(first, min(last, self.last_whole_day or last))
            panel = f"balanced_panel{{local}}('{first}', '{last}')"
            parts.append(f"source_id IN (FROM {self.sql(panel)})")
        return " AND ".join(parts) or "true"

    def language_condition(self) -> str:
        """A condition on the column language of articles."""
        return (
            counts_in(f"[{literal_list(self.written_in)}]", "language")
            if self.written_in
            else "true"
        )

    def topic_condition(self) -> str:
        """A condition on topic_id."""
        return f"topic_id IN ({literal_list(self.topics)})" if self.topics else "true"

    def day_condition(self, column: str = "day") -> str:
        """A condition on a column of days."""
        return f"{column} BETWEEN {literal(self.first_day)} AND {literal(self.last_day)}"


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be selected in a snapshot."""

    topics: dict[str, str]  # names by id
    sources: dict[str, str]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    first_day: date | None  # of all calendars; None before the first article or read listing
    last_day: date | None
    # The last day that had ended for every configured source by the last attempt at any source.
    last_whole_day: date | None = None
    is_local: bool = False  # whether days are those of the sources' time zones


def choices(con: duckdb.DuckDBPyConnection, *, is_local: bool = False) -> Choices:
    """What can be selected in this snapshot; by local days if `is_local` and it has them."""
    is_local = is_local and has_local_days(con)
    topics = con.sql("SELECT topic_id, name FROM topics WHERE valid_to IS NULL ORDER BY name, 1")
    sources = records(
        con,
        "SELECT source_id, coalesce(name, source_id) AS name, country, language FROM sources"
        " WHERE source_id IN (SELECT source_id FROM coverage) ORDER BY name, 1",
    )
    span = sql_for_days("SELECT min(day), max(day) FROM coverage{local}", is_local)
    [(first_day, last_day)] = con.sql(span).fetchall()
    ended = _last_ended(con, is_local=is_local)
    return Choices(
        topics=dict(topics.fetchall()),
        sources={row["source_id"]: row["name"] for row in sources},
        countries=_distinct(row["country"] for row in sources),
        languages=_distinct(row["language"] for row in sources),
        first_day=first_day,
        last_day=last_day,
        last_whole_day=min(last_day, ended) if last_day and ended else last_day,
        is_local=is_local,
    )


def _last_ended(con: duckdb.DuckDBPyConnection, *, is_local: bool) -> date | None:
    """The last day that had ended, in all time zones of the sources, at the last attempt."""
    # Not the last day of the calendars: in Tokyo a day begins before others end, and an article may
    # be dated ahead.
    [(asked_at,)] = con.sql("SELECT max(last_attempt_at) FROM sources").fetchall()
    if asked_at is None:
        return None
    zones = con.sql("SELECT DISTINCT timezone FROM sources WHERE is_configured").fetchall()
    names = {name for (name,) in zones if name} if is_local else set[str]()
    return min(_day_in(asked_at, name) for name in names or {"UTC"}) - timedelta(days=1)


def _day_in(moment: datetime, zone: str) -> date:
    """The day in a time zone; in UTC if its name is unknown, as in the marts."""
    with suppress(LookupError, ValueError, OSError):
        return moment.astimezone(ZoneInfo(zone)).date()
    return moment.astimezone(UTC).date()


def has_local_days(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a snapshot counts by local days: those of 0.1 do not."""
    return has_table(con, "topic_spikes_local")


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def checked_selection(selection: Selection, known: Choices) -> Selection:
    """The selection; QueryError if it names an unknown topic or source, or a wrong range."""
    for kind, chosen, there in (
        ("topic", selection.topics, known.topics),
        ("source", selection.sources, known.sources),
        ("country", selection.countries, known.countries),
        ("language", selection.languages, known.languages),
    ):
        for value in chosen:
            if value not in there:
                raise QueryError(f"no {kind} {value!r}; there are: {', '.join(there) or 'none'}")
    if selection.first_day > selection.last_day:
        raise QueryError(
            f"the range from {selection.first_day} to {selection.last_day} ends before it begins"
        )
    return selection


def fitting_unit(first_day: date, last_day: date) -> str:
    """The shortest unit that divides the range into at most MAX_PERIODS periods, else the month."""
    days = (last_day - first_day).days + 1
    return next((unit for unit, length in UNITS.items() if days / length <= MAX_PERIODS), "month")


# Not a parameter: the SQL that a view shows is the SQL that it runs, and can be pasted elsewhere.
def literal(value: str | date) -> str:
    """A text or a day in SQL."""
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else quoted(value)


def literal_list(values: Iterable[str]) -> str:
    """Texts in SQL, separated by commas."""
    return ", ".join(map(literal, values))
