import json
from pathlib import Path

from tasks.model import Outcome
from tasks.refine.preview_page import as_record, explain_file
from tasks.settings import Limits
from tests.support.staged_pages import source

TEXT = "<p>The harbour board heard the skippers, and then it put the vote off again.</p>" * 9
PAGE = f"<html><body><article><h1>Ferry sails</h1>{TEXT}</article></body></html>"


def saved(folder: Path, name: str = "ferry.html", **meta: str) -> Path:
    path = folder / name
    path.write_text(PAGE)
    if meta:
        path.with_name(f"{name}.meta.json").write_text(json.dumps(meta))
    return path


def test_a_page_is_read_as_an_ingest_reads_it(tmp_path: Path) -> None:
    dated = "https://paper.example/2026/03/02/ferry-sails"
    path = saved(tmp_path, url=dated)
    given = as_record(explain_file(path, None, Limits()))
    assert (given["headline"], given["rejection"]) == ("Ferry sails", None)
    assert given["published_source"] == "url"
    other = explain_file(path, "https://paper.example/ferry", Limits())
    assert as_record(other)["published_source"] == "none"


def test_what_cannot_be_read_is_a_rejection(tmp_path: Path) -> None:
    wrong = saved(tmp_path, "wrong.html", uri="https://paper.example/")
    found = explain_file(wrong, None, Limits())
    assert found.outcome is Outcome.UNREADABLE_FILE
    assert "uri: unknown key" in as_record(found)["rejection"]
    assert explain_file(tmp_path / "gone.html", None, Limits()).outcome is Outcome.UNREADABLE_FILE
    large = explain_file(saved(tmp_path), None, Limits(max_bytes=100))
    assert large.outcome is Outcome.TOO_LARGE


def test_a_source_lends_its_settings(tmp_path: Path) -> None:
    path = saved(tmp_path)
    paper = source(strip=("h1", "text:The harbour board*"))
    found = explain_file(path, None, Limits(), paper)
    assert found.outcome is not Outcome.ARTICLE
    kept = explain_file(path, None, Limits(), source(strip=("h1",)))
    assert {block.rule for block in kept.stripped} >= {"source:strip"}
