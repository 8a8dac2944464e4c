"""Write crossval.json: `python -m tests.training.crossval OUT`, where OUT is what training wrote.

Extracts each page of the corpus by today's rules with the model that saw no page of its owner, and
counts one that the article model, trained likewise, rejects as empty. Only figures go into the
file, no text of any paper.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tasks.extract import extract_page
from tasks.prompts import block_model
from tasks.refine.preview_page import Record, as_record
from tests.bench.corpus import lines_of, write_page
from tests.bench.tables import main_table
from tests.support.scoring import CORPUS, CROSSVAL, Figures, score_folder
from tests.training.labels import FOLD_MODEL, fold_of, owners_of, read_html, read_rows
from tests.training.page_model import REJECTED


def extract_unseen(out: Path) -> Iterator[tuple[str, Record]]:
    """The record of each gold page, and of each labelled page as HTML and as text.

    Each with the path of its figures: `gold/ID`, `pages/ID`, `text/ID`, `article/ID`.
    """
    owners, rejected = owners_of(CORPUS), json.loads((out / REJECTED).read_text())
    for row in read_rows(CORPUS / "gold/index.jsonl.gz"):
        page_id, owner = row["id"], owners.get(row["id"], row["publisher"])
        with patch.object(block_model, "MODEL", out / FOLD_MODEL.format(fold_of(owner))):
            html = b"" if page_id in rejected else read_html(CORPUS, page_id)
            record = _extract(html, "text/html", row["url"])
            yield f"gold/{page_id}", record
            if page_id in owners:
                yield f"pages/{page_id}", record
                forms = lines_of(CORPUS / "pages" / f"{page_id}.json.gz")
                for name, text in forms.items():
                    yield f"{name}/{page_id}", _extract(text.encode(), "text/plain", "")


def _extract(payload: bytes, content_type: str, url: str) -> Record:
    return as_record(extract_page(payload, content_type, url))


def score_training(out: Path) -> Figures:
    """The figures of the pages by the models in OUT."""
    with TemporaryDirectory() as folder:
        for name, record in extract_unseen(out):
            write_page(Path(folder) / name, record)
        return score_folder(Path(folder))


def main(out: Path) -> None:
    """Write the file and show its totals."""
    if not CORPUS.is_dir():
        sys.exit("scoring needs ../shared/corpus, which is absent")
    figures = score_training(out)
    CROSSVAL.write_text(json.dumps(figures, sort_keys=True, separators=(",", ":")) + "\n")
    print(main_table({"cross-validated": figures}, {}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
