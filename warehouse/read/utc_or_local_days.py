"""Days in UTC and in the time zone of each source: the differences between their SQL."""

from collections.abc import Mapping

# Values of templates, for UTC days and for local days.
DAYS = (
    {
        "local": "",
        "published_date": "published_date",
        "clock": "UTC",
        "clock_day": "UTC day",
        "zone": "'UTC'",
    },
    {
        "local": "_local",
        "published_date": "published_local_date",
        "clock": "local",
        "clock_day": "Day in the time zone of the source",
        "zone": "coalesce(named.name, 'UTC')",  # named is a name that DuckDB knows
    },
)


def fill_in(template: str, values: Mapping[str, str]) -> str:
    """The template with the names in braces replaced by their values."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def sql_for_days(template: str, is_local: bool) -> str:
    """The SQL of a template for one kind of day."""
    return fill_in(template, DAYS[is_local])
