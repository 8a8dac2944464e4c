"""The SQL files of the warehouse, by the name of the relation, mart, check or step."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import warehouse

SQL = Path(warehouse.__path__[0])
# Values for templates, which are files with {unit} in their name: topic_{unit}ly, for example.
UNITS = {"week": "ISO week", "month": "month"}


@cache
def read_sql(folder: str) -> Mapping[str, str]:
    """The texts of a folder's files, by name; a template gives one for each unit.

    Args:
        folder: One of schema, macros, marts, checks and steps.
    """
    texts = {}
    for path in sorted((SQL / folder).glob("*.sql")):
        for unit, period in (UNITS if "{unit}" in path.stem else {"": ""}).items():
            text = path.read_text().replace("{unit}", unit).replace("{period}", period)
            texts[path.stem.replace("{unit}", unit)] = text
    return texts


def make_view(template: str, name: str, days: str, kind: str = "OR REPLACE VIEW") -> str:
    """SQL that creates a view of weeks or months, with its comments.

    Args:
        template: The text of the view's file.
        name: The view's name.
        days: The relation with the rows of topic_daily to sum.
        kind: What to create, such as TEMP VIEW.
    """
    return template.replace("{view}", f"{kind} {name}").replace("{days}", days)
