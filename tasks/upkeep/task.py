"""The Prefect tasks of upkeep: compact, remove, verify; rebuild articles, repair."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.installation import Installation
from tasks.partition.partitions import Run
from tasks.progress import stage
from tasks.text.counted import counted
from tasks.upkeep.compaction import Compacted, compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.repair.repair import repair
from tasks.upkeep.repair.report import Repaired
from tasks.upkeep.repair.restored_rows import Refine
from tasks.upkeep.retention import drop_archives, drop_leftovers, drop_snapshots
from tasks.upkeep.verification import Verified, verify
from warehouse.layers.commits import Commit
from warehouse.layers.findings import MAX_LISTED, Finding
from warehouse.store.unreferenced_objects import drop_unreferenced

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """The removed files and objects."""

    snapshots: tuple[Path, ...] = ()
    replaced: tuple[Path, ...] = ()
    archives: tuple[Path, ...] = ()
    leftovers: tuple[Path, ...] = ()
    objects: tuple[str, ...] = ()  # of the store, where there is one

    def __str__(self) -> str:
        counts = {
            "snapshot": self.snapshots,
            "replaced file": self.replaced,
            "archive file": self.archives,
            "leftover": self.leftovers,
            "stored object": self.objects,
        }
        removed = (counted(len(paths), what) for what, paths in counts.items() if paths)
        return ", ".join(removed) or "nothing"


@task(name="compact", cache_policy=NO_CACHE)
@stage("compact")
def compact_days(installation: Installation, now: datetime) -> Compacted:
    """Merge the files of each closed day, and publish the new places of rows."""
    closed = now.date() - timedelta(days=installation.settings.upkeep.compact_after_days)
    done = compact(installation.layout, closed)
    snapshot = publish_files(installation.layout)
    log.info("compacted: %s%s", done, f"; published {snapshot}" * bool(snapshot))
    return done


@task(name="remove", cache_policy=NO_CACHE)
@stage("remove")
def remove_old(installation: Installation, now: datetime) -> Removed:
    """Remove old snapshots, replaced files, archives beyond the limits, and leftovers."""
    layout, upkeep = installation.layout, installation.settings.upkeep
    leftovers_before = now - timedelta(hours=upkeep.keep_leftovers_hours)
    removed = Removed(
        tuple(drop_snapshots(layout, now - timedelta(days=upkeep.keep_snapshots_days))),
        tuple(drop_retired(layout, now - timedelta(hours=upkeep.keep_replaced_hours))),
        tuple(drop_archives(layout, upkeep.keep_raw_days, upkeep.keep_raw_megabytes, now=now)),
        tuple(drop_leftovers(layout, leftovers_before)),
        tuple(drop_unreferenced(layout, leftovers_before)),
    )
    log.info("removed: %s", removed)
    return removed


@task(name="verify", cache_policy=NO_CACHE)
@stage("verify")
def verify_layers(installation: Installation) -> Verified:
    """Verify every file, archive reference and check; change nothing."""
    done = verify(installation.layout)
    log.info("verified: %s", done)
    for finding in done.findings[:MAX_LISTED]:
        log.error("%s", finding)
    return done


@task(name="rebuild articles", task_run_name="rebuild articles", cache_policy=NO_CACHE)
@stage("rebuild articles")
def rebuild_layers(
    installation: Installation, refine: Callable[[Commit], Run | None]
) -> list[Finding]:
    """Rebuild the Parquet layers from the raw archive; returns the damaged records that are lost.

    `refine` refines a commit's archive files again.
    """
    layout = installation.layout
    commits, lost = rebuild_articles(layout, refine)
    for commit in commits:
        shutil.rmtree(layout.stage / commit.run_id, ignore_errors=True)
    return lost


# Not retried: a second attempt would not name the files that the first one moved away.
@task(name="repair", task_run_name="repair", cache_policy=NO_CACHE, retries=0)
@stage("repair")
def repair_layers(
    installation: Installation, refine: Refine, load: Callable[[Sequence[str]], object]
) -> Repaired:
    """Repair damaged files, and quarantine those that cannot be repaired.

    `refine` stages the rows of a commit, `load` loads runs of which only archives remain.
    """
    return repair(installation.layout, refine, load, log.info)
