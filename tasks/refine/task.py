"""The Prefect tasks that refine archive files: those of a run's sources, or of earlier runs."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from tasks.collect.collector import Collected
from tasks.collect.current_waits import CurrentWaits
from tasks.installation import Installation
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.progress import stage
from tasks.refine.refine_source import RefinedSources, refine_source
from tasks.refine.run_archives import refine_archives, uncommitted_archives
from warehouse.layers.commits import next_part

# Sources refined in parallel: each holds in memory refined pages that wait for earlier ones.
MAX_AT_ONCE = 20


@task(name="refine", task_run_name="refine", cache_policy=NO_CACHE)
def refine_sources(
    installation: Installation,
    run_id: str,
    pool: PagePool,
    waits: CurrentWaits,
    collected: Iterable[Collected],
    refined: RefinedSources,
) -> list[str]:
    """Extract, clean and normalise the pages of each source, until the last source is collected.

    A retry reads `collected` from its beginning, and omits what is `refined`. The task fails when
    no source could be refined; it returns the ids of those that could not, or its state holds them.
    """

    def refine(one: Collected) -> None:
        if refined.lacks(one.source_id):
            with stage("refine"), waits.show(one.source_id, "refines its pages"):
                refined.put(refine_source(installation, run_id, one, pool))

    with ThreadPoolExecutor(MAX_AT_ONCE) as threads:
        # Threads run in the task's context, so that their log lines appear on the run's page.
        futures = {
            one.source_id: threads.submit(copy_context().run, refine, one) for one in collected
        }
    for future in futures.values():
        future.result()
    done = [refined.by_id[source_id] for source_id in futures]
    failed = [one.collected.source_id for one in done if one.is_failed]
    if failed and not any(one.batch for one in done):
        error = refined.by_id[failed[0]].collected.error
        message = f"no source could be refined ({', '.join(failed)}); {error}"
        return Failed(message=message, data=failed)  # type: ignore[return-value]
    return failed


@task(name="refine", task_run_name="refine without commit", cache_policy=NO_CACHE)
@stage("refine")
def refine_uncommitted(
    installation: Installation, run_ids: Sequence[str], pool: PagePool
) -> list[Run]:
    """Refine those archive files of runs that no commit names."""
    layout, runs = installation.layout, list[Run]()
    for run_id in run_ids:
        names, part = uncommitted_archives(layout, run_id), next_part(layout.commits, run_id)
        if run := refine_archives(installation, run_id, names, pool, part):
            runs.append(run)
    return runs
