"""The operator's commands: serve, desk, demo, deploy, env, backup, maintain and repair."""

import logging
import os
import sys
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.console import show_progress
from flows.cli.data_folder import layout_of, readable_layout, write_privately
from flows.cli.exit_status import Exit, fail
from flows.cli.options import DataFolder, SourcesFile, TopicsFile, flow_files
from flows.cli.query_commands import print_topics
from flows.cli.sample import DEMO, begin_demo, fill_demo, sample_newsroom
from flows.processes.temporary_server import PrefectServer
from flows.runs import prefect_settings
from tasks.installation import SOURCES, TOPICS, open_installation, require_data, settings_of
from tasks.text.counted import counted

log = logging.getLogger("flows")
DESK_PORT = 8700


def serve(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the UI on this machine.")
    ] = 4200,
    sample: Annotated[
        bool, typer.Option("--sample", help="Try it with the sample newsroom, in data/demo.")
    ] = False,
) -> None:
    """Run Prefect's server, a worker and the schedules on this machine, until Ctrl-C."""
    prefect_settings.configure(verbose=True)
    from flows.server.serve import serve_until_stopped

    with show_progress(), ExitStack() as held:
        if sample:
            data = (data or DEMO).absolute()
            sources = held.enter_context(sample_newsroom(data))
        status = serve_until_stopped(open_installation(sources, topics, data or ""), port)
    raise typer.Exit(status)


def desk(
    data: DataFolder = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need a password.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")
    ] = DESK_PORT,
    sample: Annotated[
        bool, typer.Option("--sample", help="The demo of data/demo; its papers are served as well.")
    ] = False,
) -> None:
    """Serve the analyst's pages to a browser, until Ctrl-C."""
    from flows.desk.app import serve_desk

    write_privately()
    data = data or (DEMO.absolute() if sample else None)
    layout = readable_layout(data)
    with sample_newsroom(layout.root) if sample else nullcontext() as sources:
        serve_desk(layout, settings_of(sources=sources, data=data), host, port, print)


def demo(data: Annotated[Path, typer.Option(help="The data folder.")] = DEMO) -> None:
    """Make a year of history of the sample newsroom, ingest it as of now, and show the topics."""
    write_privately()
    folder = data.absolute()
    begin_demo(folder)
    server = PrefectServer()
    from flows.ingest import ingest

    with show_progress(), sample_newsroom(folder) as sources:
        fill_demo(folder, sources)
        server.wait()
        done = ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(folder))
    print_topics(layout_of(data))
    more = "" if data == DEMO else f" --data {data}"
    print(f"Desk:        presswatch desk --sample{more}, then http://127.0.0.1:{DESK_PORT}/")
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


def deploy(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Register deployments and automations with the server at PREFECT_API_URL."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer(verbose=True)
    from flows.server.deploy import deploy as register

    server.wait()
    for deployment in register(installation):
        print(f"{deployment.name} is deployed")


def env(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    api: Annotated[
        str, typer.Option(envvar="PREFECT_API_URL", help="Address of the server's API.")
    ] = "http://127.0.0.1:4200/api",
) -> None:
    """Print the settings of server and workers as an environment file for systemd or compose.

    Secrets are named in comments, without their values.
    """
    installation = open_installation(sources, topics, data or "")
    from flows.runs.environment_file import env_file

    print(env_file(installation.settings, api, os.environ))


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of the copy; created when missing.")],
    data: DataFolder = None,
) -> None:
    """Copy what is new in the data folder, even while an ingest is running."""
    from tasks.upkeep.backup import back_up
    from tasks.upkeep.backup_target import overlap

    write_privately()
    layout, target = layout_of(data), folder.expanduser().absolute()
    if overlap(layout.root, target):
        fail(f"{target} and the data folder {layout.root} must not overlap", Exit.WRONG_USAGE)
    require_data(layout)  # without a mounted disk, an empty backup would look like a good one
    with show_progress():
        done = back_up(layout, target, log.info)
    print(
        f"{target}: {counted(done.runs, 'run')}, {counted(done.parquet_files, 'Parquet file')},"
        f" {counted(done.archives, 'archive file')}; {done.copied:,} copied now"
    )


def maintain(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only verify what is kept; change nothing.")
    ] = False,
) -> None:
    """Compact closed days, remove what is no longer needed, verify what is kept."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer()
    from flows import maintain as job

    with show_progress():
        server.wait()
        done = job.maintain(verify_only=verify, **flow_files(installation))
    Console().print(job.summary(done))


def repair(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Repair damaged files; those beyond repair go to data/quarantine and are named (status 3)."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer()
    from flows.repair import repair as job

    with show_progress():
        server.wait()
        done = job(**flow_files(installation))
    for file, what in done.repaired.items():
        print(f"{file}: {what}")
    for file, what in done.lost.items():
        print(f"{file}: {what}", file=sys.stderr)
    print(done)
    raise typer.Exit(Exit.QUARANTINED if done.lost else Exit.DONE)
