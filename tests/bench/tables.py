"""The tables of `make bench`, as tests/bench/README.md shows them.

`python -m tests.bench.tables FILE...` prints the first one for cross-validations, which are files
like tests/training/crossval.json.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.lookalikes import Score, score
from tests.support.scoring import Figures, Totals, by_language, totals

FEWEST = 4
"""Pages of a language that has a row."""
NONE = "–"

Show = Callable[[Totals], str]


def _share(*names: str) -> Show:
    return lambda of: " / ".join(f"{100 * of[name]:.2f}" for name in names) + " %"


def _score(*names: str, digits: int = 4) -> Show:
    return lambda of: " / ".join(f"{of[name]:.{digits}f}".lstrip("0") for name in names)


def _hard(kind: str = "") -> Show:
    def show(of: Totals) -> str:
        hard, lost = of[f"{kind}hard"], of[f"{kind}hard_lost"]
        return f"{lost * hard:.0f} of {hard:.0f} ({_share(f'{kind}hard_lost')(of)})"

    return show


ROWS: tuple[tuple[str, str, Show], ...] = (
    ("pages leaking a core prompt", "≤ .8 %", _share("core_leak")),
    ("pages leaking any non-nav prompt", "≤ 1.5 %", _share("leak")),
    ("article paragraphs lost", "≤ 1.5 %", _share("lost")),
    ("… without eleven pages whose labels are wrong", "≤ 1.5 %", _share("sound_lost")),
    ("hard negatives lost", "≤ 2.5 %", _hard()),
    ("… without those eleven", "≤ 2.5 %", _hard("sound_")),
    ("saved as text: pages leaking a core prompt", "≤ 3 %", _share("text_core_leak")),
    (
        "saved as text: paragraphs lost / without those eleven",
        "≤ 2 %",
        _share("text_lost", "sound_text_lost"),
    ),
    (
        "the article alone as text: leaking a core prompt / lost",
        "≤ 3 / 2 %",
        _share("article_core_leak", "article_lost"),
    ),
    ("body shingle F1, news pages", "≥ .965", _score("news_f1")),
    ("news pages under F1 .8", "≤ 3 %", _share("news_bad")),
    ("F1, standfirst counted or not", "≥ .975", _score("neutral_f1")),
    ("F1, likewise, without six wrong gold pages", "≥ .975", _score("sound_f1", digits=5)),
    ("under F1 .8, of these two", "≤ 2.5 %", _share("neutral_bad", "sound_bad")),
    (
        "body F1: fundus / scrapinghub / misinformation / WCXB",
        "",
        _score("fundus_f1", "scrapinghub_f1", "misinformation_f1", "web-content_f1"),
    ),
    ("headline exact, fundus", "≥ .93", _score("headline")),
    ("… where the gold is the printed one", "≥ .93", _score("headline_printed")),
    ("day right", "≥ .985", _score("day_right")),
    ("day wrong", "≤ .005", _score("day_wrong")),
    ("CPU ms per page, one core", "≤ 10", lambda of: f"{of['ms']:.1f}"),
)


def main_table(systems: dict[str, Figures], milliseconds: dict[str, float]) -> str:
    """A row a figure, a column a system."""
    found = [
        totals(figures) | ({"ms": milliseconds[name]} if name in milliseconds else {})
        for name, figures in systems.items()
    ]
    rows = [[title, target, *(_shown(show, of) for of in found)] for title, target, show in ROWS]
    return _markdown(["", "target", *systems], rows)


def _shown(show: Show, of: Totals) -> str:
    try:
        return show(of)
    except KeyError:
        return NONE


def language_table(systems: dict[str, Figures]) -> str:
    """A row a language, the systems side by side in each cell."""
    found = [by_language(figures) for figures in systems.values()]
    first, *_ = found
    order = " / ".join(systems)
    head = ["", "pages", f"% leaking a prompt: {order}", "% of paragraphs lost", "gold", "body F1"]
    rows = []
    for language in sorted(first, key=lambda name: -first[name].get("pages", 0)):
        pages, gold = (int(first[language].get(count, 0)) for count in ("pages", "gold"))
        of = [languages.get(language, {}) for languages in found]
        leaks = [_beside(_percent(name), of, pages) for name in ("leak", "lost")]
        if max(pages, gold) >= FEWEST:
            f1 = _beside(_score("f1", digits=3), of, gold)
            rows.append([language, str(pages), *leaks, str(gold), f1])
    return _markdown(head, rows)


def _percent(name: str) -> Show:
    return lambda of: f"{100 * of[name]:.1f}"


def _beside(show: Show, systems: Sequence[Totals], pages: int) -> str:
    return " / ".join(_shown(show, of) for of in systems) if pages >= FEWEST else NONE


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def lookalike_table() -> str:
    """Sentences lost and prompts left by language, in both halves of the set, and as text."""
    parts = [("dev", None), ("held", None), ("held", "text")]
    scores = [score(half, template) for half, template in parts]
    lines = ["| language | dev: lost / left | held back: lost / left | held back, as text |"]
    lines.append("|---|---|---|---|")
    for language in sorted(scores[1], key=lambda name: (name == "all", name)):
        cells = [
            f"{counts.lost} of {counts.sentences} / {counts.left} of {counts.prompts}"
            for counts in (part.get(language, Score()) for part in scores)
        ]
        lines.append(f"| {language} | {' | '.join(cells)} |")
    more = " | ".join(str(part["all"].pages_losing_more) for part in scores)
    return "\n".join([*lines, f"| pages that lose another paragraph | {more} |"])


if __name__ == "__main__":
    print(main_table({name: json.loads(Path(name).read_bytes()) for name in sys.argv[1:]}, {}))
