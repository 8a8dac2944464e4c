"""Samples as CSV for a spreadsheet, and the verdicts that come back in it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tasks.audit.judging import ANSWERS, checked_reader
from tasks.text.csv_cells import as_cell, text_of
from warehouse.layers.atomic_write import whole_file
from warehouse.layers.audits import Answer, Audit, SampledArticle, Verdict, write_verdicts
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

READ = ("audit_id", "article_id", "verdict", "false_mentions", "reader")
COLUMNS = (
    *("audit_id", "article_no", "article_id", "published_date", "source_id", "language"),
    *("headline", "url", "text", "mentions", "verdict", "false_mentions", "reader"),
)
REQUIRED = ("audit_id", "article_id", "verdict")
ANSWER_OF: dict[str, Answer] = {text: each for each in ANSWERS for text in (each, each[0])}
ANSWER_OF["?"] = "unsure"


@dataclass(slots=True)
class ImportedVerdicts:
    """The result of an import."""

    taken: int = 0
    unchanged: int = 0  # judged the same before
    empty: int = 0  # rows without a verdict
    problems: list[str] = field(default_factory=list)  # one a row: file, line, what is wrong


def export_csv(audits: list[Audit], reader: str, path: Path) -> int:
    """Write the articles of samples with the reader's verdicts so far; returns their number."""
    rows = []
    for audit in audits:
        for number, article in enumerate(audit.sample.articles, 1):
            verdict = audit.current.get((article.article_id, reader))
            contexts = (
                f"{at}. {hit.context_left}[{hit.matched_text}]{hit.context_right}"
                for at, hit in enumerate(article.hits, 1)
            )
            cells = [
                *(audit.sample.audit_id, str(number), article.article_id),
                *(str(article.published_date), article.source_id, article.language or ""),
                *(article.headline, article.url, article.text, "\n".join(contexts)),
                verdict.answer if verdict else "",
                " ".join(str(each + 1) for each in verdict.false_hits) if verdict else "",
                reader,
            ]
            rows.append([*map(as_cell, cells)])
    with whole_file(path) as place, place.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    return len(rows)


def import_csv(
    layout: Layout, audits: list[Audit], path: Path, reader: str, *, for_all_rows: bool = False
) -> ImportedVerdicts:
    """Take the verdicts of a CSV file, whose columns may be in any order.

    They are those of the reader that a row names; of `reader` if it names none, or `for_all_rows`.
    Rows with the verdict that is there already change nothing, so a file can be imported again. A
    row that is wrong is left out and named in `problems`; the others count. QueryError where the
    file cannot be read at all.
    """
    by_id = {audit.sample.audit_id: audit for audit in audits}
    articles = {
        (name, one.article_id): one
        for name, audit in by_id.items()
        for one in audit.sample.articles
    }
    result, now = ImportedVerdicts(), datetime.now(UTC)
    verdicts: dict[tuple[str, str], dict[str, Verdict]] = {}
    for line, row in _rows(path):
        try:
            if not row["verdict"]:
                result.empty += 1
                continue
            audit_id, article_id = row["audit_id"], row["article_id"].lower()
            judge = checked_reader((not for_all_rows and row["reader"]) or reader)
            article = articles.get((audit_id, article_id))
            if audit_id not in by_id:
                raise QueryError(f"audit_id: no sample {audit_id!r} of this topic")
            if article is None:
                raise QueryError(f"article_id: the sample has no article {article_id!r}")
            given = verdicts.setdefault((audit_id, judge), {})
            if article_id in given:
                raise QueryError(f"article_id: {article_id} stands in an earlier line as well")
            given[article_id] = _verdict(row, article, now)
        except QueryError as error:
            result.problems.append(f"{path}:{line}: {error}")
    for (audit_id, judge), given in verdicts.items():
        current = by_id[audit_id].current
        new = [
            one
            for one in given.values()
            if _judgement(current.get((one.article_id, judge))) != _judgement(one)
        ]
        write_verdicts(layout, audit_id, judge, new)
        result.taken += len(new)
        result.unchanged += len(given) - len(new)
    return result


def verdict_file(path: Path) -> str:
    """The text of a CSV file for `import_csv`; QueryError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise QueryError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise QueryError(f"{path} cannot be read: not UTF-8 at byte {error.start}") from None


def _judgement(verdict: Verdict | None) -> tuple[str, tuple[int, ...]] | None:
    return (verdict.answer, verdict.false_hits) if verdict else None


def _verdict(row: dict[str, str], article: SampledArticle, now: datetime) -> Verdict:
    answer = ANSWER_OF.get(row["verdict"].lower())
    if answer is None:
        raise QueryError(f"verdict: must be yes, no or unsure, got {row['verdict']!r}")
    numbers = re.split(r"[\s,;]+", row["false_mentions"]) if row["false_mentions"] else []
    hits = len(article.hits)
    if wrong := [each for each in numbers if not each.isdecimal() or not 0 < int(each) <= hits]:
        raise QueryError(f"false_mentions: there is no mention {wrong[0]!r}; there are {hits}")
    false = tuple(sorted({int(each) - 1 for each in numbers})) if answer == "yes" else ()
    return Verdict(article_id=article.article_id, answer=answer, judged_at=now, false_hits=false)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by column, each with the line on which it begins."""
    text = verdict_file(path)
    head = text.partition("\n")[0]
    # A spreadsheet writes the separator of its language.
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip().lower() for name in next(reader, [])]
    if lacking := [name for name in REQUIRED if name not in names]:
        raise QueryError(f"{path}:1: no column {lacking[0]!r}; `--export` writes one that fits")
    line = reader.line_num + 1
    try:
        for cells in reader:
            row = dict(zip(names, (text_of(cell).strip() for cell in cells), strict=False))
            if any(row.values()):
                yield line, dict.fromkeys(READ, "") | row
            line = reader.line_num + 1
    except csv.Error as error:
        raise QueryError(f"{path}:{line}: {error}") from None
