"""The Prefect task that fetches the history of a source."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.history.visit import Job, Place, SourceHistory, collect_history
from tasks.progress import stage
from tasks.sources.source import Source


class Histories:
    """What the tasks of one run share: the job, and where pages may be."""

    # Not a dataclass: Prefect searches the fields of dataclass arguments for futures.

    def __init__(self, job: Job, places: tuple[Place, ...]) -> None:
        self.job, self.places = job, places


@task(task_run_name="history of {source_id}", cache_policy=NO_CACHE)
@stage("collect")
def fetch_history(source_id: str, source: Source, shared: Histories) -> SourceHistory:
    """Find, fetch and archive what a source published on days that were not collected."""
    return collect_history(shared.job, source, shared.places)
