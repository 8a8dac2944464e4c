"""The pictures of README.md, made from the demo: `make screenshots`."""

import tempfile
from pathlib import Path

from tests.support.chromium import chromium
from tests.support.demo_folder import make_demo
from tests.support.desk_server import served
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

FOLDER = Path("flows/desk/pictures")
DRAWN = "html[data-drawn=yes]"
# An English article that mentions two topics and was changed, or one that comes closest to it.
ARTICLE = """
    SELECT article_id
    FROM articles
    JOIN mentions USING (article_id, version_no)
    WHERE language = 'en'
    GROUP BY article_id
    ORDER BY max(versions) > 1 DESC, count(DISTINCT topic_id) DESC, count(*) DESC, article_id
    LIMIT 1
"""


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        layout = Layout(Path(name) / "demo")
        make_demo(layout.root)
        [article] = snapshot_records(layout, ARTICLE)
        views = {
            "attention": "/attention?topic=g20&topic=sanctions&unit=week",
            "article": f"/article/{article['article_id']}",
        }
        with served(layout) as base:
            page = browser.new_page(viewport={"width": 1200, "height": 760})
            for picture, path in views.items():
                page.goto(base + path)
                page.wait_for_selector(DRAWN)
                page.screenshot(path=FOLDER / f"{picture}.png")


if __name__ == "__main__":
    main()
