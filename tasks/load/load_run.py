"""Loads runs: partition into Parquet, load the warehouse, count topics, run the checks."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tasks.load.count_topics import count_topics
from tasks.partition.partitions import Run, partition
from tasks.partition.versions import known_versions
from tasks.settings import Limits
from tasks.sources.source import Source
from tasks.topics.topic import Topic
from warehouse.build import loader, mart_refresh
from warehouse.build.article_texts_view import point_texts, texts_fit
from warehouse.build.checks_runner import run_checks
from warehouse.build.index_vintages import begin_vintage
from warehouse.build.loaded_audits import audits_differ, set_audits
from warehouse.build.loaded_definitions import (
    KEPT_RULES,
    Rules,
    begin_changes,
    definitions_differ,
    keep_changes,
    note_replaced,
    replaced_topics,
    set_breaker_rule,
    set_definitions,
    set_rules,
)
from warehouse.build.loader import Connection
from warehouse.build.publish import publish_locked
from warehouse.build.schema_version import refuse_newer_writer
from warehouse.build.writer_file import allow_all_history, drop_writer, use_all_cores
from warehouse.damage.database_findings import lacking_histories
from warehouse.damage.layer_findings import (
    changed_files,
    require_vintages,
    require_whole_layers,
)
from warehouse.layers.commits import (
    Commit,
    committed_runs,
    layer_files,
    read_commit,
    read_commits,
    warc_name,
)
from warehouse.layers.definitions import Definitions, update_definitions
from warehouse.layers.findings import LayersBroken
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import sweep
from warehouse.read.source_health import BreakerRule, stored_rule
from warehouse.store.link import is_working_copy
from warehouse.store.working_copy import Step, pulled_and_pushed, run_step

OnWait = Callable[[str], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did."""

    load_no: int | None = None  # number of the load; None when nothing was new or changed
    run_ids: tuple[str, ...] = ()  # runs loaded, in order
    outcomes: Mapping[str, int] = field(default_factory=dict)  # captures of these runs by outcome
    mentions: int = 0  # mentions counted in the new articles
    recounted: tuple[str, ...] = ()  # new and changed topics, counted over earlier articles
    removed: tuple[str, ...] = ()  # topics that are no longer counted
    # Archive files that were not loaded: their run was committed without them.
    late: tuple[Path | str, ...] = ()

    @property
    def articles(self) -> int:
        """New articles."""
        return self.outcomes.get("article", 0)

    @property
    def revised(self) -> int:
        """New versions of known articles."""
        return self.outcomes.get("revised", 0)

    def __add__(self, later: "LoadReport") -> "LoadReport":
        """The sum of this load and a later one."""
        return LoadReport(
            later.load_no or self.load_no,
            tuple(dict.fromkeys(self.run_ids + later.run_ids)),
            dict(sorted((Counter(self.outcomes) + Counter(later.outcomes)).items())),
            self.mentions + later.mentions,
            tuple(sorted({*self.recounted, *later.recounted})),
            tuple(sorted({*self.removed, *later.removed})),
            self.late + later.late,
        )


def load(
    layout: Layout,
    topics: Sequence[Topic],  # all topics to count, not only changed ones
    sources: Sequence[Source],  # all configured sources, not only those of the runs
    runs: Iterable[Run] = (),
    *,
    limits: Limits | None = None,  # when runs skip a failing source; None keeps the earlier rule
    latest_rules: bool = False,  # recount topics that are counted by earlier matching rules
    rules: Rules = KEPT_RULES,  # by which marts are made; None keeps the earlier rule
    now: datetime | None = None,  # the clock, for the record of the load and validity of topics
    processes: int | None = None,  # at most, for counting topics; None is one for each core
    waiting: OnWait = lambda message: None,  # called when another process has to finish first
    step: Step = run_step,  # with a store, runs the pull before the load and the push after it
) -> LoadReport:
    """Partition the runs and load all commits that are not loaded yet, in one transaction.

    New and changed topics are counted again over all history. A run, or a part of one, that has a
    commit is not partitioned again. After CheckFailed the warehouse is unchanged; the next good
    load loads the commits as well.
    """
    with pulled_and_pushed(layout, waiting, step):
        return _load(
            *(layout, topics, sources, runs, limits, now, processes),
            rules=rules,
            latest_rules=latest_rules,
        )


def rebuild_warehouse(
    layout: Layout,
    topics: Sequence[Topic],
    sources: Sequence[Source],
    *,
    limits: Limits | None = None,
    rules: Rules = KEPT_RULES,
    processes: int | None = None,
    waiting: OnWait = lambda message: None,
    step: Step = run_step,
) -> LoadReport:
    """Build the warehouse from the committed Parquet files, check and publish it.

    LayersBroken, and nothing is changed, unless all of them are as they were committed.
    """
    with pulled_and_pushed(layout, waiting, step):
        refuse_newer_writer(layout)
        sweep(layout)
        require_whole_layers(layout)
        if not is_working_copy(layout):
            require_vintages(layout)
        drop_writer(layout)
        report = _load(layout, topics, sources, (), limits, None, processes, rules=rules)
        publish_locked(layout)
    return report


