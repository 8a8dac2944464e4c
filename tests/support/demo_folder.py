"""Makes the data folder of the demo without Prefect."""

import os
from pathlib import Path

from flows.cli.sample import begin_demo, fill_demo, sample_newsroom
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.task import shared_collection
from tasks.installation import open_installation
from tasks.load.load_run import load, publish_all
from tasks.locks.run_locks import new_run_id
from tasks.process_pool import page_pool
from tasks.refine.refine_source import refine_source
from tasks.refine.run_archives import run_part
from tasks.report.page import write_report
from tests.support.ports import free_port
from tests.support.sample_newsroom import TOPICS
from warehouse.build.loaded_definitions import Rules

PORT_VARIABLE = "PRESSWATCH_SAMPLE_PORT"


def make_demo(data: Path) -> None:
    """What `presswatch demo` does: the history, and an ingest of the newsroom as it is now."""
    before = os.environ.get(PORT_VARIABLE)
    os.environ[PORT_VARIABLE] = before or str(free_port(beside=4))
    begin_demo(data)
    with sample_newsroom(data) as sources:
        fill_demo(data, sources, TOPICS)
        ingest_now(data, sources)
    if before is None:
        del os.environ[PORT_VARIABLE]


def ingest_now(data: Path, sources: Path) -> None:
    """What flows/ingest.py does, a source after the other."""
    installation = open_installation(sources, TOPICS, data)
    run_id = new_run_id()
    with (
        page_pool(installation.settings) as pool,
        shared_collection(installation, run_id, pool, CurrentWaits(), is_chosen=False) as shared,
    ):
        refined = [
            refine_source(installation, run_id, shared.collect(source), pool)
            for source in installation.sources
        ]
    about = (installation.layout, installation.topics, installation.sources)
    batches = [one.batch for one in refined if one.batch]
    load(
        *about,
        [run_part(run_id, batches)],
        limits=installation.settings.limits,
        rules=Rules(installation.settings.spike_false_alarms, installation.settings.balance),
    )
    publish_all(*about)
    write_report(installation.layout, installation.layout.report)
