"""The installation that a run works on."""

import logging

from prefect.context import FlowRunContext

from flows.processes.child import end_with_worker
from flows.runs.run_log import log_to_prefect
from tasks.installation import Installation, keep_private, open_installation
from tasks.settings import ConfigError
from tasks.topics.uncounted_phrases import uncounted_phrases
from warehouse.build.schema_version import refuse_newer_snapshot

log = logging.getLogger(__name__)


def open_for_run(sources_file: str, topics_file: str, data: str) -> Installation:
    """Open the installation of a flow's parameters as `open_installation` does, when a flow begins.

    An empty parameter takes the environment's value: PRESSWATCH_SOURCES, _TOPICS and _DATA.
    ConfigError also when a run of a deployment names files: it uses those of its worker, since
    anyone with access to the API could name others. DocumentError when a newer version has loaded
    the data.
    """
    log_to_prefect()
    end_with_worker()
    context = FlowRunContext.get()
    given = {"sources_file": sources_file, "topics_file": topics_file, "data": data}
    if context and context.flow_run and context.flow_run.deployment_id and any(given.values()):
        names = ", ".join(name for name, value in given.items() if value)
        raise ConfigError([f"{names}: not for runs of a deployment, which use the worker's files"])
    installation = open_installation(sources_file, topics_file, data)
    keep_private(installation.layout.root)
    refuse_newer_snapshot(installation.layout)
    for line in uncounted_phrases(installation.topics):
        log.warning("%s", line)
    return installation
