"""Counting topics over a data folder, as the loader does: `python -m tests.bench.own_count DATA`.

The counterpart of tests/bench/peers/run_count.py; prints as JSON how much was found, and how long
it took.
"""

import json
import resource
import sys
import time
from pathlib import Path

BEGUN = time.perf_counter()

import pyarrow as pa  # noqa: E402 - timed, too
import pyarrow.compute as pc  # noqa: E402

from tasks.topics.parallel_count import count_files  # noqa: E402
from tests.support.build_texts import TOPICS  # noqa: E402


def counted(data: Path) -> dict[str, object]:
    """Mentions, and articles by topic, as the loader counts them."""
    paths = sorted((data / "articles").glob("*/*.parquet"))
    versions = {topic.topic_id: 1 for topic in TOPICS}
    found = pa.concat_tables(count_files(paths, TOPICS, versions, 2))
    seconds = time.perf_counter() - BEGUN
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = sum(one.ru_utime + one.ru_stime for one in both)
    named = found.select(["article_id", "version_no", "topic_id"])
    ids = named["article_id"].combine_chunks().storage
    named = named.set_column(0, "article_id", pc.cast(ids, pa.binary()))
    articles = named.group_by(named.schema.names).aggregate([]).num_rows
    return {"wall": seconds, "cpu": used, "total": found.num_rows, "articles": articles}


if __name__ == "__main__":
    print(json.dumps(counted(Path(sys.argv[1]))))
