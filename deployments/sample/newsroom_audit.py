"""An audit for the demo: a sample of one topic's articles, judged by how each was made."""

from datetime import datetime
from urllib.parse import urlsplit

from newsroom_articles import DEMO_PAPERS
from newsroom_demo import Demo, by_path

from tasks.audit.sampling import draw_sample
from warehouse.layers.audits import Answer, SampledArticle, Verdict, read_audits, write_verdicts
from warehouse.layers.layout import Layout

TOPIC = "sanctions"
SAMPLED = 100
READER = "the made newsroom"
PAPERS = {paper.id: paper for paper in DEMO_PAPERS}


def audit(layout: Layout, demo: Demo, now: datetime) -> None:
    """Draw a sample and judge all of it, unless there is one; the next load takes it in."""
    if read_audits(layout, TOPIC):
        return
    sample = draw_sample(layout, TOPIC, SAMPLED, demo.year.seed, now)
    verdicts = [
        Verdict(article_id=one.article_id, answer=answer(demo, one, now), judged_at=now)
        for one in sample.articles
    ]
    write_verdicts(layout, sample.audit_id, READER, verdicts)


def answer(demo: Demo, article: SampledArticle, now: datetime) -> Answer:
    """The verdict: yes if the article was made to be about the topic, unsure if a person wrote it.

    No if it only names the topic in a correction of something else.
    """
    made = by_path(demo.year, PAPERS[article.source_id], now.date())
    story = made.get(urlsplit(article.url).path)
    if story is None:
        return "unsure"
    return "yes" if TOPIC in story.topics else "no"
