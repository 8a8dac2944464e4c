"""Whose files a run uses, and who may read them."""

import logging
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from flows.cli import admin_commands
from flows.cli.app import app
from flows.cli.sample import sample_newsroom
from flows.processes.child import ServerFailed
from flows.runs import installation
from flows.runs.installation import open_for_run
from flows.runs.run_log import log_to_prefect
from tasks.installation import keep_private
from tasks.settings import ConfigError
from tests.support.daily_news import DailyNews
from tests.support.demo_folder import PORT_VARIABLE
from tests.support.ports import free_port
from tests.support.sample_newsroom import SAMPLE, TOPICS


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_open_folder_is_closed_with_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    caplog.set_level(logging.INFO)
    open_for_run(str(SAMPLE / "sources.toml"), str(TOPICS), str(folder))
    assert mode(folder) == 0o700
    assert caplog.messages == [f"{folder} was open to other users of this machine (755); now 700"]
    keep_private(folder)
    assert len(caplog.messages) == 1


def test_only_its_owner_reads_what_a_command_without_a_run_writes(
    news: DailyNews, tmp_path: Path
) -> None:
    layout, copy = news(1), tmp_path / "copy"
    data = ["--data", str(layout.root)]
    before = os.umask(0o022)
    try:
        for command in (["backup", str(copy)], ["audit", "harvest", "--n", "2"]):
            os.umask(0o022)
            assert CliRunner().invoke(app, [*command, *data]).exit_code == 0
    finally:
        os.umask(before)
    made = [copy, *copy.rglob("*"), *(layout.root / "audits").rglob("*")]
    assert {path.name for path in made} >= {"definitions.json", "sample.json"}
    assert not [path for path in made if mode(path) & 0o077]


def test_only_its_owner_reads_what_is_beside_the_data_of_a_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise ServerFailed("no server")

    monkeypatch.setattr(admin_commands, "PrefectServer", fails)
    monkeypatch.setenv(PORT_VARIABLE, str(free_port(beside=4)))
    folder = tmp_path / "demo"
    before = os.umask(0o022)
    try:
        assert CliRunner().invoke(app, ["demo", "--data", str(folder)]).exit_code == 1
        with sample_newsroom(folder):  # as the command does with a server
            made = [folder, *folder.rglob("*")]
    finally:
        os.umask(before)
    assert {path.name for path in made} >= {"newsroom.json", "sources.toml", "tide-mill.txt"}
    assert not [path for path in made if mode(path) & 0o077]


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    keep_private(tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["sources_file", "topics_file", "data"])
def test_a_run_of_a_deployment_uses_the_files_of_its_worker(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = SimpleNamespace(flow_run=SimpleNamespace(deployment_id=uuid4()))
    monkeypatch.setattr(installation, "FlowRunContext", SimpleNamespace(get=lambda: run))
    given = dict.fromkeys(("sources_file", "topics_file", "data"), "") | {name: str(tmp_path)}
    with pytest.raises(ConfigError, match=f"{name}: not for runs of a deployment"):
        open_for_run(**given)


def test_no_log_line_acts_on_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    log_to_prefect()
    logging.getLogger("tasks.collect").warning("%s failed: %s", "gb-post", "\x1b[2Jgone\x9b\u202e")
    assert caplog.messages == ["gb-post failed: gone"]
