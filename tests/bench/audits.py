"""Do audits' 95 % intervals hold: `python -m tests.bench --only audits`.

Six made sources over ninety days. An alias of three in four articles is right in 97 of 100, the
other in 60; one in fifty articles without an alias is a near miss, of which a fifth are about the
topic. A sample is drawn as `presswatch audit` does, judged truly, and each interval either holds
what it is of or not: the precision of the articles that were drawn from, the recall of those, the
share of articles that are about the topic by what they were made from.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.audit.stratified_draw import draw
from warehouse.stats.audits import Estimate, Unit, corrected_share, estimate, recall, wilson

SIZES = (50, 100, 400)
WORLDS = {
    "Poisson": (0.0, 0.0),
    "overdispersed, sd .25": (0.25, 0.0),
    "overdispersed, sd .5": (0.5, 0.0),
    "Poisson, a tenth missing": (0.0, 0.1),
}
"""Standard deviation of a source's rate from day to day, and the cells that are missing."""
ROUNDS = 400
DAYS, PUBLISHED = 90, 12
SHARES = np.array([0.02, 0.04, 0.06, 0.10, 0.15, 0.20])
"""Of a source's articles, those that mention an alias."""
SECOND_ALIAS, RIGHT = 0.25, (0.97, 0.60)
NEAR, NEAR_TRUE = 0.02, 0.2
NAMES = ("precision", "recall", "corrected share", "corrected share, near misses too")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Articles with a mention by source, day, alias; which are about the topic; near misses."""

    counts: Ints
    """Of articles, by source and day."""
    hits: Ints
    """Of those with a mention, by source and day."""
    keys: Sequence[tuple[str, ...]]
    is_true: NDArray[np.bool_]
    near_keys: Sequence[tuple[str, ...]]
    is_near_true: NDArray[np.bool_]


def world(dice: np.random.Generator, scatter: float, missing: float) -> World:
    """One draw of all that is random but the sample."""
    shape = (len(SHARES), DAYS)
    seen = dice.random(shape) >= missing
    counts = np.where(seen, dice.poisson(PUBLISHED, shape), 0)
    rate = np.broadcast_to(SHARES[:, None], shape)
    if scatter:
        rate = np.minimum(1, rate * dice.gamma(1 / scatter**2, scatter**2, shape))
    hits = dice.binomial(counts, rate)
    near = dice.binomial(counts - hits, NEAR)
    source, day = (axis.ravel() for axis in np.indices(shape))
    of_hit, of_near = (np.repeat(np.arange(counts.size), each.ravel()) for each in (hits, near))
    second = dice.random(len(of_hit)) < SECOND_ALIAS
    is_true = dice.random(len(of_hit)) < np.where(second, RIGHT[1], RIGHT[0])
    keys = [
        (str(source[cell]), str(alias), str(day[cell] // 30))
        for cell, alias in zip(of_hit, second, strict=True)
    ]
    near_keys = [(str(source[cell]), str(day[cell] // 30)) for cell in of_near]
    return World(counts, hits, keys, is_true, near_keys, dice.random(len(of_near)) < NEAR_TRUE)


def judged(
    keys: Sequence[tuple[str, ...]], is_true: NDArray[np.bool_], n: int, seed: int
) -> tuple[Estimate, Estimate]:
    """The precision of these articles, and of any such, from a sample of n."""
    units = [
        Unit(one.stratum, one.weight, is_known=True, hits=float(is_true[one.item]))
        for one in draw(keys, n, seed)
    ]
    found, of_any = estimate(units), estimate(units, is_finite=False)
    assert found
    assert of_any
    return found, of_any


def dispersion(made: World) -> float:
    """Variance of the sources' daily counts over that of chance, as the share's interval has it."""
    rates = made.hits.sum(axis=1) / made.counts.sum(axis=1)
    expected = made.counts * rates[:, None]
    cells = expected > 0
    squares = (made.hits - expected)[cells] ** 2 / (expected * (1 - rates[:, None]))[cells]
    return max(1.0, float(squares.sum() / (cells.sum() - len(rates))))


def held(made: World, n: int, seed: int) -> Iterator[tuple[str, bool]]:
    """Whether each interval holds what it is of."""
    precision, of_any = judged(made.keys, made.is_true, n, seed)
    near, near_any = judged(made.near_keys, made.is_near_true, n, seed + 1)
    hits, articles, candidates = len(made.keys), int(made.counts.sum()), len(made.near_keys)
    scaled = candidates / (articles - hits)
    missed = Estimate(scaled * near_any.share, scaled * near_any.low, scaled * near_any.high)
    raw = Estimate(hits / articles, *wilson(hits / articles, articles / dispersion(made)))
    true, lost = int(made.is_true.sum()), int(made.is_near_true.sum())
    right = 1 - SECOND_ALIAS + SECOND_ALIAS * RIGHT[1] / RIGHT[0]
    by_source = SHARES * right * RIGHT[0]
    by_source_too = by_source + (1 - SHARES) * NEAR * NEAR_TRUE
    published = made.counts.sum(axis=1)
    targets = {
        "precision": (precision, true / hits),
        "recall": (recall(hits, precision, candidates, near), true / (true + lost)),
        "corrected share": (
            corrected_share(raw, of_any),
            float(published @ by_source) / articles,
        ),
        "corrected share, near misses too": (
            corrected_share(raw, of_any, missed),
            float(published @ by_source_too) / articles,
        ),
    }
    for name, (found, target) in targets.items():
        yield name, found is not None and found.low <= target <= found.high


def coverage(n: int, scatter: float, missing: float, rounds: int = ROUNDS) -> dict[str, float]:
    """The part of the intervals that hold what they are of, by name."""
    found: Counter[str] = Counter()
    for seed in range(rounds):
        made = world(np.random.default_rng([seed, n]), scatter, missing)
        found.update(name for name, is_held in held(made, n, seed) if is_held)
    return {name: found[name] / rounds for name in NAMES}


def run() -> None:
    """Print the table."""
    print(f"| articles | n | {' | '.join(NAMES)} |\n|---|---|{'---|' * len(NAMES)}")
    for world_name, (scatter, missing) in WORLDS.items():
        for n in SIZES:
            found = coverage(n, scatter, missing)
            cells = " | ".join(f"{100 * found[name]:.1f} %" for name in NAMES)
            print(f"| {world_name} | {n} | {cells} |")
