"""The Prefect task that refines the sources of a run, each once it is collected."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from queue import SimpleQueue

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.collect.activity import Activity
from tasks.collect.collector import Collected
from tasks.collect.task import SharedCollection
from tasks.installation import Installation
from tasks.process_pool import PagePool
from tasks.progress import stage
from tasks.refine.refine_source import RefinedSource, refine_source

# Sources refined in parallel: each holds in memory refined pages that wait for earlier ones.
MAX_AT_ONCE = 20


@task(name="refine", task_run_name="refine", cache_policy=NO_CACHE)
def refine_sources(
    installation: Installation,
    run_id: str,
    pool: PagePool,
    activity: Activity,
    shared: SharedCollection,
    refined: "SimpleQueue[RefinedSource]",
) -> None:
    """Extract, clean and normalise the pages of each source, until the last source is collected."""

    def refine(one: Collected) -> None:
        with stage("refine"), activity.show(one.source_id, "refines its pages"):
            refined.put(refine_source(installation, run_id, one, pool))

    with ThreadPoolExecutor(MAX_AT_ONCE) as threads:
        # Threads run in the task's context, so that their log lines appear on the run's page.
        futures = [
            threads.submit(copy_context().run, refine, one) for one in shared.collected_sources()
        ]
    for future in futures:
        future.result()
