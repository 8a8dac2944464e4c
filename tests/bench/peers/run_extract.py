"""Presswatch and its peers on the same pages in one process, timed; peers have their own packages.

`python tests/bench/peers/run_extract.py SYSTEM CORPUS OUT [MOST]` writes OUT/pages/<id> and
OUT/gold/<id>, .txt and .json, and prints as JSON the system's version, its CPU
milliseconds a page and how many failed. MOST cuts each set short.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

SETS = ("pages", "gold")
WARM_UP = 50
"""Pages read before the clock counts, the last ones: their texts are forgotten when they come."""

Record = dict[str, Any]


def by_presswatch(html: bytes) -> Record:
    """For the time alone: what it says of a page is read from `presswatch extract`."""
    from tasks.extract import extract_page

    extract_page(html, "text/html", "")
    return {}


def by_trafilatura(html: bytes) -> Record:
    """Its text and metadata, with its own defaults."""
    import trafilatura

    found = trafilatura.bare_extraction(html, with_metadata=True)
    if found is None:
        return {}
    return {"headline": found.title, "body": found.text, "published_at": found.date}


def by_newspaper(html: bytes) -> Record:
    """Its text and metadata; it would fetch the page's images."""
    import newspaper

    article = newspaper.Article("http://page.example/", fetch_images=False)
    article.download(input_html=html.decode("utf-8", "replace"))
    article.parse()
    published = article.publish_date.isoformat() if article.publish_date else None
    return {"headline": article.title, "body": article.text, "published_at": published}


SYSTEMS: dict[str, Callable[[bytes], Record]] = {
    "presswatch": by_presswatch,
    "trafilatura": by_trafilatura,
    "newspaper4k": by_newspaper,
}


def main(name: str, corpus: Path, out: Path, most: int | None) -> None:
    """Extract the pages of both sets with one system."""
    paths = [path for part in SETS for path in page_paths(corpus / part, most)]
    for path in paths[-WARM_UP:]:
        tried(SYSTEMS[name], gzip.decompress(path.read_bytes()))
    spent, failed = 0.0, 0
    for path in paths:
        html = gzip.decompress(path.read_bytes())
        began = time.process_time()
        record = tried(SYSTEMS[name], html)
        spent += time.process_time() - began
        failed += record is None
        write(out / path.parent.name / path.name.split(".", 1)[0], record or {})
    said = {"version": version(name), "ms": 1000 * spent / len(paths), "failed": failed}
    print(json.dumps(said))


def page_paths(folder: Path, most: int | None) -> list[Path]:
    """The saved pages of a set, by name."""
    return list(islice(sorted(folder.glob("*.html.gz")), most))


def tried(system: Callable[[bytes], Record], html: bytes) -> Record | None:
    """What a system makes of a page; None where it raises."""
    try:
        return system(html)
    except Exception:
        return None


def write(stem: Path, record: Record) -> None:
    """A page's record, as the score programs read it."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    headline, body = record.get("headline") or "", record.get("body") or ""
    stem.with_suffix(".txt").write_text(f"{headline}\n{body}", encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps({**record, "body": body}), encoding="utf-8")


if __name__ == "__main__":
    system, corpus, out, *most = sys.argv[1:]
    main(system, Path(corpus), Path(out), int(most[0]) if most else None)
