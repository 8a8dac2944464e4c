"""`presswatch audit`: a key an article, files, and what it says."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from flows.cli.app import app
from flows.cli.audit_command import judge
from tasks.audit.judging import Judging
from tasks.audit.sampling import draw_sample
from tests.audit.test_audits import AT, with_near_misses
from warehouse.layers.audits import read_audits
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow


def run(layout: Layout, *words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["audit", *map(str, words), "--data", str(layout.root)])
    return done.exit_code, done.stdout, done.stderr


def pressed(judging: Judging, keys: str) -> str:
    """What the terminal shows while these keys are pressed."""
    out, waiting = StringIO(), iter(keys)
    judge(judging, lambda: next(waiting), Console(width=100, file=out))
    assert next(waiting, None) is None, "all keys were asked for"
    return out.getvalue()


def test_one_key_an_article_and_on_where_it_was_left(layout: Layout) -> None:
    sample = draw_sample(layout, "harvest", 4, 7, AT)
    judging = Judging(layout, sample.audit_id, "ann")
    shown = pressed(judging, "y1xNq")
    assert "1 of 4" in shown
    assert "harvest" in shown
    assert len(judging.verdicts()) == 2
    assert "3 of 4" in pressed(judging, "b1yuy")
    said = [(each.answer, each.false_hits) for each in judging.verdicts().values()]
    assert said == [("yes", ()), ("yes", (0,)), ("unsure", ()), ("yes", ())]
    assert "all 4 are judged by ann" in pressed(judging, "")


def test_a_file_is_written_and_taken(layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    status, out, _ = run(
        layout, "harvest", "--n", 8, "--seed", 3, "--reader", "ann", "--export", path
    )
    assert (status, out.splitlines()[-1]) == (0, f"{path}: 8 articles")
    assert "8 of 12 articles, seed 3" in out
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    filled = [line.replace(",,,ann", ",yes,,ann") for line in lines]
    filled[2] = lines[2].replace(",,,ann", ",maybe,,ann")
    path.write_text("\n".join(filled), encoding="utf-8")
    status, out, err = run(layout, "harvest", "--import", path)
    assert status == 3
    assert f"{path}:3: verdict: must be yes, no or unsure, got 'maybe'" in err
    assert f"{path}: 7 verdicts taken, 0 as before, 0 empty, 1 wrong" in out
    assert "audited n = 7, precision 1 (" in out
    [audit] = read_audits(layout)
    assert audit.readers == ("ann",)
    assert audit.sample.seed == 3
    status, out, _ = run(layout, "harvest", "--show")
    assert status == 0
    assert "harvest" in out
    assert "by mention" in out


def test_a_given_reader_is_that_of_an_imported_file(layout: Layout, tmp_path: Path) -> None:
    """An export names the user who made it; somebody else may fill it in."""
    path = tmp_path / "verdicts.csv"
    run(layout, "harvest", "--n", 8, "--seed", 3, "--reader", "bob", "--export", path)
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(",,,bob", ",yes,,bob"), encoding="utf-8")
    assert run(layout, "harvest", "--import", path, "--reader", "ann")[0] == 0
    [audit] = read_audits(layout)
    assert audit.readers == ("ann",)


def test_verdicts_of_every_sample_of_the_topic_are_taken(tmp_path: Path) -> None:
    """Of near misses too, without asking for them again, and of a sample with a later one."""
    layout, path = with_near_misses(tmp_path / "data"), tmp_path / "verdicts.csv"
    words = ("--n", 4, "--recall", 4, "--seed", 3, "--reader", "ann", "--export", path)
    assert run(layout, "summit", *words)[0] == 0
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace(",,,ann", ",yes,,ann"), encoding="utf-8")
    assert run(layout, "summit", "--new")[0] == 0
    status, out, err = run(layout, "summit", "--import", path)
    assert (status, err) == (0, "")
    assert f"{path}: 8 verdicts taken, 0 as before, 0 empty, 0 wrong" in out
    judged = {audit.sample.kind for audit in read_audits(layout) if audit.readers}
    assert judged == {"precision", "near_miss"}


def test_a_new_sample_is_drawn_when_asked_for(layout: Layout) -> None:
    for _ in range(2):
        assert run(layout, "harvest", "--seed", 3)[0] == 0
    assert len(read_audits(layout)) == 1
    assert run(layout, "harvest", "--seed", 3, "--new")[0] == 0
    assert len(read_audits(layout)) == 2


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (("wheat",), 1, "no topic 'wheat'; there are: harvest, summit"),
        (("wheat", "--show"), 1, "no topic 'wheat'"),
        (("harvest", "--n", "1"), 2, "or equal to 2"),
        (("harvest", "--reader", " "), 1, "a reader's name has 1 to 100"),
        (("harvest", "--import", "nowhere.csv"), 1, "nowhere.csv cannot be read"),
    ],
)
def test_mistakes(layout: Layout, words: tuple[str, ...], status: int, why: str) -> None:
    found, _, err = run(layout, *words)
    assert found == status
    assert why in err
