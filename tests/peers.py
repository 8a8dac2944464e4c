"""Peers of the extraction step on the same pages; runs in an environment of its own.

`python tests/peers.py SYSTEM PAGES OUT` writes OUT/<id>.txt and OUT/<id>.json and prints the CPU
milliseconds a page. Nothing of the project is imported here.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def by_trafilatura(html: str) -> Record:
    """Its text and metadata, with its own defaults."""
    import trafilatura

    found = trafilatura.bare_extraction(html, with_metadata=True)
    if found is None:
        return {}
    return {"headline": found.title, "body": found.text, "published_at": found.date}


def by_newspaper(html: str) -> Record:
    """Its text and metadata."""
    import newspaper

    article = newspaper.Article("http://page.example/")
    article.download(input_html=html)
    article.parse()
    published = article.publish_date.isoformat() if article.publish_date else None
    return {"headline": article.title, "body": article.text, "published_at": published}


SYSTEMS: dict[str, Callable[[str], Record]] = {
    "trafilatura": by_trafilatura,
    "newspaper4k": by_newspaper,
}


def main() -> None:
    """Extract every page of a folder with one system."""
    system, pages, out = SYSTEMS[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    paths = sorted(pages.glob("*.html.gz"))
    spent, failed = 0.0, 0
    for path in paths:
        html = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        began = time.process_time()
        try:
            record = system(html)
        except Exception:
            record, failed = {}, failed + 1
        spent += time.process_time() - began
        write(out / path.name.split(".", 1)[0], record)
    print(f"{1000 * spent / len(paths):.1f} ms CPU a page, {failed} pages failed")


def write(stem: Path, record: Record) -> None:
    """A page's record, as the score programs read it."""
    headline, body = record.get("headline") or "", record.get("body") or ""
    stem.with_suffix(".txt").write_text(f"{headline}\n{body}", encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps({**record, "body": body}), encoding="utf-8")


if __name__ == "__main__":
    main()
