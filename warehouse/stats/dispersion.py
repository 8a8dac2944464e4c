"""How much a source's share of a topic varies from day to day beyond chance.

Articles of one source and day are not independent draws: an event brings several at once.
Successive days are compared in pairs, so that a slow change of the share counts as attention, not
as error. For a pair with n of N articles with the topic, x of them on the day with the part q of
the articles:

    excess = (x - q n)^2 / (n q (1 - q)) - (N - n) / (N - 1), by chance 0 on average
    correlation = sum of excess / sum of 4 q (1 - q) (n - 1), over the pairs with n of 2 and more
    variation = 2 correlation / (1 - correlation)

If the rate of a day is its level times a gamma factor, variation is the variance of that factor:
given n, the level cancels, and x is beta-binomial. Sources with few pairs are shrunk to the
estimate of all sources of the topic, topics with few pairs to 0. The square root of the number of
pairs, half a standard error, is added to the sum of excess: an estimate that is low by chance would
give intervals that hold too seldom.
"""

import numpy as np
import pyarrow as pa

from warehouse.stats.daily_counts import Counts, Matrix, Numbers, Whole, rounded

# The sum of 4 q (1 - q) (n - 1) at which a source's own estimate weighs as much as its topic's.
PRIOR_WEIGHT = 200
MAX_CORRELATION = 0.6  # correlation: a variation of 3
DISPERSION = pa.schema(
    dict.fromkeys(("topic_id", "source_id"), pa.string())
    | {"variation": pa.float64(), "pairs": pa.int64()}
)


def dispersion(articles: Matrix, hits: Whole) -> tuple[Matrix, Numbers]:
    """Estimate the variation by topic and source, from pairs of days, whose numbers come with it.

    Args:
        articles: Articles by source and day; 0 where none was collected.
        hits: Those with a topic, by topic, source and day.
    """
    excess, weight = np.zeros((2, *hits.shape[:2]))
    pairs = np.zeros(hits.shape[:2], np.int64)
    for source, of_source in enumerate(articles):
        days = np.flatnonzero(of_source > 0)
        found, total = hits[:, source, days].astype(float), of_source[days]
        all_of_both = total[:-1] + total[1:]
        part = total[:-1] / all_of_both
        chance = part * (1 - part)
        both = found[:, :-1] + found[:, 1:]
        is_pair = both >= 2
        squares = (found[:, :-1] - part * both) ** 2 / np.where(is_pair, both * chance, np.inf)
        by_chance = is_pair * (all_of_both - both) / np.maximum(all_of_both - 1, 1)
        pairs[:, source] = is_pair.sum(axis=1)
        excess[:, source] = (squares - by_chance).sum(axis=1)
        weight[:, source] = (is_pair * (both - 1)) @ (4 * chance)
    of_topic = excess.sum(axis=1) / (weight.sum(axis=1) + PRIOR_WEIGHT / 10)
    shrunk = (excess + PRIOR_WEIGHT * of_topic[:, None] + np.sqrt(pairs)) / (weight + PRIOR_WEIGHT)
    correlation = np.clip(shrunk, 0, MAX_CORRELATION)
    return 2 * correlation / (1 - correlation), pairs


def dispersion_table(counts: Counts) -> pa.Table:
    """The table that the mart topic_dispersion reads: `dispersion_now`."""
    found = [DISPERSION.empty_table()]
    for panel in counts.panels:
        for topics, hits, _ in counts.hits(panel):
            variation, pairs = dispersion(np.nan_to_num(panel.total), hits)
            columns = [
                pa.array(np.repeat(topics, len(panel.sources))),
                pa.array(panel.sources * len(topics)),
                pa.array(rounded(variation, 6).ravel()),
                pa.array(pairs.ravel()),
            ]
            found.append(pa.table(columns, DISPERSION.names).cast(DISPERSION))
    return pa.concat_tables(found)
