"""Audit results of a topic, to be shown beside its shares.

Unsure verdicts count neither as yes nor as no, and so do articles on which readers differ; `bounds`
has the precision if all of these were no, or yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.questions.selection import COUNTING, counts_in, literal
from warehouse.read.query import has_table, records
from warehouse.stats.audits import Estimate, Unit, corrected_share, estimate, recall

Row = dict[str, Any]
# A definition that was changed and changed back has another version.
AUDITS_OF_TOPIC = """
    WITH versions AS (
        SELECT topic_id, topic_version, valid_to, (definition_hash, rules) AS definition
        FROM topics
    )
    SELECT audits.*, judged.definition,
           coalesce(judged.definition = counting.definition, false) AS is_current
    FROM audits
    LEFT JOIN versions AS judged USING (topic_id, topic_version)
    LEFT JOIN (FROM versions WHERE valid_to IS NULL) AS counting USING (topic_id)
    WHERE topic_id = ? AND yes + no > 0 ORDER BY drawn_at DESC, audit_id
"""


@dataclass(frozen=True, slots=True)
class Audited:
    """The last audit of a topic that has verdicts."""

    audit_id: str
    topic_version: int
    is_current: bool  # whether that definition still counts, be it as another version
    unsure: int
    sampled: int
    readers: tuple[str, ...]
    kappa: float | None
    precision: Estimate  # by article, for the articles that the sample was drawn from
    bounds: tuple[float, float]  # the precision if all unsure articles were no, or yes
    recall: Estimate | None  # None where no near misses were judged
    of_any: Estimate  # the precision as an estimate for any articles of the topic
    missed: Estimate | None  # the share of the articles without a mention that are about it
    # If another definition counts now: the precision of the articles that both count.
    still: Estimate | None

    @property
    def n(self) -> int:
        """The number of judged articles, without those on which readers are unsure."""
        return self.precision.n

    def __str__(self) -> str:
        text = f"audited n = {self.n}, precision {estimate_in_words(self.precision)}"
        if self.unsure:
            text += f", {self.unsure} unsure"
        if self.recall:
            text += f", recall at most {estimate_in_words(self.recall)}"
        return text if self.is_current else f"{text}, of definition {self.topic_version}"


def estimate_in_words(found: Estimate) -> str:
    """An estimate with its interval: .91 (.84 to .95)."""
    share, low, high = (
        f"{value:.2f}".removeprefix("0") if value < 0.995 else "1"
        for value in (found.share, found.low, found.high)
    )
    return f"{share} ({low} to {high})"


def audit_words(found: Audited | None) -> str:
    """The text shown beside a share of a topic."""
    return str(found) if found else "not audited"


def audited(con: duckdb.DuckDBPyConnection, topic_id: str) -> Audited | None:
    """The last audit of a topic that has a yes or a no; None without one."""
    if not has_table(con, "audits"):
        return None  # a snapshot of an earlier version
    rows = records(con, AUDITS_OF_TOPIC, [topic_id])
    last: dict[str, Row] = {}
    for row in rows:
        last.setdefault(row["kind"], row)
    if "precision" not in last:
        return None
    row, near_misses = last["precision"], last.get("near_miss")
    units = article_units(con, row["audit_id"])
    bounds = [
        _required(estimate(article_units(con, row["audit_id"], unsure=value))).share
        for value in ("no", "yes")
    ]
    recalled = missed = None
    precision = _required(estimate(units))
    # Near misses are only valid for the definition that they were drawn for.
    if near_misses and near_misses["definition"] == row["definition"]:
        near_units = article_units(con, near_misses["audit_id"])
        of_these = _required(estimate(near_units))
        recalled = recall(row["population"], precision, near_misses["population"], of_these)
        others = near_misses["counted"] - row["population"]
        of_near = _required(estimate(near_units, is_finite=False))
        part = near_misses["population"] / max(others, near_misses["population"])
        low, high = of_near.low * part, of_near.high * part
        missed = Estimate(of_near.share * part, low, high, of_near.n)
    return Audited(
        audit_id=row["audit_id"],
        topic_version=row["topic_version"],
        is_current=row["is_current"],
        unsure=row["unsure"],
        sampled=row["sampled"],
        readers=tuple(row["readers"]),
        kappa=row["kappa"],
        precision=precision,
        bounds=(bounds[0], bounds[1]),
        recall=recalled,
        of_any=_required(estimate(units, is_finite=False)),
        still=None if row["is_current"] else _current_estimate(con, topic_id, row["audit_id"]),
        missed=missed,
    )


def _current_estimate(
    con: duckdb.DuckDBPyConnection, topic_id: str, audit_id: str
) -> Estimate | None:
    counted = (
        "article_id IN (SELECT article_id FROM mentions"
        " JOIN articles USING (article_id, version_no)"
        f" JOIN {COUNTING} USING (topic_id)"
        f" WHERE topic_id = {literal(topic_id)} AND {counts_in('languages', 'language')})"
    )
    return estimate(article_units(con, audit_id, only=counted))


def _required(found: Estimate | None) -> Estimate:
    assert found is not None, "a sample with a yes or a no has an estimate"  # noqa: S101
    return found


def corrected(found: Audited | None, row: Mapping[str, Any]) -> Estimate | None:
    """The share of a row of `series`, corrected by an audit; None without an audit or articles.

    Assumes that the precision in the row's articles is that in the audited ones. An audit of a
    definition that no longer counts is not used.
    """
    if found is None or not found.is_current or row["share"] is None:
        return None
    raw = Estimate(row["share"], row["low"], row["high"])
    return corrected_share(raw, found.of_any, found.missed)


def article_units(
    con: duckdb.DuckDBPyConnection, audit_id: str, *, unsure: str = "unsure", only: str = "true"
) -> list[Unit]:
    """The articles of a sample to estimate from.

    Args:
        con: the snapshot.
        audit_id: the sample.
        unsure: yes or no, to count unsure articles as that.
        only: an SQL condition on audit_articles, for the articles to estimate.
    """
    rows = records(
        con,
        f"""SELECT stratum, weight, verdict IS NOT NULL AND verdict <> 'unsure' AS is_known,
               (is_known AND verdict = 'yes' AND is_asked)::INTEGER::DOUBLE AS hits,
               is_asked::INTEGER::DOUBLE AS asked
        FROM (SELECT * REPLACE (if(verdict = 'unsure', $unsure, verdict) AS verdict),
                     coalesce({only}, false) AS is_asked FROM audit_articles)
        WHERE audit_id = $audit_id ORDER BY article_no""",
        {"audit_id": audit_id, "unsure": unsure},
    )
    return [Unit(**row) for row in rows]


def mention_units(
    con: duckdb.DuckDBPyConnection, audit_id: str, alias: str | None = None
) -> list[Unit]:
    """The units to estimate from by mention, of one alias or of all.

    If an article has more mentions than were shown, the shown ones represent all.
    """
    rows = records(
        con,
        """SELECT stratum, weight, is_known, yes * mentions / shown AS hits,
               judged * mentions / shown AS asked
        FROM (
            SELECT stratum, weight, article_id, any_value(articles.mentions) AS mentions,
                   coalesce(articles.verdict IN ('yes', 'no'), false) AS is_known,
                   count(*) FILTER (is_asked AND mentions.verdict = 'yes') AS yes,
                   count(*) FILTER (is_asked AND mentions.verdict IN ('yes', 'no')) AS judged,
                   count(*) AS shown
            FROM audit_articles AS articles
            JOIN (SELECT *, $alias IS NULL OR alias = $alias AS is_asked FROM audit_mentions)
                AS mentions USING (audit_id, article_id)
            WHERE audit_id = $audit_id
            GROUP BY stratum, weight, articles.verdict, article_id
        )
        ORDER BY article_id""",
        {"alias": alias, "audit_id": audit_id},
    )
    return [Unit(**row) for row in rows]


def precision_by(con: duckdb.DuckDBPyConnection, audit_id: str, column: str) -> dict[str, Estimate]:
    """The precision by article, for each value of a column of audit_articles, the largest first."""
    values = con.execute(
        f"SELECT {column} FROM audit_articles WHERE audit_id = ? AND verdict IN ('yes', 'no')"
        " GROUP BY ALL ORDER BY sum(weight) DESC, 1",
        [audit_id],
    ).fetchall()
    found = {}
    for (value,) in values:
        has_value = f"{column} IS NOT DISTINCT FROM {literal(value) if value else 'NULL'}"
        if share := estimate(article_units(con, audit_id, only=has_value)):
            found[value or "unknown"] = share
    return found


def precision_by_mention(con: duckdb.DuckDBPyConnection, audit_id: str) -> Estimate | None:
    """The share of the mentions that are about the topic."""
    return estimate(mention_units(con, audit_id))


def precision_by_alias(con: duckdb.DuckDBPyConnection, audit_id: str) -> dict[str, Estimate]:
    """The precision of each alias by mention, the most mentions first."""
    rows = con.execute(
        "SELECT alias FROM audit_mentions WHERE audit_id = ? AND verdict IN ('yes', 'no')"
        " GROUP BY alias ORDER BY count(*) DESC, alias",
        [audit_id],
    ).fetchall()
    found = {alias: estimate(mention_units(con, audit_id, alias)) for (alias,) in rows}
    return {alias: share for alias, share in found.items() if share}
