"""The addresses of the desk: every view is a URL that holds its selection."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from warehouse.questions.selection import UNITS, Choices, Selection, checked_selection, fitting_unit
from warehouse.questions.series import BALANCES
from warehouse.read.query import QueryError

DEFAULT_DAYS = 3 * 365  # days shown if the URL names no first day
MAX_PERIODS = 400  # of a chart: a range with more is shown by a longer unit


def selection_of(given: QueryParams, known: Choices) -> Selection:
    """The selection that a URL holds; QueryError naming the parameter that is wrong."""
    selection = unchecked_selection(given, known)
    # The same order on all pages, whichever topic was ticked first.
    topics = sorted(checked_selection(selection, known).topics, key=[*known.topics].index)
    return replace(selection, topics=tuple(topics))


def unchecked_selection(given: QueryParams, known: Choices) -> Selection:
    """The selection that a URL holds, whether or not the snapshot has it."""
    first, last = known.first_day or date.min, known.last_day or date.min
    last_day = _given_day(given, "to") or last
    first_day = _given_day(given, "from") or max(
        first, date.fromordinal(max(1, last_day.toordinal() - DEFAULT_DAYS))
    )
    unit = given.get("unit") or fitting_unit(first_day, last_day)
    if unit not in UNITS:
        raise QueryError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}")
    balance = given.get("balance") or ""
    if balance not in BALANCES:
        wanted = ", ".join(filter(None, BALANCES))
        raise QueryError(f"balance must be one of {wanted}, got {balance!r}")
    return Selection(
        first_day=first_day,
        last_day=last_day,
        unit=unit,
        topics=_given_values(given, "topic"),
        sources=_given_values(given, "source"),
        countries=_given_values(given, "country"),
        languages=_given_values(given, "language"),
        is_without_copies=given.get("copies") == "no",
        is_headlines_only=given.get("in") == "headline",
        is_local=known.is_local,
        balance=balance,
        is_panel=bool(given.get("panel")),
        panel_days=_panel_days(given.get("panel") or ""),
        last_whole_day=known.last_whole_day,
    )


def with_chartable_unit(selection: Selection) -> Selection:
    """The selection by a longer unit, where its chart would have more than MAX_PERIODS."""
    days = selection.last_day.toordinal() - selection.first_day.toordinal()
    longer = [*UNITS][[*UNITS].index(selection.unit) :]
    fitting = (unit for unit in longer if days / UNITS[unit] <= MAX_PERIODS)
    return replace(selection, unit=next(fitting, "month"))


def panel_of(first_day: date, last_day: date) -> str:
    """The parameter `panel` that keeps the panel of these days when only part of them is shown."""
    return f"{first_day}..{last_day}"


def _panel_days(given: str) -> tuple[date, date] | None:
    if given in ("", "yes"):
        return None
    first, _, last = given.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        wanted = "yes, or days such as 2026-01-01..2026-10-31"
        raise QueryError(f"panel must be {wanted}, got {given!r}") from None


def _given_values(given: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in given.getlist(name) if value))


def _given_day(given: QueryParams, name: str) -> date | None:
    value = given.get(name)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise QueryError(f"{name} must be a day such as 2026-11-27, got {value!r}") from None


def is_by_local_days(given: QueryParams, usually: bool) -> bool:
    """Whether a URL asks for days in the sources' time zones; QueryError for other values."""
    kind = given.get("days") or ("local" if usually else "utc")
    if kind not in ("local", "utc"):
        raise QueryError(f"days must be local or utc, got {kind!r}")
    return kind == "local"


def parameters(selection: Selection) -> dict[str, Any]:
    """The parameters of a URL that hold a selection."""
    panel = "yes" if selection.is_panel else ""
    if selection.panel_days:
        panel = panel_of(*selection.panel_days)
    return {
        "topic": selection.topics,
        "source": selection.sources,
        "country": selection.countries,
        "language": selection.languages,
        "from": selection.first_day.isoformat(),
        "to": selection.last_day.isoformat(),
        "unit": selection.unit,
        "copies": "no" if selection.is_without_copies else "",
        "in": "headline" if selection.is_headlines_only else "",
        "balance": selection.balance,
        "panel": panel,
    }


def address(path: str, given: Mapping[str, Any]) -> str:
    """A path with parameters; those that are empty or None are left out."""
    pairs = [
        (name, str(value))
        for name, values in given.items()
        for value in (values if isinstance(values, list | tuple) else [values])
        if value not in ("", None)
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path
