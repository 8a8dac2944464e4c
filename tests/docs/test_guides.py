"""What the guides name is there: files, links, commands, keys of the TOML files."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from flows.cli.app import app
from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from tasks.topics.topic import TopicEntry, load_topics
from tests.bench import __main__ as bench
from tests.bench import compare, tables
from tests.support.scoring import crossval

ROOT = Path(__file__).parents[2]
GUIDES = sorted(
    path.relative_to(ROOT)
    for folder in ("", "deployments", "flows", "tasks", "tests", "warehouse")
    for path in (ROOT.glob("*.md") if not folder else (ROOT / folder).rglob("*.md"))
    if "sample" not in path.parts
)
ROOMS = [guide for guide in GUIDES if guide.parts[0] in ("flows", "tasks", "warehouse")]
PATH = re.compile(r"(?:flows|tasks|warehouse|deployments|tests)/[\w./-]*")


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_its_links_and_paths_lead_somewhere(guide: Path) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    beside = [link for link in links if link and "://" not in link]
    assert [link for link in beside if not (ROOT / guide.parent / link).exists()] == []
    named = [path for path in re.findall(r"`([^`\n]+)`", text) if PATH.fullmatch(path)]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_its_links_within_the_page_lead_to_a_heading(guide: Path) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_the_rows_of_its_tables_have_a_cell_for_each_column(guide: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "code", (ROOT / guide).read_text(encoding="utf-8"))
    for head, *rows in _tables(text):
        assert [row for row in rows if len(_cells(row)) != len(_cells(head))] == []


def _tables(text: str) -> Iterator[list[str]]:
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        yield table.splitlines()


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("guide", ROOMS, ids=str)
def test_it_names_every_module_of_its_room(guide: Path) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    modules = [path.stem for path in (ROOT / guide.parent).glob("[!_]*.py")]
    assert [name for name in modules if not re.search(rf"\b{name}\b", text)] == []


BENCHMARKS = Path("tests/bench/README.md")


@pytest.mark.parametrize(("guide", "lines"), [(Path("README.md"), 200), (BENCHMARKS, 350)])
def test_it_is_short(guide: Path, lines: int) -> None:
    assert len((ROOT / guide).read_text(encoding="utf-8").splitlines()) <= lines


def test_the_benchmarks_have_the_rows_that_the_command_prints() -> None:
    text = (ROOT / BENCHMARKS).read_text(encoding="utf-8")
    rows = [(title, target) for title, target, _ in tables.ROWS]
    assert [row for row in rows if f"| {' | '.join(row).strip()} |" not in text] == []


def test_the_benchmarks_have_the_cross_validated_figures_in_their_column() -> None:
    text = (ROOT / BENCHMARKS).read_text(encoding="utf-8")
    head, *rows = map(_cells, next(_tables(text)))
    column = head.index("now, cross-validated")
    written = {row[0]: row[column].removesuffix("**missed**").strip() for row in rows}
    printed = tables.main_table({"now": crossval()}, {}).splitlines()[2:]
    figures = {title: figure for title, _, figure in map(_cells, printed) if figure != tables.NONE}
    assert figures == {title: written[title] for title in figures}


def test_the_benchmarks_name_every_part() -> None:
    named = set(re.findall(r"`(\w+)", (ROOT / BENCHMARKS).read_text(encoding="utf-8")))
    assert {*bench.PARTS, *compare.PARTS} <= named


def test_the_readme_has_every_command() -> None:
    named = set(re.findall(r"presswatch ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert named - {"demo"} == set(get_command(app).commands) - {"demo"}  # type: ignore[attr-defined]


def test_the_guide_has_every_key() -> None:
    text = (ROOT / "deployments" / "README.md").read_text(encoding="utf-8")
    keys = [*Source.model_fields, *TopicEntry.model_fields]
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_the_examples_are_read(tmp_path: Path) -> None:
    for guide in ("README.md", "deployments/README.md"):
        text = (ROOT / guide).read_text(encoding="utf-8")
        examples = re.findall(r"```toml\n(\[\[.*?)```", text, re.DOTALL)
        source, *topics = examples
        (tmp_path / "sources.toml").write_text(source, encoding="utf-8")
        (tmp_path / "topics.toml").write_text("\n".join(topics), encoding="utf-8")
        assert [each.id for each in load_sources(tmp_path / "sources.toml")] == ["gb-bbc"]
        found = [each.topic_id for each in load_topics(tmp_path / "topics.toml")]
        assert found == ["rare-earths", "huawei-sanctions"][: len(topics)]
