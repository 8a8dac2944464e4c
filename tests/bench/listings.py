"""How many pages that are no article are taken for one: `python -m tests.bench --only listings`.

The corpus does not say a page's language: it is what the page states.
"""

import gzip
import json
from collections import Counter

from tasks.extract import extract_page
from tasks.extract.article_or_not import MODEL
from tasks.extract.metadata import read_metadata
from tasks.text.html_tree import parse_html
from tests.support.scoring import CORPUS

FOLDER = CORPUS / "no-article"


def run() -> None:
    """Print both tables."""
    print(f"{unseen_table()}\n\n{language_table()}")


def unseen_table() -> str:
    """What training measured on owners that the model had not seen, by what is known of a page."""
    unseen: dict[str, dict[str, float]] = json.loads(MODEL.read_text(encoding="utf-8"))["unseen"]
    names = list(next(iter(unseen.values())))
    rows = [f"| known of the page | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for known, found in unseen.items():
        shares = (f"{100 * found[name]:.2f} %" for name in names)
        rows.append(f"| {known} | {' | '.join(shares)} |")
    return "\n".join(rows)


def language_table() -> str:
    """What the shipped model, which has seen them, accepts of the same pages, by language."""
    pages, accepted = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for line in (FOLDER / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        html = gzip.decompress((FOLDER / f"{row['id']}.html.gz").read_bytes())
        stated = read_metadata(parse_html(html.decode(errors="replace")), row["url"]).language
        is_article = extract_page(html, "text/html", row["url"]).page is not None
        for language in (stated or "not stated", "all"):
            pages[language, row["news"]] += 1
            accepted[language, row["news"]] += is_article
    rows = ["| language | news sites: accepted | others: accepted |", "|---|---|---|"]
    languages = {language for language, _ in pages}
    for language in sorted(languages, key=lambda name: -pages[name, True] - pages[name, False]):
        news, others = (
            f"{accepted[language, of]} of {pages[language, of]}" for of in (True, False)
        )
        rows.append(f"| {language} | {news} | {others} |")
    return "\n".join(rows)
