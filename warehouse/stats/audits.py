"""Precision, recall and corrected shares from a judged sample.

A sample is stratified, and each article in it has a weight: the number of articles that it
represents. An article that is not judged, or on which readers are unsure, counts as not drawn: the
others of its stratum represent it too. Strata with fewer than two judged articles are pooled, so
that every variance is known.

An interval is Wilson's with the effective size of the sample (Korn and Graubard, Survey Methodology
24, 1998; Franco et al., Journal of Survey Statistics and Methodology 7, 2019): the size of a simple
sample with the variance of this one, at most the articles that were judged, and with Student's t
for few of them.

The corrected share is that of design-based supervised learning (Egami, Hinck, Stewart and Wei,
NeurIPS 2023): the mean over all articles of the pseudo-outcome Q + (Y - Q) R / p, where Q is 1 for
an article that the topic counts, Y the readers' verdict, R 1 for a judged article and p its
probability of being judged. With samples drawn from the counted articles, and from near misses
among the others, that mean is share * precision + (1 - share) * missed. The intervals of these are
combined by MOVER (Zou and Donner, Statistics in Medicine 27, 2008), which needs no symmetry, and
holds even if no reader answered no.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from warehouse.stats.intervals import T_TERMS, Z


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float
    n: int = 0  # articles that were judged


@dataclass(frozen=True, slots=True)
class Unit:
    """One article of a sample, with the numerator and denominator of a share."""

    stratum: int
    weight: float
    is_known: bool  # judged, and no reader is unsure
    hits: float = 0.0  # 1 if it is about the topic; or the number of its mentions that are
    asked: float = 1.0  # 1; or the number of its mentions; 0 outside of the part to estimate


def estimate(units: Sequence[Unit], *, is_finite: bool = True) -> Estimate | None:
    """The weighted sum of `hits` over that of `asked`; None without a known unit.

    Args:
        units: the whole sample, including articles not judged yet.
        is_finite: whether the interval is for the articles that the sample was drawn from, so that
            it narrows as more of them are judged; otherwise it is for any such articles.
    """
    known = [unit for unit in units if unit.is_known]
    if not any(unit.asked for unit in known):
        return None
    strata = _pooled(units)
    weight = np.array([unit.weight for unit in known])
    stratum = np.array([strata[unit.stratum] for unit in known])
    for name in set(strata.values()):
        drawn = sum(unit.weight for unit in units if strata[unit.stratum] == name)
        weight[stratum == name] *= drawn / weight[stratum == name].sum()
    hits, asked = (np.array([getattr(unit, name) for unit in known]) for name in ("hits", "asked"))
    total = float(weight @ asked)
    share = float(weight @ hits) / total
    errors = weight * (hits - share * asked) / total
    variance = 0.0  # of the linearised ratio, over strata
    for of_stratum in (errors[stratum == name] for name in np.unique(stratum)):
        if len(of_stratum) > 1:
            squares = float(((of_stratum - of_stratum.mean()) ** 2).sum())
            variance += len(of_stratum) / (len(of_stratum) - 1) * squares
    asked_weight = weight[asked > 0]
    judged = len(asked_weight)
    unjudged = 1 - judged / max(float(asked_weight.sum()), judged) if is_finite else 1.0
    if unjudged <= 0:
        return Estimate(share, share, share, judged)
    # The size of a simple random sample with the same variance.
    if variance > 0 and 0 < share < 1:
        size = min(share * (1 - share) / variance, float(asked.sum()))
    else:  # all answers are equal: only unequal weights reduce the size (Kish)
        size = float(asked_weight.sum() ** 2 / (asked_weight**2).sum())
    size *= (Z / student(judged - 1)) ** 2
    return Estimate(share, *wilson(share, size / unjudged), judged)


def _pooled(units: Sequence[Unit]) -> dict[int, int]:
    """The stratum to use for each stratum: those with few judged articles are pooled."""
    judged = Counter(unit.stratum for unit in units if unit.is_known)
    strata = sorted({unit.stratum for unit in units})
    large = [name for name in strata if judged[name] > 1]
    small = [name for name in strata if judged[name] < 2]
    pool = -1
    if large and sum(judged[name] for name in small) < 2:
        pool = max(large, key=lambda name: judged[name])
    return {name: name for name in large} | dict.fromkeys(small, pool)


def student(freedom: int) -> float:
    """The 97.5 % point of Student's t; within .01."""
    if freedom < 4:
        return (12.706, 4.303, 3.182)[max(freedom, 1) - 1]
    return sum((term / freedom**power for power, term in enumerate(T_TERMS, 1)), Z)


def wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share in a sample of an effective size."""
    weight = Z * Z / size
    middle = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return (0.0 if share <= 0 else low, 1.0 if share >= 1 else high)


def corrected_share(raw: Estimate, precision: Estimate, missed: Estimate | None = None) -> Estimate:
    """The share of articles that are about a topic, where its precision was audited.

    Args:
        raw: the share of the articles that the topic counts, with its own interval.
        precision: the share of the counted articles that is about it; not `is_finite`.
        missed: the share of the others that is about it; None if no near misses were judged.

    Returns:
        The corrected share with an interval for both samplings, of articles and of verdicts.
    """
    found = _product(raw, precision)
    if missed is None:
        return Estimate(found.share, found.low, found.high, precision.n)
    others = Estimate(1 - raw.share, 1 - raw.high, 1 - raw.low)
    added = _product(others, missed)
    share = found.share + added.share
    low = share - math.hypot(found.share - found.low, added.share - added.low)
    high = share + math.hypot(found.high - found.share, added.high - added.share)
    return Estimate(share, max(0.0, low), min(1.0, high), precision.n + missed.n)


def _product(first: Estimate, second: Estimate) -> Estimate:
    """The product of two independent shares, by MOVER on their logarithms."""
    share = first.share * second.share
    low = 0.0
    if first.low and second.low:
        low = share * math.exp(
            -math.hypot(math.log(first.share / first.low), math.log(second.share / second.low))
        )
    if not first.share or not second.share:
        return Estimate(share, low, first.high * second.high)
    high = share * math.exp(
        math.hypot(math.log(first.high / first.share), math.log(second.high / second.share))
    )
    return Estimate(share, low, min(1.0, high))


def recall(
    counted: int, precision: Estimate, near_misses: int, missed: Estimate
) -> Estimate | None:
    """The share of the articles about a topic, counted or near misses, that is counted.

    Other articles about the topic are not sampled, so this is an upper bound.
    """
    true = [counted * value for value in (precision.share, precision.low, precision.high)]
    lost = [near_misses * value for value in (missed.share, missed.low, missed.high)]
    if not true[0]:
        return None
    low, high = (_ratio_bound(lost, true, is_upper=is_upper) for is_upper in (False, True))
    found = true[0] / (true[0] + lost[0])
    return Estimate(found, 1 / (1 + high), 1 / (1 + low), precision.n + missed.n)


def _ratio_bound(top: Sequence[float], bottom: Sequence[float], *, is_upper: bool) -> float:
    """A bound of a ratio of independent estimates (share, low, high), by MOVER."""
    (a, a_low, a_high), (b, b_low, b_high) = top, bottom
    edge, other = (a_high, b_low) if is_upper else (a_low, b_high)
    under = (a * b) ** 2 - edge * other * (2 * a - edge) * (2 * b - other)
    root = math.sqrt(max(0.0, under))
    scale = other * (2 * b - other)
    if scale <= 0:
        return math.inf if is_upper else 0.0
    return max(0.0, (a * b + (root if is_upper else -root)) / scale)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two readers' answers to the same articles; None without any.

    1 if all answers of both readers are the same.
    """
    if not pairs:
        return None
    total = len(pairs)
    agreed = sum(first == second for first, second in pairs) / total
    firsts, seconds = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    chance = sum(firsts[answer] * seconds[answer] for answer in firsts) / total**2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def closest_readers(answers: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    """The answers (by article and reader) of the two readers with most articles in common."""
    by_reader: dict[str, dict[str, str]] = {}
    for (article, reader), answer in answers.items():
        by_reader.setdefault(reader, {})[article] = answer
    pairs = [
        [(one[article], two[article]) for article in one.keys() & two.keys()]
        for one, two in combinations([by_reader[name] for name in sorted(by_reader)], 2)
    ]
    return max(pairs, key=len, default=[])
