"""What deployments/production.md says that can be tried without a machine for it."""

import re
from pathlib import Path

from typer.testing import CliRunner

from flows.cli.app import app
from tests.support.daily_news import DailyNews
from tests.support.sample_newsroom import DEPLOYMENTS

TEXT = (DEPLOYMENTS / "production.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r'^    presswatch sql "(.*)"$', TEXT, re.MULTILINE)


def test_its_questions_are_answered(news: DailyNews) -> None:
    layout = news(1)
    assert len(QUESTIONS) > 3
    for question in QUESTIONS:
        done = CliRunner().invoke(app, ["sql", question, "--csv", "--data", str(layout.root)])
        assert done.exit_code == 0, done.output


def test_its_chapters_and_files_are_there() -> None:
    chapters = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    links = dict(re.findall(r"^- \[(.*)\]\(#(.*)\)$", TEXT, re.MULTILINE))
    assert list(links) == chapters
    assert list(links.values()) == [name.lower().replace(" ", "-") for name in chapters]
    for name in re.findall(r"`(systemd/[\w.-]+|automations\.toml|alerts\.toml)`", TEXT):
        assert (DEPLOYMENTS / name).exists(), name


def test_its_secrets_are_read_by_the_units() -> None:
    secrets = {"server": "server", "worker": "worker", "watch": "worker"}
    for name, owner in secrets.items():
        unit = (DEPLOYMENTS / "systemd" / f"presswatch-{name}.service").read_text(encoding="utf-8")
        files = re.findall(r"^EnvironmentFile=(.*)$", unit, re.MULTILINE)
        assert files == ["/etc/presswatch/presswatch.env", f"/etc/presswatch/{owner}.secrets"]
        assert all(Path(file).name in TEXT for file in files)
