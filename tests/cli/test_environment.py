"""`presswatch env`: settings in a file, read alike by systemd's rules, compose and the shell."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from typer.testing import CliRunner

from flows.cli.app import app
from flows.runs.environment_file import env_file
from flows.runs.prefect_settings import SERVER, SETTINGS
from tasks.settings import Settings
from tests.support.sample_newsroom import SAMPLE, TOPICS

GIVEN = {
    "PRESSWATCH_CONTACT": "desk@example.org",
    "PRESSWATCH_LIMITS__MAX_BYTES": "5000000",
    "PREFECT_SERVER_API_AUTH_STRING": "admin:hidden-1",
    "PREFECT_API_AUTH_STRING": "admin:hidden-1",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "postgresql+asyncpg://prefect:hidden-2@db/prefect",
    "PREFECT_HOME": "/srv/presswatch/prefect",
    "PREFECT_LOGGING_LEVEL": "DEBUG",
}


def env(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], *words: str) -> tuple[int, str]:
    # Also those that a test of `serve` in the same process has set.
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    files = ["--sources", str(SAMPLE / "sources.toml"), "--topics", str(TOPICS)]
    done = CliRunner().invoke(app, ["env", *files, *words])
    return done.exit_code, done.output


def test_the_settings_in_use_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = env(monkeypatch, GIVEN, "--api", "https://news.example.org/api")
    assert status == 0
    assert "hidden" not in text
    assert "# left out, holds a secret: PREFECT_API_AUTH_STRING\n" in text
    found = dotenv_values(stream=io.StringIO(text))
    assert {**SETTINGS, **SERVER}.items() <= found.items()
    assert found["PREFECT_API_URL"] == "https://news.example.org/api"
    assert found["PREFECT_UI_URL"] == "https://news.example.org/v2"
    assert found["PREFECT_HOME"] == "/srv/presswatch/prefect"
    assert found["PREFECT_SERVER_UI_STATIC_DIRECTORY"] == "/srv/presswatch/prefect/ui"
    assert found["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "https://news.example.org"
    assert found["PREFECT_SERVER_CSRF_PROTECTION_ENABLED"] == "true"
    assert found["PRESSWATCH_CONTACT"] == "desk@example.org"
    assert found["PRESSWATCH_SOURCES"] == str(SAMPLE / "sources.toml")
    assert found["PRESSWATCH_LIMITS__MAX_BYTES"] == "5000000"
    assert "PREFECT_LOGGING_LEVEL" not in found


def test_addresses_and_names_that_hold_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"PRESSWATCH_S3_SECRET_KEY": "hidden-3", "PREFECT_API_URL": "http://a:hidden-4@b/api"}
    given["PREFECT_UI_API_URL"] = "https://c:hidden-5@d/api"
    status, text = env(monkeypatch, given)
    assert status == 0
    assert "hidden" not in text
    assert "# left out, holds a secret: PREFECT_API_URL\n" in text
    assert "# left out, holds a secret: PRESSWATCH_S3_SECRET_KEY\n" in text


def test_a_value_with_spaces_is_read_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    value = 'two words, $HOME, #1 and "quotes"\\'
    status, text = env(monkeypatch, {"PRESSWATCH_NOTE": value})
    assert status == 0
    path = tmp_path / "presswatch.env"
    path.write_text(text)
    said = subprocess.run(
        ["sh", "-c", f'. {path}; printf %s "$PRESSWATCH_NOTE"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == value


def test_a_value_that_no_file_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = env(monkeypatch, {"PRESSWATCH_NOTE": "two\nlines"})
    assert status == 2
    assert text == "PRESSWATCH_NOTE: 'two\\nlines' cannot be written into an environment file\n"


def test_a_store_for_the_data_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The folder is its working copy; commands that are given none of this find it by itself."""
    monkeypatch.chdir(tmp_path)
    about = Settings(data=Path("s3://bucket/news"))
    found = dotenv_values(stream=io.StringIO(env_file(about, "http://127.0.0.1:4200/api", {})))
    assert found["PRESSWATCH_STORE"] == "s3://bucket/news"
    assert found["PRESSWATCH_DATA"] == str(tmp_path / "data")
