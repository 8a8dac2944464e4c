"""Papers that misbehave beside others, in one ingest: the others are loaded meanwhile."""

from pathlib import Path

import pytest

from tests.bench.misbehaving import ingest, way_of
from tests.support.misbehaving import WAYS

pytestmark = pytest.mark.slow

PAPERS, ARTICLES = 20, 2
LIMITS = {
    "PRESSWATCH_LIMITS__SOURCE_SECONDS": "20",
    "PRESSWATCH_LIMITS__MAX_SECONDS": "5",
    "PRESSWATCH_LIMITS__MAX_TRIES": "1",
    "PRESSWATCH_LIMITS__PAGE_SECONDS": "5",
    "PRESSWATCH_LIMITS__LOAD_SECONDS": "3",
}


def test_each_way_to_misbehave_ends_by_its_name_and_holds_up_no_other_paper(
    prefect_api: str, tmp_path: Path
) -> None:
    bad = len(WAYS)
    limits = {**LIMITS, "PREFECT_API_URL": prefect_api}
    done = ingest(tmp_path, PAPERS, bad, ARTICLES, 0.05, limits)
    assert done.status == 3, (tmp_path / "log").read_text()  # some sources failed
    assert len(done.waits) == PAPERS - bad
    assert max(done.waits.values()) < done.wall
    assert done.loads > 1
    for number, outcomes in enumerate(done.ends.values()):
        way = way_of(number)
        assert way.outcomes & outcomes.keys(), (way.name, outcomes)
    (run,) = done.rows
    assert run["articles"] >= (PAPERS - bad) * ARTICLES  # type: ignore[operator]
