"""The SQL files of the warehouse, by the name of the relation, mart, check or step."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import warehouse

SQL = Path(warehouse.__path__[0])
# Values for templates, which are files with {unit} in their name: topic_{unit}ly, for example.
UNITS = {"week": "ISO week", "month": "month"}


@cache
def read_sql(folder: str) -> Mapping[str, str]:
    """The texts of a folder's files, by name; a template gives one for each unit."""
    texts = {}
    for path in sorted((SQL / folder).glob("*.sql")):
        for unit, period in (UNITS if "{unit}" in path.stem else {"": ""}).items():
            text = path.read_text().replace("{unit}", unit).replace("{period}", period)
            texts[path.stem.replace("{unit}", unit)] = text
    return texts


def sql_hash() -> str:
    """SHA-256 of the SQL that defines the relations, including comments."""
    digest = sha256()
    for name, text in (*read_sql("schema").items(), *read_sql("macros").items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def make_view(template: str, name: str, days: str, kind: str = "OR REPLACE VIEW") -> str:
    """SQL that creates a view of weeks or months; `days` has the rows of topic_daily to sum."""
    return template.replace("{view}", f"{kind} {name}").replace("{days}", days)
