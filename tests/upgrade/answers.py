"""What an installation answers: the rows of every relation, and what the commands print."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from lxml import html
from typer.testing import CliRunner

from flows.cli.app import app

Answers = dict[str, Any]
"""`schema`: columns by relation; `relations`: types and rows; `commands`: what they print."""
Relation = dict[str, Any]
"""`types`: by column; `rows`."""

MACROS = {
    "attention_index_as_of": "FROM attention_index_as_of(DATE '2026-11-11')",
    "text_contexts": "FROM text_contexts('harbour|Hafen|港')",
    "share_interval": "SELECT share_interval(3, 40, 0.1) AS bounds",
    "article_files": "SELECT len(article_files()) AS files",
}
"""A query for each macro; another macro is not asked."""

VALUES_LEFT_OUT = {
    "extractor_version",  # a hash in 0.1.0, a number later
    "meaning",  # prose
}
"""Columns that must be there, but whose types and values are not compared."""
LATER_COLUMNS = {"95% interval", "its 95% interval", "with each"}
"""Columns that the report's tables have gained."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An unpacked data folder with its own sources, topics and saved pages beside it."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    def run(self, *words: object) -> str:
        """Run a command on the data folder; the value is its standard output."""
        given = [*map(str, words), *self.options(str(words[0]))]
        done = CliRunner().invoke(app, given, env={"COLUMNS": "120", "PRESSWATCH_DAYS": "utc"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, f"{given}: {done.output}"
        return done.stdout

    def options(self, command: str) -> list[str]:
        """The options of a command that name the files of this installation."""
        options = ["--data", str(self.data)]
        if command in ("ingest", "rebuild", "recount", "maintain"):
            options += ["--sources", str(self.root / "sources.toml")]
            options += ["--topics", str(self.root / "topics.toml")]
        return options

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published snapshot, as any reader opens it."""
        with duckdb.connect(self.data / "warehouse/current/news.duckdb", read_only=True) as con:
            # article_version_texts asks for it, as the folder was moved.
            con.execute(f"SET VARIABLE presswatch_data = '{self.data}'")
            con.execute("SET TimeZone = 'UTC'")
            yield con

    def all_answers(self) -> Answers:
        """What every relation and command answers."""
        schema = self.schema()
        relations = self.relations(schema)
        return {"schema": schema, "relations": relations, "commands": self.commands()}

    def schema(self) -> dict[str, list[str]]:
        """Columns of each relation, parameters of each macro."""
        found = json.loads(self.run("schema", "--json"))
        return {each["name"]: [column["name"] for column in each["columns"]] for each in found}

    def relations(self, schema: Mapping[str, Sequence[str]]) -> dict[str, Relation]:
        """Types and rows of these columns of each relation, or of what a macro gives."""
        with self.connected() as con:
            return {name: _relation(con, name, columns) for name, columns in schema.items()}

    def commands(self) -> dict[str, Any]:
        """What the commands print; words that are for people left out."""
        first = "SELECT raw_ref FROM articles WHERE kicker <> '' ORDER BY url_canonical LIMIT 1"
        _, raw_ref = self.run("sql", first, "--csv").splitlines()
        saved = self.root / "saved" / "trawler-appeal.earlier.html"
        pages = [*map(json.loads, self.run("extract", raw_ref, saved).splitlines())]
        for page in pages:
            del page["page"]  # where the folder lies
        tables = self.run("report", "--table").partition("A column a day")[0]
        return {
            "sql": self.run("sql", "FROM topic_monthly ORDER BY ALL"),
            "sql --csv": self.run("sql", "FROM mentions ORDER BY ALL", "--csv"),
            "sources health": self.run("sources", "health").splitlines()[1:],
            "report --table": [
                line for line in tables.splitlines() if "  articles  share" not in line
            ],
            "report": self._report(),
            "extract": pages,
        }

    def _report(self) -> list[str]:
        """The cells of the page's tables that 0.1 had: nothing of what was collected."""
        path = self.root / "report.html"
        self.run("report", "--out", path)
        cells = []
        for table in html.fromstring(path.read_bytes()).iter("table"):
            heads = [_text(cell) for cell in next(table.iter("tr"))]
            for row in table.iter("tr") if table.get("class") != "collected" else ():
                columns = zip(heads, row, strict=True)
                cells += [cell for head, cell in columns if head not in LATER_COLUMNS]
        return [_text(cell) for cell in cells if cell.tag == "td"]


def _text(element: html.HtmlElement) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _relation(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> Relation:
    rows = con.sql(MACROS.get(name, f"SELECT {', '.join(columns)} FROM {name}"))
    types = dict(zip(rows.columns, map(str, rows.types), strict=True))
    left_out = VALUES_LEFT_OUT & set(types)
    kept = ", ".join(column for column in types if column not in left_out)
    objects = rows.project(kept).set_alias("answer").project("to_json(answer)::VARCHAR")
    found = sorted(text for (text,) in objects.fetchall())
    return {"types": types | dict.fromkeys(left_out, ""), "rows": [*map(json.loads, found)]}
