"""The 95 % interval of a share."""

import numpy as np
import pytest

from warehouse.stats.intervals import share_interval


@pytest.mark.parametrize(
    ("hits", "articles", "interval"),
    [
        # Of Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0)),
    ],
)
def test_equals_published_values(hits: int, articles: int, interval: tuple[float, float]) -> None:
    assert share_interval(hits, articles) == pytest.approx(interval, abs=5e-5)


def test_no_article_gives_no_interval() -> None:
    assert share_interval(0, 0) is None


def test_holds_for_few_articles() -> None:
    random = np.random.default_rng(7)
    for share in (0.02, 0.1, 0.5):
        intervals = [share_interval(hits, 30) for hits in range(31)]
        hits = random.binomial(30, share, size=4000)
        inside = [
            low <= share <= high for low, high in (intervals[each] or (0, 0) for each in hits)
        ]
        assert np.mean(inside) >= 0.9
