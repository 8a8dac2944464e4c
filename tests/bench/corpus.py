"""The pages of ../shared as sources, and all of them extracted."""

import gzip
import json
from pathlib import Path
from typing import Any

from tasks.installation import open_installation
from tasks.process_pool import page_pool
from tasks.refine.preview_page import explain
from tests.bench.peers.run_extract import SETS, page_paths
from tests.support.scoring import CORPUS, program

LINES_AFTER = 3  # the last paragraph, in a reading view

SOURCES = """
[[source]]
id = "xx-corpus"
name = "Corpus pages"
language = "en"
timezone = "UTC"
files = ["{corpus}/pages/*.html.gz"]

[[source]]
id = "xx-gold"
name = "Gold pages"
language = "en"
timezone = "UTC"
files = ["{corpus}/gold/*.html.gz"]
"""


def extract_all(folder: Path, most: int | None = None) -> None:
    """Extract all pages, as `presswatch extract` does, each set into a folder of its name.

    The labelled pages thrice: as HTML into `pages`, and as `lines_of` has them.
    """
    for path in sorted((CORPUS / "pages").glob("*.json.gz"))[:most]:
        for name, lines in lines_of(path).items():
            text = folder / "lines" / name / f"{path.name.partition('.')[0]}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text(lines, encoding="utf-8")
    sets = {name: page_paths(CORPUS / name, most) for name in SETS}
    sets |= {path.name: sorted(path.glob("*.txt")) for path in (folder / "lines").iterdir()}
    place = open_installation(data=folder)
    with page_pool(place.settings) as pool:
        for name, paths in sets.items():
            for path, record in explain(paths, None, place.settings.limits, pool):
                write_page(folder / name / path.name.partition(".")[0], record)


def lines_of(path: Path) -> dict[str, str]:
    """A labelled page saved as text, as a whole and as `article`.

    That is from the first labelled paragraph to a few lines after the last, as from a reading view.
    """
    fold = program(CORPUS / "score.py").N
    page = json.loads(gzip.decompress(path.read_bytes()))
    lines = [block["text"] for block in page["blocks"]]
    labelled = {fold(row["text"]) for row in page["must"]}
    places = [at for at, line in enumerate(lines) if fold(line) in labelled] or [0, len(lines)]
    article = lines[places[0] : places[-1] + 1 + LINES_AFTER]
    return {"text": "\n".join(lines), "article": "\n".join(article)}


def write_page(stem: Path, record: dict[str, Any]) -> None:
    """Write a page's text and its record beside each other."""
    lines = [record["kicker"], record["headline"], record["standfirst"], *record["captions"]]
    text = "\n".join([*(line for line in lines if line), record["body"]])
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".txt").write_text(text, encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps(record), encoding="utf-8")
