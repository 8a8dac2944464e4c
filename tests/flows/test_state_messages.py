"""What the page of a run says at its end."""

from pathlib import Path
from typing import Any

import pytest

from flows.recount import recount
from flows.report import report
from tests.support.config_files import ONE_SOURCE
from tests.support.daily_news import DailyNews
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import Files


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (recount, "recounted: g20, "),
        (report, "/report.html: 3 articles of 2 sources"),
    ],
)
def test_a_run_says_what_it_did(
    prefect_api: str, news: DailyNews, tmp_path: Path, flow: Any, said: str
) -> None:
    (tmp_path / "sources.toml").write_text(ONE_SOURCE)
    files = Files(
        sources_file=str(tmp_path / "sources.toml"),
        topics_file=str(TOPICS),
        data=str(news(1).root),
    )
    state = flow(**files, return_state=True)
    assert state.is_completed()
    assert said in (state.message or "")


def test_a_recount_names_topics_that_were_removed(
    prefect_api: str, news: DailyNews, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(ONE_SOURCE)
    files = {"sources_file": str(tmp_path / "sources.toml"), "data": str(news(1).root)}
    recount(**files, topics_file=str(TOPICS))
    one = tmp_path / "topics.toml"
    one.write_text('[[topic]]\nid = "g20"\nname = "G20"\naliases = ["G20", "ferry"]\n')
    states = [recount(**files, topics_file=str(one), return_state=True) for _ in range(2)]
    assert (states[0].message or "").startswith("recounted: g20; removed: ")
    assert states[1].message == "recounted: no topic has changed"
