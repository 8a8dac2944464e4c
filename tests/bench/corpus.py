"""The pages of ../shared as sources, and all of them extracted."""

import gzip
import json
from pathlib import Path
from typing import Any

from tasks.installation import open_installation
from tasks.process_pool import page_pool
from tasks.refine.preview_page import explain
from tests.bench.peers.run_extract import SETS, page_paths
from tests.support.scoring import CORPUS

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
    """Extract all pages, as `presswatch extract` does, into `folder`/pages, /gold and /text."""
    lines = folder / "lines"
    lines.mkdir(parents=True)
    for path in sorted((CORPUS / "pages").glob("*.json.gz"))[:most]:
        page = json.loads(gzip.decompress(path.read_bytes()))
        text = "\n".join(block["text"] for block in page["blocks"])
        (lines / f"{page['id']}.txt").write_text(text, encoding="utf-8")
    sets = {name: page_paths(CORPUS / name, most) for name in SETS}
    sets["text"] = sorted(lines.glob("*.txt"))
    place = open_installation(data=folder)
    with page_pool(place.settings) as pool:
        for name, paths in sets.items():
            (folder / name).mkdir()
            for path, record in explain(paths, None, place.settings.limits, pool):
                _write(folder / name / path.name.partition(".")[0], record)


def _write(stem: Path, record: dict[str, Any]) -> None:
    lines = [record["kicker"], record["headline"], record["standfirst"], *record["captions"]]
    text = "\n".join([*(line for line in lines if line), record["body"]])
    stem.with_suffix(".txt").write_text(text, encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps(record), encoding="utf-8")
