"""Write crossval.json: `python -m tests.training.crossval OUT`, where OUT is what training wrote.

OUT is what training wrote: OUT/tree and OUT/text hold each gold page as models see it that were
trained without its owner. Only figures go into the file, no text of any paper.
"""

import json
import sys
from pathlib import Path

from tests.bench.tables import main_table
from tests.support.scoring import CORPUS, CROSSVAL, Figures, read_text, score_gold, score_texts


def score_training(out: Path) -> Figures:
    """The figures of the pages in OUT."""
    bodies = out / "tree" / "body"
    return {
        "corpus": score_texts(out / "tree" / "record"),
        "gold": score_gold(lambda page_id: read_text(bodies / f"{page_id}.txt")),
        "text": score_texts(out / "text" / "record"),
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
