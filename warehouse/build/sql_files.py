"""The SQL files of the warehouse, by the name of the relation, mart, check or step."""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path

import warehouse
from warehouse.read.utc_or_local_days import DAYS, fill_in

SQL = Path(warehouse.__path__[0])
# Values for templates, which are files with {unit} or {local} in their name: topic_{unit}ly{local},
# for example.
UNITS = ({"unit": "week", "period": "ISO week"}, {"unit": "month", "period": "month"})


@cache
def read_sql(folder: str) -> dict[str, str]:
    """The texts of a folder's files, by name; a template gives one text per unit or kind of day."""
    texts = {}
    for path in sorted((SQL / folder).glob("*.sql")):
        units, days = (
            kinds if f"{{{name}}}" in path.stem else ({},)
            for name, kinds in (("unit", UNITS), ("local", DAYS))
        )
        # Not in the encoding of the locale: regular expressions have letters of other scripts.
        text = path.read_text(encoding="utf-8")
        for unit, day in product(units, days):
            texts[fill_in(path.stem, unit | day)] = fill_in(text, unit | day)
    return texts


def read_marts() -> Mapping[str, str]:
    """The SELECTs of the marts that a load merges into tables, by name."""
    return {name: text for name, text in read_sql("marts").items() if not _makes_view(text)}


def _makes_view(text: str) -> bool:
    return re.search("^CREATE", text, re.MULTILINE) is not None


def read_relations() -> Mapping[str, str]:
    """The definitions of all tables and views, by name."""
    views = {name: text for name, text in read_sql("marts").items() if _makes_view(text)}
    return dict(sorted({**read_sql("tables"), **views}.items()))


def sql_hash() -> str:
    """SHA-256 of the SQL that defines the relations, including comments."""
    digest = sha256()
    for name, text in (*read_relations().items(), *read_sql("macros").items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()
