"""The command `presswatch health`: what is wrong with the installation, for people and scripts."""

import json
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from flows.cli.console import printable, show_progress
from flows.cli.data_folder import layout_of
from flows.cli.exit_status import Exit
from flows.cli.options import DataFolder
from flows.runs import prefect_settings
from tasks.installation import settings_of
from tasks.text.counted import counted

if TYPE_CHECKING:
    from tasks.monitor.channels import Channel

log = logging.getLogger("flows")

# Fields of an incident in the answer of --json.
FIELDS_SHOWN = ("key", "kind", "about", "headline", "text", "recovered", "since")


def health(
    data: DataFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    alert: Annotated[
        bool, typer.Option("--alert", help="Send what is new since the last check.")
    ] = False,
) -> None:
    """List what is wrong; the status is 0 when nothing is, 1 otherwise.

    Workers and failed runs are checked if PREFECT_API_URL names a server.
    """
    from tasks.monitor.alert_settings import Kind, load_alerts
    from tasks.monitor.incidents import CurrentIncidents
    from tasks.monitor.send_incidents import check_and_send

    settings, is_served = settings_of(data=data), bool(os.environ.get("PREFECT_API_URL"))
    alerts, layout = load_alerts(settings), layout_of(data)
    channels: tuple[Channel, ...] = ()
    others = CurrentIncidents()
    with show_progress():
        if is_served or alert:  # else without Prefect, whose import takes longer than all the rest
            prefect_settings.configure(verbose=True)
            from flows.runs.alerts import alert_channels, no_recipient, prefect_incidents

            channels = alert_channels(alerts, is_served=is_served) if alert else ()
            if alert and not channels:
                log.warning("%s", no_recipient(alerts, settings.alerts))
            others = prefect_incidents() if is_served else others
        about = (layout, alerts, channels, datetime.now(UTC), others)
        checked = check_and_send(*about, is_local=settings.is_local)
    problems = checked.found.problems
    if as_json:
        answer = {
            "healthy": not problems,
            "problems": [{name: getattr(each, name) for name in FIELDS_SHOWN} for each in problems],
            "not_asked": sorted(frozenset(Kind) - checked.found.asked),
            "sent": checked.sent,
            "not_accepted": list(checked.refused),
        }
        print(json.dumps(answer, ensure_ascii=False, indent=1, default=datetime.isoformat))
    else:
        console = Console(soft_wrap=True)
        for each in problems:
            console.print(printable(each.headline, "bold"))
            for line in each.text.splitlines():
                console.print(printable(f"  {line}"))
        console.print(printable(counted(len(problems), "problem") if problems else "healthy"))
        if not is_served:
            console.print(printable("workers and runs were not asked: PREFECT_API_URL is not set"))
    raise typer.Exit(Exit.FAILED if problems or checked.refused else Exit.DONE)
