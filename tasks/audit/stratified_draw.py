"""Stratified samples: which strata, how many of each, and with which weight."""

import heapq
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

MIN_OF_STRATUM = 2  # articles: the variance of a single one, or of a systematic sample, is a guess


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn item."""

    item: int  # its number in the population
    stratum: int
    weight: float  # items that it stands for


def draw(keys: Sequence[tuple[str, ...]], n: int, seed: int) -> list[Drawn]:
    """Draw n items, stratified by their keys, in random order; all of them where there are no more.

    A key's first parts matter most: strata that are merged share as many of them as possible. The
    weights add up to the number of items.
    """
    rng = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret
    strata = merged(keys, max(1, n // MIN_OF_STRATUM))
    drawn = [
        Drawn(item, number, len(stratum) / count)
        for number, (stratum, count) in enumerate(
            zip(strata, allocated([*map(len, strata)], n), strict=True)
        )
        for item in rng.sample(stratum, count)
    ]
    rng.shuffle(drawn)
    return drawn


def merged(keys: Sequence[tuple[str, ...]], most: int) -> list[list[int]]:
    """The items by key, in at most `most` strata: small ones are joined to their neighbours.

    First those that differ in the last part of their keys alone, then in the last two, and so on.
    """
    order = sorted(range(len(keys)), key=lambda item: (keys[item], item))
    strata = [list(items) for _, items in groupby(order, key=lambda item: keys[item])]
    least = len(keys) / most
    depth = len(keys[0]) if keys else 0
    while len(strata) > most and depth:
        depth -= 1
        joined: list[list[int]] = []
        last: Hashable = None
        for stratum in strata:
            prefix = keys[stratum[0]][:depth]
            if joined and prefix == last and min(len(joined[-1]), len(stratum)) < least:
                joined[-1] += stratum
            else:
                joined.append(stratum)
            last = prefix
        strata = joined
    return strata


def allocated(sizes: Sequence[int], n: int) -> list[int]:
    """How many to draw of strata of these sizes: in proportion, but two of each if it has two."""
    counts = [min(MIN_OF_STRATUM, size) for size in sizes]
    rest = min(n, sum(sizes)) - sum(counts)
    # By d'Hondt, as seats are given to parties: the stratum with most items per drawn one is next.
    waiting = [(-size / (count + 1), at) for at, (size, count) in enumerate(zip(sizes, counts))]  # noqa: B905
    heapq.heapify(waiting)
    while rest > 0 and waiting:
        _, at = heapq.heappop(waiting)
        if counts[at] < sizes[at]:
            counts[at] += 1
            rest -= 1
            heapq.heappush(waiting, (-sizes[at] / (counts[at] + 1), at))
    return counts
