"""Audits: judging samples of a topic's articles, and the accuracy of its shares.

The only views that write: forms create samples and verdicts in the layer of audits.
"""

import getpass
import secrets
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from flows.desk.address import address
from flows.desk.desk import Desk, DeskRequest
from flows.desk.views.forms import FormFields, single_value
from tasks.audit.judging import ANSWERS, Judging, checked_reader
from tasks.audit.publishing import publish_audits
from tasks.audit.sampling import draw_sample
from warehouse.layers.audits import SAMPLE, Kind, audit_files, read_audits
from warehouse.questions.audits import (
    audit_words,
    audited,
    estimate_in_words,
    precision_by,
    precision_by_alias,
    precision_by_mention,
)
from warehouse.questions.wrong_articles import exclusion_candidates
from warehouse.read.query import QueryError

SAMPLE_SIZES = (50, 100, 200, 400)
KINDS: tuple[Kind, ...] = ("precision", "near_miss")


def audits(view: DeskRequest) -> Response:
    """The topics with their audits, and the samples to judge."""
    samples = read_audits(view.desk.layout)
    loaded = {path for (path,) in view.con.execute("SELECT path FROM audit_files").fetchall()}
    waiting = audit_files(view.desk.layout) - loaded
    return view.page(
        "audit.html",
        topics={topic: audit_words(audited(view.con, topic)) for topic in view.known.topics},
        samples=list(reversed(samples)),
        judged={
            audit.sample.audit_id: len({article for article, _ in audit.current})
            for audit in samples
        },
        is_behind=any(not name.endswith(SAMPLE) for name in waiting),
        sizes=SAMPLE_SIZES,
        reader=_reader(view.query.get("reader", "")),
    )


def judge(view: DeskRequest) -> Response:
    """The next article of a sample for a reader, or what was found when all are judged."""
    reader = _reader(view.query.get("reader", ""))
    judging = Judging(view.desk.layout, view.request.path_params["audit_id"], reader)
    sample = judging.audit().sample
    article = judging.next_article()
    found = audited(view.con, sample.topic_id)
    tables = {}
    if found and article is None:
        audit_id = found.audit_id
        by_mention = precision_by_mention(view.con, audit_id)
        tables = {
            "by article": {"all": found.precision}
            | ({"counted by today's definition": found.still} if found.still else {}),
            "by mention": {"all": by_mention} if by_mention else {},
            "by alias": precision_by_alias(view.con, audit_id),
            "by language": precision_by(view.con, audit_id, "language"),
            "by source": precision_by(view.con, audit_id, "source_id"),
        }
    return view.page(
        "judge.html",
        view="audit",
        sample=sample,
        article=article,
        reader=reader,
        judged=len(judging.verdicts()),
        words=audit_words(found),
        tables=tables,
        in_words=estimate_in_words,
        blames=exclusion_candidates(view.con, found.audit_id) if found and article is None else {},
    )


def save_verdict(desk: Desk, request: Request, given: FormFields) -> str:
    """Save a verdict, or take the last one back; returns the address of the next article."""
    reader = checked_reader(single_value(given, "reader"))
    judging = Judging(desk.layout, request.path_params["audit_id"], reader)
    answer = single_value(given, "answer")
    if answer == "back":
        judging.take_back()
    elif verdict := next((each for each in ANSWERS if each == answer), None):
        false = given.get("false", ())
        if not all(each.isdecimal() for each in false):
            raise QueryError(f"false must be numbers of mentions, got {', '.join(false)!r}")
        judging.record_verdict(
            single_value(given, "article"), verdict, [int(each) for each in false]
        )
    else:
        raise QueryError(f"answer must be one of {', '.join(ANSWERS)}, back, got {answer!r}")
    return address(f"/audit/{judging.audit_id}", {"reader": reader})


def draw(desk: Desk, request: Request, given: FormFields) -> str:
    """Draw a sample; returns the address of its first article."""
    reader, size = checked_reader(single_value(given, "reader")), single_value(given, "n")
    kind = next((each for each in KINDS if each == single_value(given, "kind")), None)
    if kind is None or size not in map(str, SAMPLE_SIZES):
        raise QueryError(f"kind must be one of {', '.join(KINDS)}, n one of {SAMPLE_SIZES}")
    now, seed = datetime.now(UTC), secrets.randbits(31)
    sample = draw_sample(desk.layout, single_value(given, "topic"), int(size), seed, now, kind)
    return address(f"/audit/{sample.audit_id}", {"reader": reader})


def publish(desk: Desk, request: Request, given: FormFields) -> str:
    """Load all verdicts, so that the shares of all views use them."""
    publish_audits(desk.layout)
    return address("/audit", {"reader": single_value(given, "reader")})


def _reader(given: str) -> str:
    return checked_reader(given or getpass.getuser())
