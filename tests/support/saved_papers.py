"""An installation that reads saved pages, and a made page of each paper a run."""

from pathlib import Path

from flows.ingest import ingest
from flows.runs.ingest_result import Ingested
from tests.support.serving import Files
from tests.support.staged_pages import prose
from warehouse.layers.layout import Layout

PAGE = """<html lang="en"><head><title>{title}</title><meta property="og:type" content="article">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{title}",
"datePublished": "2026-03-0{day}T08:00:00Z"}}</script></head>
<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"""
SOURCE = """[[source]]
id = "{id}"
name = "{id}"
language = "en"
timezone = "Europe/London"
files = ["{folder}/{id}/*.html"]
"""
PAPERS = ("gb-post", "gb-echo")
TOPICS = Path(__file__).parents[2] / "deployments" / "topics.toml"


class Place:
    """An installation that reads saved pages."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(root / "data")
        self.files: Files = {
            "sources_file": str(root / "sources.toml"),
            "topics_file": str(TOPICS),
            "data": str(self.layout.root),
        }

    def ingest(self, number: int) -> Ingested:
        """A run with a page a paper, of the same two days."""
        for paper in PAPERS:
            folder = self.root / "pages" / paper
            folder.mkdir(parents=True, exist_ok=True)
            texts = (prose(hash_of(paper, number, at)) for at in range(4))
            paragraphs = "".join(f"<p>The G20 met. {text}.</p>" for text in texts)
            title = f"Harbour council number {number} of {paper} meets again"
            page = PAGE.format(title=title, day=2 + number % 2, paragraphs=paragraphs)
            (folder / f"{number}.html").write_text(page, encoding="utf-8")
        text = "\n".join(SOURCE.format(id=p, folder=self.root / "pages") for p in PAPERS)
        (self.root / "sources.toml").write_text(text, encoding="utf-8")
        done = ingest(**self.files)
        assert not done.failed
        return done


def hash_of(paper: str, number: int, at: int) -> int:
    return PAPERS.index(paper) * 1000 + number * 10 + at
