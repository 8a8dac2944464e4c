"""The series of `balanced_index`: shares and indexes in which groups of sources weigh alike."""

import numpy as np
import pyarrow as pa

from warehouse.stats.attention_index import KEY, indexes, series_table
from warehouse.stats.balance import balanced_share
from warehouse.stats.daily_counts import Counts, rounded
from warehouse.stats.dispersion import dispersion
from warehouse.stats.periods import ENOUGH, periods_of, sums_of

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
            columns = []
            for periods in kinds:
                sums = sums_of(periods, known)
                share = balanced_share(periods, sums, variation, groups)
                found = indexes(periods, sums, variation, groups)
                by_period = (periods.articles, share.groups, share.effective_articles)
                shape = share.values.shape
                articles, count, effective = (np.broadcast_to(x, shape) for x in by_period)
                with_mention = np.where(np.isnan(articles), np.nan, sums.sum(axis=1))
                series = (*found.epu, *found.gap_robust, *found.log_linear)
                columns.append(
                    [
                        *(with_mention, articles, count * 1.0, rounded(share.values, 8)),
                        *(effective, share.variance, *(rounded(values, 4) for values in series)),
                    ]
                )
            tables.append(series_table(SERIES, topics, kinds, columns))
    return pa.concat_tables(tables).unify_dictionaries()
