"""`presswatch health`: its output, its exit status, what it sends."""

import json
from pathlib import Path

import pytest

from tests.cli.test_command import command
from tests.support.daily_news import DailyNews
from tests.support.receivers import Receiver


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def alerts(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "alerts.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PRESSWATCH_ALERTS", str(folder / "alerts.toml"))


# No load for so many hours is no incident: the made days lie in the past.
LATE = "no_load_hours = 876000\n"


def test_a_healthy_installation(
    news: DailyNews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts(tmp_path, monkeypatch, LATE)
    root = news(1).root
    status, out, _ = command("health", "--data", root)
    assert status == 0
    assert out.splitlines() == [
        "healthy",
        "workers and runs were not asked: PREFECT_API_URL is not set",
    ]
    status, out, _ = command("health", "--json", "--data", root)
    assert (status, json.loads(out)["healthy"]) == (0, True)
    assert json.loads(out)["not_asked"] == ["no_worker", "run_failed"]


def test_a_problem_is_listed(
    news: DailyNews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts(tmp_path, monkeypatch, "")
    root = news(1).root
    status, out, _ = command("health", "--data", root)
    assert status == 1
    assert out.startswith("no load for ")
    assert "The last load was at 2026-03-20 00:00 UTC; expected within 6 hours." in out
    status, out, _ = command("health", "--json", "--data", root)
    (problem,) = json.loads(out)["problems"]
    assert status == 1
    assert problem["key"] == problem["kind"] == "no_load"
    assert problem["since"] == "2026-03-20T00:00:00+00:00"


def test_what_it_sends_it_sends_once(
    news: DailyNews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = news(1).root
    with Receiver() as hook:
        alerts(tmp_path, monkeypatch, f'urls = ["{hook.apprise_url}"]')
        hook.refuses = True
        status, _, err = command("health", "--alert", "--data", root)
        assert status == 1
        assert "did not accept a message: " in err
        assert str(hook.server_port) not in err
        hook.refuses = False
        for _ in range(2):
            assert command("health", "--alert", "--data", root)[0] == 1
        alerts(tmp_path, monkeypatch, f'{LATE}urls = ["{hook.apprise_url}"]')
        for _ in range(2):
            assert command("health", "--alert", "--data", root)[0] == 0
        hook.shutdown()
    assert [title.partition(" for ")[0] for title in hook.titles] == [
        "Presswatch: no load",
        "Presswatch: recovered: loads again",
    ]


def test_nobody_to_send_to(
    news: DailyNews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts(tmp_path, monkeypatch, LATE)
    status, _, err = command("health", "--alert", "--data", news(1).root)
    assert status == 0
    nobody = "Nothing is sent: there is no block presswatch-alerts"
    assert f"{nobody}, and {tmp_path / 'alerts.toml'} has no urls." in err


def test_a_wrong_file_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts(tmp_path, monkeypatch, "digset = 1")
    status, out, err = command("health", "--data", tmp_path / "data")
    assert (status, out) == (2, "")
    assert err == f"{tmp_path / 'alerts.toml'}: digset: unknown key, did you mean digest?\n"


def test_an_installation_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts(tmp_path, monkeypatch, "")
    status, out, _ = command("health", "--data", tmp_path / "data")
    assert (status, out.splitlines()[0]) == (1, "no load yet")
    assert not (tmp_path / "data").exists()
