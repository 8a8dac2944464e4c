"""The repair job: make what is damaged again from a neighbouring layer, without the network."""

import logging
import shutil
from functools import partial

from prefect.artifacts import create_markdown_artifact

from flows.rebuild import load_uncommitted
from flows.runs.installation import open_for_run
from flows.runs.presswatch_flow import completed, presswatch_flow
from tasks.backfill.selection import Selection
from tasks.backfill.shard_processes import ShardPool, shard_pool
from tasks.backfill.shard_runs import Place, refine_again
from tasks.backfill.shards import FLOW
from tasks.installation import Installation
from tasks.model import Batch
from tasks.process_pool import PagePool, page_pool
from tasks.refine.refine_source import refine_run_archive
from tasks.refine.run_archives import found_archives
from tasks.report.task import report_or_warn
from tasks.upkeep.repair.report import Repaired
from tasks.upkeep.task import repair_layers
from warehouse.layers.commits import Commit

log = logging.getLogger(__name__)


@presswatch_flow("repair")
def repair(sources_file: str = "", topics_file: str = "", data: str = "") -> Repaired:
    """Repair what verification finds damaged, from the layers beside it.

    What cannot be repaired is moved to the quarantine and named; the days of lost articles become
    missing. Without the network.
    """
    installation = open_for_run(sources_file, topics_file, data)
    installation.require_data()

    with (
        page_pool(installation.settings) as pool,
        shard_pool(installation.settings.processes) as shards,
    ):
        refine = partial(refine_commit, installation, pool, shards)
        load = partial(load_uncommitted, installation, pool=pool)
        repairing = repair_layers(installation, refine, load, return_state=True)
        done = repairing.result()
    create_markdown_artifact(key="repair-ledger", markdown=ledger(done))
    if done.repaired or done.lost:
        report_or_warn(installation, "", [repairing])
    return completed(str(done), done)


def refine_commit(
    installation: Installation, pool: PagePool, shards: ShardPool, commit_id: str, commit: Commit
) -> list[Batch]:
    """Stage the rows of a commit's archive files, if they exist, below `stage/<run_id>`."""
    layout = installation.layout
    shutil.rmtree(layout.stage / commit.run_id, ignore_errors=True)
    if commit.flow == FLOW:
        sources, topics = installation.sources, installation.topics
        place = Place(layout, sources, topics, installation.settings, Selection())
        run = refine_again(place, commit, shards)
        return list(run.batches) if run else []
    batches = []
    for path in found_archives(layout, commit.warcs):
        try:
            batches.append(refine_run_archive(installation, commit.run_id, path, pool))
        except (OSError, ValueError) as error:
            log.warning("commit %s is made again without %s: %s", commit_id, path, error)
    return batches


def ledger(done: Repaired) -> str:
    """What was done, as Markdown."""
    lines = [f"| `{file}` | {what} |" for file, what in (done.lost | done.repaired).items()]
    return "\n".join([f"{done}", "", *(["| file | |", "|---|---|"] if lines else []), *lines])
