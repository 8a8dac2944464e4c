"""The audits of topics in the loader's file, read again when their layer has new files."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from warehouse.build.checks_runner import run_checks
from warehouse.build.loader import Connection, insert, next_load, record_load, transaction
from warehouse.layers.audits import Audit, SampledArticle, Verdict, audit_files, read_audits
from warehouse.layers.findings import Finding, make_finding
from warehouse.layers.layout import Layout
from warehouse.read.query import has_table
from warehouse.stats.audits import Unit, closest_readers, estimate, kappa

Row = dict[str, Any]
# Columns of audit_articles that are fields of SampledArticle.
ARTICLE_FIELDS = [
    name for name in SampledArticle.__slots__ if name not in ("headline", "url", "hits", "text")
]
TABLES = ("audits", "audit_articles", "audit_mentions", "audit_verdicts", "audit_files")


def audits_differ(con: Connection, layout: Layout) -> bool:
    """Whether the set of files in the layer differs from the loaded one; files never change."""
    return _loaded(con) != audit_files(layout)


def lost_audit_files(con: Connection, layout: Layout) -> set[str]:
    """Files that were loaded and are gone; none if an earlier version made the loader's file."""
    return _loaded(con) - audit_files(layout) if has_table(con, "audit_files") else set()


def changed_audit_files(con: Connection, layout: Layout) -> Iterator[Finding]:
    """Files whose content differs from the loaded one, though files never change."""
    for name, content in con.execute("SELECT path, content FROM audit_files").fetchall():
        path = layout.root / name
        if path.exists() and path.read_bytes() != content.encode():
            yield make_finding("audit", path, "is damaged: not what the warehouse has")


def _loaded(con: Connection) -> set[str]:
    return {path for (path,) in con.execute("SELECT path FROM audit_files").fetchall()}


def follow_audits(con: Connection, layout: Layout, now: datetime) -> bool:
    """Load new verdicts as a load of its own; return whether there were any.

    The caller holds the writer's lock.
    """
    if not audits_differ(con, layout):
        return False
    with transaction(con):
        set_audits(con, layout)
        record_load(con, next_load(con, layout), now, (), ())
        run_checks(con, "audit_weights")
    return True


def set_audits(con: Connection, layout: Layout) -> None:
    """Replace all rows of audits by the content of the layer, if its files have changed."""
    if not audits_differ(con, layout):
        return
    # Listed before they are read: a verdict written in between is noticed by the next load.
    names = sorted(audit_files(layout))
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for audit in read_audits(layout):
        for table, added in _rows(audit).items():
            rows[table] += added
    rows["audit_files"] = [
        {"path": name, "content": (layout.root / name).read_text(encoding="utf-8")}
        for name in names
    ]
    for table in TABLES:
        con.execute(f"DELETE FROM {table}")  # noqa: S608
        insert(con, table, rows[table])


def _rows(audit: Audit) -> dict[str, list[Row]]:
    sample, current = audit.sample, audit.current
    verdicts: dict[str, list[Verdict]] = {article.article_id: [] for article in sample.articles}
    for (article_id, _), verdict in current.items():
        verdicts.setdefault(article_id, []).append(verdict)
    answers = {
        article_id: _joint_verdict({verdict.answer for verdict in article_verdicts})
        for article_id, article_verdicts in verdicts.items()
    }
    key = {"audit_id": sample.audit_id}
    articles = [
        key
        | {"article_no": number, "verdict": answers[article.article_id]}
        | {name: getattr(article, name) for name in ARTICLE_FIELDS}
        for number, article in enumerate(sample.articles)
    ]
    mentions = []
    for article in sample.articles:
        article_verdicts = verdicts[article.article_id]
        for number, hit in enumerate(article.hits):
            agreed = _joint_verdict(
                {
                    "no"
                    if reader_verdict.answer == "yes" and number in reader_verdict.false_hits
                    else reader_verdict.answer
                    for reader_verdict in article_verdicts
                }
            )
            row = {"article_id": article.article_id, "mention_no": number, "verdict": agreed}
            mentions.append(key | row | asdict(hit))
    judged = [
        key
        | {"article_id": verdict.article_id, "reader": reader, "verdict": verdict.answer}
        | {"false_mentions": list(verdict.false_hits), "judged_at": verdict.judged_at}
        | {"is_current": current.get((verdict.article_id, reader)) is verdict}
        for reader, verdict in audit.verdicts
    ]
    return {
        "audits": [_summary(audit, answers)],
        "audit_articles": articles,
        "audit_mentions": mentions,
        "audit_verdicts": judged,
    }


def _joint_verdict(answers: set[str]) -> str | None:
    """The verdict of all readers: unsure where they differ; None where nobody judged."""
    if not answers:
        return None
    return answers.pop() if len(answers) == 1 else "unsure"


def _summary(audit: Audit, answers: Mapping[str, str | None]) -> Row:
    sample = audit.sample
    units = [
        Unit(
            article.stratum,
            article.weight,
            is_known=answers[article.article_id] in ("yes", "no"),
            hits=float(answers[article.article_id] == "yes"),
        )
        for article in sample.articles
    ]
    share = estimate(units)
    counts = {name: list(answers.values()).count(name) for name in ("yes", "no", "unsure")}
    pairs = closest_readers({key: verdict.answer for key, verdict in audit.current.items()})
    of_sample = ("audit_id", "topic_id", "topic_version", "kind", "seed", "drawn_at")
    names = (*of_sample, "load_no", "population", "counted")
    return (
        {name: getattr(sample, name) for name in names}
        | {"sampled": len(sample.articles), "judged": sum(counts.values())}
        | counts
        | {"share_yes": share and share.share, "low": share and share.low}
        | {"high": share and share.high, "readers": list(audit.readers), "kappa": kappa(pairs)}
    )
