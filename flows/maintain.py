"""The nightly job: compact closed days, remove what is no longer needed, verify the rest."""

from dataclasses import dataclass
from datetime import UTC, datetime

from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed
from rich.table import Table

from flows.runs.installation import open_for_run
from flows.runs.presswatch_flow import presswatch_flow
from tasks.upkeep.compaction import Compacted
from tasks.upkeep.task import Removed, compact_days, remove_old, verify_layers
from tasks.upkeep.verification import Verified
from warehouse.layers.findings import MAX_LISTED, LayersBroken


@dataclass(frozen=True, slots=True)
class Maintained:
    """The result of a run."""

    compacted: Compacted
    removed: Removed
    verified: Verified


@presswatch_flow("maintain", checks=True)
def maintain(
    verify_only: bool = False,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Maintained:
    """Compact closed days, remove what is no longer needed, verify what is kept.

    Args:
        verify_only: Only verify what is kept; change nothing.
    """
    installation = open_for_run(sources_file, topics_file, data)
    installation.require_data()
    now = datetime.now(UTC)
    compacted, removed = Compacted(), Removed()
    if not verify_only:
        compacted = compact_days(installation, now)
        removed = remove_old(installation, now)
    done = Maintained(compacted, removed, verify_layers(installation))
    about = "Compacted, removed, verified"
    create_markdown_artifact(key="maintain-ledger", markdown=ledger(done), description=about)
    if done.verified.findings:
        raise LayersBroken(done.verified.findings)
    message = "; ".join(f"{step}: {getattr(done, step)}" for step in Maintained.__slots__)
    return Completed(message=message, data=done)  # type: ignore[return-value]


def ledger(done: Maintained) -> str:
    """The run's result as Markdown."""
    rows = [f"| {step} | {getattr(done, step)} |" for step in Maintained.__slots__]
    findings = done.verified.findings
    broken = [f"- {each}" for each in findings[:MAX_LISTED]]
    broken += [f"- and {len(findings) - MAX_LISTED} more"] if len(findings) > MAX_LISTED else []
    head = ["| step | result |", "|---|---|"]
    return "\n".join([*head, *rows, *(["", "Broken:", ""] if broken else []), *broken])


def summary(done: Maintained) -> Table:
    """The run's result for a terminal."""
    table = Table(box=None, show_header=False)
    for step in Maintained.__slots__:
        table.add_row(step, str(getattr(done, step)))
    return table
