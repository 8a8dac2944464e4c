"""One reader at work on one sample: what is next, the last verdict, and taking it back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from warehouse.layers.audits import (
    Answer,
    Audit,
    SampledArticle,
    Verdict,
    read_audit,
    read_audits,
    write_verdicts,
)
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

ANSWERS: tuple[Answer, ...] = ("yes", "no", "unsure")
MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class Judging:
    """A reader and a sample; the files are read again for each answer, so readers may share it."""

    layout: Layout
    audit_id: str
    reader: str

    def audit(self) -> Audit:
        """The audit as it is now; QueryError without one of this id."""
        if self.audit_id not in {path.name for path in self.layout.audits.glob("*")}:
            raise QueryError(f"there is no audit {self.audit_id!r}")
        return read_audit(self.layout, self.audit_id)

    def verdicts(self) -> dict[str, Verdict]:
        """The reader's verdicts that count, by article, the latest last."""
        latest: dict[str, Verdict] = {}
        for reader, verdict in self.audit().verdicts:
            if reader == self.reader:
                latest.pop(verdict.article_id, None)
                if verdict.answer != "withdrawn":
                    latest[verdict.article_id] = verdict
        return latest

    def next_article(self) -> SampledArticle | None:
        """The first article that this reader has not judged; None when all are."""
        judged = self.verdicts()
        waiting = (one for one in self.audit().sample.articles if one.article_id not in judged)
        return next(waiting, None)

    def record_verdict(
        self, article_id: str, answer: Answer, false_hits: Collection[int] = ()
    ) -> None:
        """Record a verdict; QueryError where the sample has no such article or mention."""
        articles = {one.article_id: one for one in self.audit().sample.articles}
        if article_id not in articles:
            raise QueryError(f"{self.audit_id} has no article {article_id!r}")
        hits = len(articles[article_id].hits)
        if wrong := sorted(set(false_hits) - set(range(hits))):
            raise QueryError(f"article {article_id} has no mention {wrong[0] + 1}: it has {hits}")
        self._write(article_id, answer, tuple(sorted(set(false_hits))) if answer == "yes" else ())

    def take_back(self) -> SampledArticle | None:
        """Take the reader's last verdict back; the article that it was on, None without one."""
        judged = self.verdicts()
        if not judged:
            return None
        article_id = [*judged][-1]
        self._write(article_id, "withdrawn", ())
        articles = self.audit().sample.articles
        return next(one for one in articles if one.article_id == article_id)

    def _write(self, article_id: str, answer: Answer, false_hits: tuple[int, ...]) -> None:
        verdict = Verdict(
            article_id=article_id,
            answer=answer,
            judged_at=datetime.now(UTC),
            false_hits=false_hits,
        )
        write_verdicts(self.layout, self.audit_id, self.reader, [verdict])


def checked_reader(name: str) -> str:
    """A reader's name; QueryError where it is none."""
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise QueryError(f"a reader's name has 1 to {MAX_NAME_CHARS} printable characters")
    return name


def newest(layout: Layout, topic_id: str, kind: str) -> Audit | None:
    """The last sample of a kind that was drawn of a topic."""
    audits = [audit for audit in read_audits(layout, topic_id) if audit.sample.kind == kind]
    return audits[-1] if audits else None
