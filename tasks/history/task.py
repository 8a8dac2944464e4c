"""The Prefect task that fetches the history of a source."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from tasks.history.visit import Job, Place, SourceHistory, collect_history
from tasks.progress import stage
from tasks.sources.source import Source


class Histories:
    """What the tasks of one run share: the job, and where pages may be."""

    # Not a dataclass: Prefect searches the fields of dataclass arguments for futures.

    def __init__(self, job: Job, places: tuple[Place, ...]) -> None:
        self.job, self.places = job, places


# Not retried: the next run goes on where this one stopped.
@task(task_run_name="history of {source_id}", cache_policy=NO_CACHE, retries=0)
@stage("collect")
def fetch_history(source_id: str, source: Source, shared: Histories) -> SourceHistory:
    """Find, fetch and archive what a source published on days that were not collected.

    The task fails when the source does; its state then holds the result.
    """
    found = collect_history(shared.job, source, shared.places)
    if error := found.collected.error:
        return Failed(message=f"{source_id}: {error}", data=found)  # type: ignore[return-value]
    return found
