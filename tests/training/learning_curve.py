"""What more texts written for training bring: `python -m tests.training.learning_curve CORPUS`.

Fits the weights of words in prompts with a part of the own texts, and tells the prompts of the
lookalikes' first half from its news sentences by these weights alone, without any markup.
"""

import sys
from pathlib import Path

import numpy as np

from tasks.prompts.word_weights import Lexicon
from tests.support.lookalikes import cases
from tests.training.lexicons import own_rows, prompt_weights, read_prompt_rows

PARTS = 4
LOST = 0.05  # Of the news sentences, at the score from which on all is taken for a prompt


def main(corpus: Path) -> None:
    """Print a line for each part: own lines, area under the ROC curve, prompts below the limit."""
    from sklearn.metrics import roc_auc_score  # type: ignore[import-not-found]

    found, own = read_prompt_rows(corpus), own_rows()
    is_prompt = np.array([case.is_prompt for case in cases("dev")])
    for part in range(PARTS + 1):
        some = [row for at, row in enumerate(own) if at % PARTS < part]
        lexicon = Lexicon({}, prompt_weights([*found, *some]), {}, {})
        scores = np.array(
            [max(lexicon.score_text(line).prompt for line in case.lines) for case in cases("dev")]
        )
        limit = np.quantile(scores[~is_prompt], 1 - LOST)
        below = float((scores[is_prompt] <= limit).mean())
        area = roc_auc_score(is_prompt, scores)
        print(f"{len(some):6} own lines: area {area:.3f}, {below:.0%} of the prompts left")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
