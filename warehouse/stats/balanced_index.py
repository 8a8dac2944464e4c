"""The series of `balanced_index`: shares and indexes in which groups of sources weigh alike."""

import numpy as np
import pyarrow as pa

from warehouse.stats.attention_index import KEY, indexes, series_table
from warehouse.stats.balance import balanced_share
from warehouse.stats.daily_counts import Counts, Matrix, Numbers, Whole, rounded
from warehouse.stats.dispersion import dispersion
from warehouse.stats.periods import ENOUGH, Periods, periods_of, sums_of

VALUES = (
    *("balanced_share", "effective_articles", "share_variance", "epu", "epu_low", "epu_high"),
    *("gap_robust", "gap_robust_low", "gap_robust_high"),
    *("log_linear", "log_linear_low", "log_linear_high"),
)
SERIES = pa.schema(
    KEY
    | dict.fromkeys(("articles_with_mention", "articles", "groups"), pa.int64())
    | dict.fromkeys(VALUES, pa.float64())
)
# A source without a country or collection is a group of its own.
GROUPS = {
    "country": "SELECT source_id, coalesce(country, source_id) FROM sources",
    "collection": "SELECT source_id, coalesce(collection, source_id) FROM sources",
}


def balanced_table(counts: Counts) -> pa.Table:
    """The table that the mart balanced_index reads, `balanced_now`; empty without a balance."""
    ((balance,),) = counts.con.execute("FROM balance_rule").fetchall()
    tables = [SERIES.empty_table()]
    if balance == "none":
        return tables[0]
    group_of = dict(counts.con.execute(GROUPS[balance]).fetchall())
    for panel in counts.panels:
        _, groups = np.unique([group_of[source] for source in panel.sources], return_inverse=True)
        kinds = [periods_of(panel, kind) for kind in ENOUGH]
        for topics, hits, _ in counts.hits(panel):
            variation, _ = dispersion(np.nan_to_num(panel.total), hits)
            known = hits[..., panel.known]
            columns = [
                _columns(periods, sums_of(periods, known), variation, groups) for periods in kinds
            ]
            tables.append(series_table(SERIES, topics, kinds, columns))
    return pa.concat_tables(tables).unify_dictionaries()


def _columns(periods: Periods, hits: Whole, variation: Matrix, groups: Numbers) -> list[Matrix]:
    """The columns of SERIES after `period`, by topic and period."""
    share = balanced_share(periods, hits, variation, groups)
    found = indexes(periods, hits, variation, groups)
    each = (periods.articles, share.groups, share.effective_articles)
    articles, count, effective = (np.broadcast_to(one, share.values.shape) for one in each)
    with_mention = np.where(np.isnan(articles), np.nan, hits.sum(axis=1))
    return [
        *(with_mention, articles, count * 1.0, rounded(share.values, 8)),
        *(effective, share.variance),
        *(rounded(one, 4) for one in (*found.epu, *found.gap_robust, *found.log_linear)),
    ]
