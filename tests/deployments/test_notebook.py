"""The notebook of deployments/, run by marimo as it opens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daily_news import DailyNews
from tests.support.serving import ROOT
from warehouse.read.query import snapshot_records

pytestmark = pytest.mark.slow

# An environment of its own, since no other test needs marimo.
FOLDER = Path(os.environ.get("PRESSWATCH_NOTEBOOK", ROOT / ".venv/notebook"))
RUN = """
import json, sys
sys.path += json.loads(sys.argv[1])
sys.argv = ["notebook.py", "--", "--data", sys.argv[2]]
from deployments.notebook import app
outputs, found = app.run()
shown = [output.text for output in outputs if output is not None]
about = {name: len(found[name]) for name in ("weeks", "by_source", "collected")}
about |= {"total": found["total"], "topic": found["selection"].topics[0], "shown": shown}
print(json.dumps(about))
"""


@pytest.mark.skipif(not FOLDER.exists(), reason="needs .venv/notebook, which `make test` sets up")
def test_it_draws_its_three_figures(news: DailyNews) -> None:
    layout = news(3)
    paths = [str(path) for path in (FOLDER / "lib").glob("python3*/site-packages")]
    command = [sys.executable, "-c", RUN, json.dumps(paths), str(layout.root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    [truth] = snapshot_records(
        layout,
        "SELECT sum(articles_with_mention)::BIGINT AS hits, sum(articles)::BIGINT AS articles"
        " FROM topic_daily WHERE topic_id = ?",
        [told["topic"]],
    )
    assert {name: told["total"][name] for name in truth} == truth
    assert told["weeks"] >= 1
    assert told["by_source"] == told["collected"] >= told["weeks"]
    assert sum("<svg" in shown for shown in told["shown"]) == 3
