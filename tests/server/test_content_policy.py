"""The policy that keeps the pages of Prefect's UI to their own server."""

from pathlib import Path

import prefect

from flows.server.serve import HEAD, STATIC, add_policy, policy

LOCAL = "http://127.0.0.1:4200"


def test_the_api_can_be_reached_and_nothing_else() -> None:
    about = {"PREFECT_API_URL": f"{LOCAL}/api", "PREFECT_UI_API_URL": "https://news.test/api"}
    own = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
    hosts = f"{LOCAL} http://localhost:4200 https://news.test"
    hosts += " ws://127.0.0.1:4200 ws://localhost:4200 wss://news.test"
    assert policy(about) == f"{own} {hosts}"


def test_a_page_has_one_rule_however_often_it_is_written(tmp_path: Path) -> None:
    page = tmp_path / "v2" / "index.html"
    page.parent.mkdir()
    page.write_text("<html><head><title>Prefect</title></head></html>")
    for port in (4200, 4300):
        api = f"http://127.0.0.1:{port}/api"
        add_policy({STATIC: str(tmp_path), "PREFECT_API_URL": api})
    text = page.read_text()
    assert text.count("Content-Security-Policy") == 1
    assert "ws://127.0.0.1:4300" in text
    assert text.endswith("<title>Prefect</title></head></html>")


def test_the_pages_of_prefect_still_need_it_and_have_a_place_for_it() -> None:
    ui = Path(prefect.__file__).parent / "server" / "ui-v2"
    assert HEAD.search((ui / "index.html").read_text(encoding="utf-8"))
    scripts = (ui / "assets").glob("index-*.js")
    assert any("amplitude.com" in script.read_text(encoding="utf-8") for script in scripts)
