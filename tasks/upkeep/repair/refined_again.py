"""The rows of a commit's archive files, refined again, with their original versions."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pyarrow as pa

from tasks.model import Batch, Outcome
from tasks.partition.partitions import by_day, read_staged
from tasks.partition.versions import KnownVersions, VersionVerdict, judge_versions
from tasks.upkeep.repair.lost_articles import NEW
from warehouse.layers.commits import run_of_commit
from warehouse.layers.layout import Layout
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA


class RefinedAgain:
    """The rows staged from those archive files of a commit that exist and can be read."""

    def __init__(self, layout: Layout, name: str, batches: Sequence[Batch]) -> None:
        folders, run_id = [batch.stage for batch in batches], run_of_commit(name)
        self.captures = read_staged(folders, run_id, "captures", CAPTURE_SCHEMA).combine_chunks()
        self.articles = read_staged(folders, run_id, "articles", ARTICLE_SCHEMA)
        self.stripped = read_staged(folders, run_id, "stripped_blocks", STRIPPED_SCHEMA)
        self.verdicts: dict[UUID, VersionVerdict] = {}
        self._order: list[int] = []

    def judge(
        self,
        original: pa.Table,
        loaded: Mapping[UUID, Mapping[str, Any]],
        known: Callable[[Collection[UUID]], Mapping[UUID, KnownVersions]],
    ) -> None:
        """Give each article the verdict of its run: looked up by capture, else judged again."""
        new = {row["capture_id"] for row in original.to_pylist() if row["outcome"] in NEW}
        # To judge, all earlier commits have to be read.
        ids = (
            set() if new and new <= loaded.keys() else set(self.articles["article_id"].to_pylist())
        )
        self._order, self.verdicts = judge_versions(self.articles, known(ids) if ids else {})
        columns = ["capture_id", "outcome", "version_no"]
        for row in original.select(columns).to_pylist():
            verdict = self.verdicts.get(row["capture_id"])
            if verdict and row["version_no"]:
                seen = loaded.get(row["capture_id"], {}).get("first_seen_at")
                self.verdicts[row["capture_id"]] = VersionVerdict(
                    Outcome(row["outcome"]), row["version_no"], seen or verdict.first_seen_at
                )
            elif verdict:  # today's rules find an article where the run found none
                self.verdicts[row["capture_id"]] = verdict._replace(outcome=Outcome.UNCHANGED)

    def versions(self, without: Collection[UUID]) -> dict[date | None, Callable[[], pa.Table]]:
        """For each day, a function that returns its new versions, except those of some captures."""
        ids = self.articles["capture_id"].to_pylist()
        order = [at for at in self._order if ids[at] not in without]
        return by_day(self.articles, order, self.verdicts)
