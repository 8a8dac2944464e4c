"""Write crossval.json: `python -m tests.training.crossval OUT`, where OUT is what training wrote.

OUT/tree.json and OUT/text.json hold each gold page as cleaned by a model trained without its owner.
Only figures go into the file, no text of any paper.
"""

import json
import sys
from pathlib import Path

from tests.bench.tables import main_table
from tests.support.scoring import CORPUS, CROSSVAL, Figures, score_corpus, score_gold


def score_training(out: Path) -> Figures:
    """The figures of the pages in OUT."""
    tree, text = (json.loads((out / f"{kind}.json").read_text()) for kind in ("tree", "text"))
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
