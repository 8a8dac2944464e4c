"""How often chance, an outage or a weekday is taken for a spike, and how many spikes are found."""

import numpy as np
import pytest

from tests.bench.spike_calibration import (
    ARTICLES,
    METHODS,
    PAST,
    SCENARIOS,
    YEAR,
    Topics,
    draw,
    false_alarms,
    judge,
    scores,
)
from warehouse.stats.daily_counts import Matrix
from warehouse.stats.spikes import MIN_SCORES, min_score

TOPICS = 300
RATES = [0.02, 0.05, 0.01, 0.2]
"""How often the topic comes up in each of four sources; the last writes of it most."""


def most(rate: float, years: float) -> float:
    """Alarms of so many years that a true rate would exceed once in a thousand tries."""
    return rate * years + 3.1 * float(np.sqrt(rate * years))


@pytest.mark.parametrize("expected", [3, 8])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_false_alarms_are_at_most_as_many_as_chosen(scenario: str, expected: float) -> None:
    found = scores(draw(Topics(scenario, expected, TOPICS), seed=1))[:, PAST:]
    alarms = {rate: (found >= min_score(rate)).sum() for rate in (0.5, 1, 2, 5)}
    for rate, count in alarms.items():
        assert count <= most(rate, TOPICS)
        # Nor far fewer, which would cost recall.
        assert count > 0.35 * rate * TOPICS, rate


def test_the_first_month_has_no_more_false_alarms() -> None:
    for scenario in SCENARIOS:
        found = scores(draw(Topics(scenario, 30, 2000, days=28), seed=2))
        assert np.isneginf(found[:, :7]).all()
        assert (found >= min_score(1)).sum() <= most(1, 2000 * 28 / YEAR), scenario


def test_a_rate_in_between_has_a_score_in_between() -> None:
    rates = sorted(MIN_SCORES)
    assert [min_score(rate) for rate in rates] == sorted(MIN_SCORES.values(), reverse=True)
    assert MIN_SCORES[0.5] > min_score(0.7) > MIN_SCORES[1]


@pytest.mark.slow
@pytest.mark.parametrize(("expected", "times"), [(8, 3), (3, 5)])
def test_more_spikes_are_found_than_by_the_method_before(expected: float, times: float) -> None:
    days = draw(Topics("steady", expected, 1500, days=PAST + 1), 3, times)
    found, before = (
        judge(METHODS[name], days).alarms(METHODS[name].threshold)[:, -1].mean()
        for name in ("Presswatch", "0.1.0")
    )
    assert found >= 0.86
    assert found > before + 0.1


def test_the_method_before_had_too_few_false_alarms() -> None:
    method = METHODS["0.1.0"]
    judged = judge(method, draw(Topics("steady", 8, TOPICS), seed=1))
    assert false_alarms(judged, method.threshold) < 0.2


def outages() -> dict[str, Matrix]:
    """Articles by source and day, with days of which nothing was collected."""
    usual = np.repeat(np.array(ARTICLES, float)[:, None], 300, axis=1)
    found = {name: usual.copy() for name in ("days", "weeks", "joins", "all", "many", "weekdays")}
    for source in range(4):
        found["days"][source, 100 + 30 * source] = 0
    found["days"][:, 240] = 0
    found["weeks"][3, 100:130] = 0
    found["weeks"][2, 150:220] = 0
    found["joins"][3, :120] = 0
    found["joins"][0, :10] = 0
    found["all"][:, 90:115] = 0
    found["all"][:, 150:240] = 0
    found["many"][np.random.default_rng(5).random(usual.shape) < 0.3] = 0
    found["weekdays"][1:, np.arange(300) % 7 >= 5] = 0
    return found


@pytest.mark.parametrize(("name", "total"), outages().items())
def test_an_outage_its_end_and_a_new_source_raise_no_alarm(name: str, total: Matrix) -> None:
    expected = total * np.array(RATES)[:, None]
    # As many as expected, without chance: not even the lowest threshold is reached.
    found = scores(np.rint(expected)[None].astype(int), total)
    assert np.isfinite(found).any()
    assert found.max() < MIN_SCORES[10] - 0.5
    # With chance no more alarms than without an outage.
    hits = np.random.default_rng(6).poisson(expected / 4, (TOPICS, *total.shape))
    alarms = (scores(hits, total) >= min_score(1)).sum()
    assert alarms <= most(1, TOPICS * 300 / YEAR), name


@pytest.mark.parametrize("sd", [0, 0.5])
def test_fewer_articles_at_weekends_raise_no_alarm(sd: float) -> None:
    dice = np.random.default_rng(7)
    days = np.arange(PAST + YEAR)
    weekend = np.where(days % 7 >= 5, 0.5, 1)
    total = np.rint(np.array(ARTICLES)[:, None] * weekend)
    # Half of the articles, and of these fewer with the topic.
    level = np.repeat(8 * weekend[None] * np.where(days % 7 >= 5, 0.7, 1), TOPICS, axis=0)
    if sd:
        level = level * dice.gamma(1 / sd**2, sd**2, level.shape)
    hits = dice.poisson(level[:, None] * np.array(ARTICLES)[:, None] / sum(ARTICLES))
    found = scores(hits, total) >= min_score(1)
    assert found[:, PAST:].sum() <= most(1, TOPICS)
    assert found[:, :28].sum() <= most(1, TOPICS * 28 / YEAR)
