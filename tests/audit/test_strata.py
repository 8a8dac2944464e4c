"""Stratified samples: seeded, weights that add up, strata merged where there are too many."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.audit.stratified_draw import MIN_OF_STRATUM, allocated, draw, merged

PARTS = st.sampled_from(["a", "b", "c"])
KEYS = st.lists(st.tuples(PARTS, PARTS, PARTS), max_size=120)


@given(KEYS, st.integers(2, 60), st.integers(0, 2**31))
def test_weights_add_up_to_the_population(keys: list[tuple[str, ...]], n: int, seed: int) -> None:
    drawn = draw(keys, n, seed)
    assert len(drawn) == min(n, len(keys))
    assert len({each.item for each in drawn}) == len(drawn)
    assert sum(each.weight for each in drawn) == pytest.approx(len(keys))
    assert draw(keys, n, seed) == drawn
    by_stratum = Counter(each.stratum for each in drawn)
    weights = {each.stratum: each.weight for each in drawn}
    sizes = {name: weights[name] * count for name, count in by_stratum.items()}
    assert all(
        count >= min(MIN_OF_STRATUM, round(sizes[name])) for name, count in by_stratum.items()
    )


@given(KEYS.filter(bool), st.integers(1, 30))
def test_strata_are_merged_until_there_are_few_enough(
    keys: list[tuple[str, ...]], most: int
) -> None:
    strata = merged(keys, most)
    assert len(strata) <= most
    assert sorted(item for stratum in strata for item in stratum) == list(range(len(keys)))
    if len(set(keys)) <= most:
        assert all(len({keys[item] for item in stratum}) == 1 for stratum in strata)


def test_small_strata_join_those_that_share_most_of_their_keys() -> None:
    keys = [("bbc", "en", "01")] * 8 + [("bbc", "en", "02")] + [("post", "en", "01")] * 9
    assert [len(stratum) for stratum in merged(keys, 2)] == [9, 9]


def test_the_rest_is_drawn_in_proportion() -> None:
    assert allocated([600, 300, 90, 10], 100) == [60, 30, 8, 2]
    assert allocated([3, 1], 100) == [3, 1]


def test_another_seed_draws_others() -> None:
    keys = [("a",)] * 100
    assert {each.item for each in draw(keys, 20, 1)} != {each.item for each in draw(keys, 20, 2)}
