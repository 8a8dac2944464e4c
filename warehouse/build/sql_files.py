"""The SQL files of the warehouse, by the name of what they make."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import warehouse

SQL = Path(warehouse.__path__[0])
UNITS = {"week": "ISO week", "month": "month"}
"""A file with {unit} in its name is a template, of these: topic_{unit}ly is topic_weekly, too."""


@cache
def read_sql(folder: str) -> Mapping[str, str]:
    """Texts of a folder's files by relation, mart, check or step; a template once for each unit.

    Args:
        folder: One of schema, macros, marts, checks and steps.
    """
    texts = {}
    for path in sorted((SQL / folder).glob("*.sql")):
        for unit, period in (UNITS if "{unit}" in path.stem else {"": ""}).items():
            text = path.read_text().replace("{unit}", unit).replace("{period}", period)
            texts[path.stem.replace("{unit}", unit)] = text
    return texts


def make_view(template: str, name: str, days: str, kind: str = "VIEW") -> str:
    """SQL that makes a view of weeks or months, and its comments.

    Args:
        template: The text of its file.
        name: The view's name.
        days: The relation with the rows of topic_daily that it sums up.
        kind: What to create, such as TEMP VIEW.
    """
    return template.replace("{view}", f"{kind} {name}").replace("{days}", days)