def publish_all(
    layout: Layout,
    topics: Sequence[Topic],
    sources: Sequence[Source],
    *,
    limits: Limits | None = None,
    rules: Rules = KEPT_RULES,
    processes: int | None = None,
    waiting: OnWait = lambda message: None,
    step: Step = run_step,
) -> Path | None:
    """Publish the last load, with the commits that other machines have added to the store since.

    Returns the new snapshot's file; None when there was nothing new to publish.
    """
    with pulled_and_pushed(layout, waiting, step):
        if is_working_copy(layout) and loader.lacks_commits(layout):
            _load(layout, topics, sources, (), limits, None, processes, rules=rules)
        return publish_locked(layout)


def _load(
    layout: Layout,
    topics: Sequence[Topic],
    sources: Sequence[Source],
    runs: Iterable[Run],
    limits: Limits | None,
    now: datetime | None,
    processes: int | None,
    *,
    rules: Rules = KEPT_RULES,
    latest_rules: bool = False,
) -> LoadReport:
    sweep(layout)
    now = now or datetime.now(UTC)
    with loader.open_writer(layout) as con, loader.transaction(con):
        loader.update_relations(con)
        # Without these histories, the numbers of known versions would be assigned again.
        if not is_working_copy(layout) and (lacking := list(lacking_histories(layout, con))):
            raise LayersBroken(lacking)
        described = [source.definition for source in sources]
        definitions = update_definitions(layout, topics, described, now, latest_rules=latest_rules)
        loader.begin_load(con)
        begin_changes(con, layout)
        is_redefined = definitions_differ(con, definitions) | set_rules(con, rules)
        if is_redefined:
            # More memory for DuckDB: a changed definition or rule affects all history.
            allow_all_history(con)
            if con.execute(f"FROM articles LIMIT 1 OFFSET {loader.MANY_ROWS}").fetchall():
                use_all_cores(con)
        commits, late = _add_runs(con, layout, runs)
        kept, given = stored_rule(con), limits or Limits()
        rule = BreakerRule(given.failures_to_skip, given.first_skip, given.longest_skip)
        rule = kept if kept and not limits else rule
        is_new = commits or is_redefined or audits_differ(con, layout)
        if not is_new and rule == kept and texts_fit(con, layout):
            return LoadReport(late=late)
        fresh = layer_files(layout, commits, "articles")
        load_no = loader.next_load(con, layout)
        note_replaced(con, definitions, replaced_topics(con, layout, definitions), load_no)
        mentions, recounted, removed = count_topics(con, layout, definitions, fresh, processes)
        _update_tables(con, layout, definitions, rule, now)
        run_ids = tuple(dict.fromkeys(commit.run_id for commit in commits))
        loader.record_load(con, load_no, now, run_ids, recounted)
        # Changed topics, sources and rules affect all history, new runs only their own rows.
        run_checks(con, whole=is_redefined)
        keep_changes(con, layout)
    totals = sum((Counter(commit.totals) for commit in commits), Counter[str]())
    outcomes = dict(sorted(totals.items()))
    return LoadReport(load_no, run_ids, outcomes, mentions, recounted, removed, late)


def _update_tables(
    con: Connection, layout: Layout, definitions: Definitions, rule: BreakerRule, now: datetime
) -> None:
    """Update the tables that are not read from the files of runs: settings, audits, marts."""
    set_definitions(con, definitions)
    _warn_of_changed_zones(con)
    set_audits(con, layout)
    begin_vintage(con, layout, now)
    mart_refresh.refresh(con)
    point_texts(con, layout)
    set_breaker_rule(con, rule)


def _warn_of_changed_zones(con: Connection) -> None:
    """Say of which sources the articles' times were read by the clock of another time zone."""
    changed = con.execute(
        "SELECT source_id FROM source_definitions AS defined JOIN sources USING (source_id)"
        " SEMI JOIN articles USING (source_id) WHERE defined.timezone <> sources.timezone"
        " ORDER BY source_id"
    ).fetchall()
    for (source_id,) in changed:
        log.warning(
            "%s: the time zone has changed; times that its pages print without an offset stay as"
            " they were read until presswatch rebuild articles",
            source_id,
        )


def _add_runs(
    con: Connection, layout: Layout, runs: Iterable[Run]
) -> tuple[list[Commit], tuple[Path | str, ...]]:
    """Load earlier commits, then partition and load the runs, numbered after them."""
    new = sorted(runs, key=lambda run: run.run_id)
    to_load = set(committed_runs(layout.commits)) - loader.loaded_commits(con)
    commits = read_commits(layout.commits, sorted(to_load))
    if commits and not loader.loaded_commits(con):
        # All commits are loaded again.
        require_whole_layers(layout, {run.run_id for run in new})
    elif changed := list(changed_files(layout, commits)):
        raise LayersBroken(changed)
    loader.add_commits(con, layout, commits)
    last = loader.last_sequence(con)
    late: list[Path | str] = []
    # One after another: version numbers depend on all earlier commits.
    for run in new:
        done = read_commit(layout.commits, run.commit_id)
        if done:
            warcs = (batch.warc for batch in run.batches)
            late += [warc for warc in warcs if warc_name(layout, warc) not in done.warcs]
        elif commit := partition(layout, run, partial(known_versions, con), sequence=last + 1):
            last = commit.sequence
            commits.append(commit)
            loader.add_commits(con, layout, [commit])
    return commits, tuple(late)
