"""Real pages from many papers: one ingest of all of them, and floors under what was reached."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flows.ingest import ingest
from tests.bench import CORPUS, SOURCES, extract_all
from tests.staged import files, tables
from tests.test_flows import TOPICS
from warehouse.layout import Layout
from warehouse.query import query

PAGES, GOLD = 391, 1002


class Place:
    """An installation whose papers are the corpus."""

    def __init__(self, folder: Path) -> None:
        (folder / "sources.toml").write_text(SOURCES.format(corpus=CORPUS))
        self.folder = folder
        self.layout = Layout(folder / "data")
        self.seconds = [self.ingest()]

    def ingest(self) -> float:
        began = time.monotonic()
        ingest(
            sources_file=str(self.folder / "sources.toml"),
            topics_file=str(TOPICS),
            data=str(self.layout.root),
        )
        return time.monotonic() - began

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return query(self.layout, sql).to_pylist()


@pytest.fixture(scope="module")
def place(shared: Path, prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("corpus"))


@pytest.mark.slow
def test_every_page_ends_as_an_article_or_a_named_rejection(place: Place) -> None:
    counts = {
        row["outcome"]: row["n"]
        for row in place.ask("SELECT outcome, count(*)::INTEGER AS n FROM captures GROUP BY ALL")
    }
    assert sum(counts.values()) == PAGES + GOLD
    assert not {"page_crashed", "page_timed_out", "undecodable", "fetched"} & set(counts)
    assert counts["article"] + counts["revised"] + counts["unchanged"] >= PAGES + GOLD - 5


@pytest.mark.slow
def test_what_goes_in_comes_out(place: Place) -> None:
    (run,) = place.ask("FROM runs")
    parts = ("articles", "revised", "unchanged", "rejected")
    assert run["attempts"] == run["pages"] == sum(run[part] for part in parts) == PAGES + GOLD


@pytest.mark.slow
def test_a_second_run_changes_nothing_and_is_quick(place: Place) -> None:
    before = tables(place.layout, ()), files(place.layout), place.layout.current.parent.readlink()
    seconds = place.ingest()
    after = tables(place.layout, ()), files(place.layout), place.layout.current.parent.readlink()
    assert after == before
    assert seconds < place.seconds[0] / 4


@pytest.fixture(scope="module")
def extracted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracted")
    extract_all(folder)
    return folder


def _program(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_prompts_go_and_articles_stay(extracted: Path) -> None:
    """Floors just under the figures of README.md, on pages the model has seen."""

    def cleaned(page: dict[str, Any]) -> str:
        return (extracted / "pages" / f"{page['id']}.txt").read_text()

    totals = _program(CORPUS / "score.py").score(str(CORPUS / "pages"), cleaned)[0]
    assert totals["pages"] == PAGES
    assert totals["pages_leak_core"] / PAGES <= 0.03
    assert totals["pages_leak_main"] / PAGES <= 0.045
    assert totals["lost"] / totals["must"] <= 0.025
    assert totals["hard_lost"] / totals["hard"] <= 0.05


@pytest.mark.slow
def test_bodies_are_what_the_papers_wrote(extracted: Path) -> None:
    command = [sys.executable, str(CORPUS / "gold" / "score.py"), str(CORPUS / "gold")]
    words = [*command, str(extracted / "gold"), "", "news"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    f1 = float(said.split("shingle F1 ")[1].split()[0])
    headlines = json.loads(said.split("headline ")[1].split(" |")[0].replace("'", '"'))
    days = json.loads(said.split("date ")[1].replace("'", '"'))
    assert f1 >= 0.95
    assert headlines["right"] / sum(headlines.values()) >= 0.88
    assert days["right"] / sum(days.values()) >= 0.98
