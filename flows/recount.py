"""The recount job: count changed topics again over all articles, without the network."""

from flows.runs.installation import open_for_run
from flows.runs.presswatch_flow import completed, presswatch_flow
from tasks.load.task import load_runs, publish_snapshot
from tasks.report.task import report_or_warn


@presswatch_flow("recount")
def recount(sources_file: str = "", topics_file: str = "", data: str = "") -> None:
    """Count topics again over all history: new and changed ones, and those counted by old rules."""
    installation = open_for_run(sources_file, topics_file, data)
    installation.require_data()
    loading = load_runs(installation, [], latest_rules=True, return_state=True)
    report = loading.result()
    publishing = publish_snapshot(installation, wait_for=[loading], return_state=True)
    publishing.result()
    report_or_warn(installation, "", [publishing])
    changes = {"recounted": report.recounted, "removed": report.removed}
    said = [f"{change}: {', '.join(topics)}" for change, topics in changes.items() if topics]
    message = "; ".join(said) or "recounted: no topic has changed"
    return completed(message, None)
