"""What refines the shards of a backfill: processes of this machine, or a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.backfill.shard_processes import ShardPool, shard_pool
from tasks.collect.collector import SourcesFailed
from tasks.settings import ConfigError, Settings

if TYPE_CHECKING:
    from tasks.backfill.dask_cluster import Cluster

CONNECT_SECONDS = 10  # to the scheduler


@contextmanager
def refining(settings: Settings, processes: int = 0) -> "Iterator[ShardPool | Cluster]":
    """Processes of this machine, or the cluster that PRESSWATCH_DASK names.

    Raises:
        ConfigError: Dask is not installed.
        SourcesFailed: the cluster cannot be used.
    """
    address = settings.dask
    if not address:
        with shard_pool(processes or settings.processes) as pool:
            yield pool
        return
    try:
        from prefect_dask.task_runners import DaskTaskRunner

        from tasks.backfill.dask_cluster import Cluster
    except ModuleNotFoundError as missing:
        why = f"PRESSWATCH_DASK: {missing.name} is not installed: pip install 'presswatch[dask]'"
        raise ConfigError([why]) from None
    with DaskTaskRunner(address=address, client_kwargs={"timeout": CONNECT_SECONDS}) as runner:
        try:
            client = runner.client
        except OSError as error:
            why = f"PRESSWATCH_DASK: no Dask scheduler answers at {address}: {error}"
            raise SourcesFailed(why) from None
        yield Cluster(client, address)
