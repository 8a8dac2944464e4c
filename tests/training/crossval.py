"""Write crossval.json: `python -m tests.training.crossval OUT`, where OUT is what training wrote.

Cleans each gold page with the scores of a model trained without its owner, by today's rules, and
counts one that the article model, trained likewise, rejects as empty. Only figures go into the
file, no text of any paper.
"""

import json
import pickle
import sys
from pathlib import Path

from tasks.prompts.block_roles import find_headline
from tasks.prompts.clean_page import add_stated_text, clean_unchanged_text, finish
from tasks.prompts.draft import Draft
from tests.bench.tables import main_table
from tests.support.scoring import CORPUS, CROSSVAL, Figures, Page, score_corpus, score_gold
from tests.training.page_model import REJECTED


def clean_pages(drafts: Path, rejected: frozenset[str] = frozenset()) -> dict[str, Page]:
    """Each gold page of a file of drafts as cleaned: `body`, `standfirst` and `all` of its text."""
    pages = {}
    for example, columns, scores, prompt_scores in pickle.loads(drafts.read_bytes()):
        page, hints = example.page, example.hints
        texts = [block.text for block in page.blocks]
        headline = find_headline(page, hints.headline)
        draft = Draft(page, columns, scores, prompt_scores)
        found = clean_unchanged_text(page, hints) or finish(draft, headline, hints)
        found = add_stated_text(found, hints, texts)
        heads = [text for text in (found.kicker, found.headline, found.standfirst) if text]
        body = "\n".join(found.paragraphs)
        text = "\n".join([*heads, *found.captions, body])
        is_article = example.page_id not in rejected
        pages[example.page_id] = {
            "body": body if is_article else "",
            "standfirst": found.standfirst if is_article else None,
            "all": text if is_article else "",
        }
    return pages


def score_training(out: Path) -> Figures:
    """The figures of the pages in OUT."""
    tree = clean_pages(out / "tree.pickle", frozenset(json.loads((out / REJECTED).read_text())))
    text = clean_pages(out / "text.pickle")
    return {
        "corpus": score_corpus(lambda page_id: tree[page_id]["all"]),
        "gold": score_gold(tree.get),
        "text": score_corpus(lambda page_id: text[page_id]["all"]),
    }


def main(out: Path) -> None:
    """Write the file and show its totals."""
    if not CORPUS.is_dir():
        sys.exit("scoring needs ../shared/corpus, which is absent")
    figures = score_training(out)
    CROSSVAL.write_text(json.dumps(figures, sort_keys=True, separators=(",", ":")) + "\n")
    print(main_table({"cross-validated": figures}, {}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
