"""Phrases that distinguish some articles from others, by log-odds with an informative prior."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import log, sqrt

from tasks.suggest.phrases import (
    Document,
    Phrase,
    contained_phrases,
    frequent,
    is_whole,
    may_be_alias,
    subphrases,
)

MIN_ARTICLES = 3  # of the topic that must contain a phrase
PRIOR_ARTICLES = 10.0  # weight of the prior, in articles
COMMON_SHARE = 0.25  # a word in a larger share of the other articles is a function word
# A phrase is part of a longer one if this share of its articles contains the longer one: FIXED if
# that is any whole phrase, MOSTLY if it is ranked as well.
FIXED, MOSTLY = 0.95, 0.7
# For a 99.9 % interval, since thousands of phrases are compared.
_Z = 3.290527


@dataclass(frozen=True, slots=True)
class Sampled:
    """One article of a sample."""

    source_id: str
    document: Document


@dataclass(frozen=True, slots=True)
class Keyness:
    """A phrase, and how much more frequent it is in the topic's articles."""

    phrase: Phrase
    log_odds: float  # log of the ratio of the odds that an article contains it
    low: float  # lower end of the 99.9 % interval


def distinguishing(
    topic: Sequence[Sampled], others: Sequence[Sampled], names: frozenset[Phrase] = frozenset()
) -> list[Keyness]:
    """The phrases that distinguish the topic's articles, the most certain first, without `names`.

    An article counts once for a phrase, however often it contains it. Ranked by the lower end of
    the interval: the z score of Monroe et al. ranks frequent companions (Russia) above rare
    synonyms (embargo), which make good aliases.
    """
    least = max(MIN_ARTICLES, len(topic) // 200)
    in_topic = frequent((each.document for each in topic), least)
    in_others = Counter(
        phrase for each in others for phrase in contained_phrases(each.document, in_topic.keys())
    )
    common = frozenset(phrase for phrase, n in in_others.items() if n > COMMON_SHARE * len(others))
    whole = {phrase for phrase in in_topic if is_whole(phrase, common)}
    candidates = frozenset(phrase for phrase in whole - names if may_be_alias(phrase))
    # Phrases that only one paper uses are dropped.
    sources: dict[Phrase, set[str]] = defaultdict(set)
    for article in topic:
        for phrase in contained_phrases(article.document, candidates):
            sources[phrase].add(article.source_id)
    is_one_paper = len({article.source_id for article in topic}) == 1
    ranked = [
        _keyness(phrase, in_topic[phrase], len(topic), in_others[phrase], len(others))
        for phrase in candidates
        if is_one_paper or len(sources[phrase]) > 1
    ]
    ranked = [each for each in ranked if each.low > 0]
    ranked.sort(key=lambda each: (-each.low, -len(each.phrase), each.phrase))
    cut = _pieces(in_topic, whole, {each.phrase for each in ranked})
    kept: dict[Phrase, Keyness] = {}
    for each in ranked:
        # A phrase that contains a higher ranked one would count only where that counts.
        if each.phrase not in cut and not any(part in kept for part in subphrases(each.phrase)):
            kept[each.phrase] = each
    return [*kept.values()]


def _keyness(phrase: Phrase, in_topic: int, topic: int, in_others: int, others: int) -> Keyness:
    """Monroe, Colaresi and Quinn (2008), equations 16 and 20, with articles in place of words."""
    rate = (in_topic + in_others) / (topic + others)
    prior, rest = PRIOR_ARTICLES * rate, PRIOR_ARTICLES * (1 - rate)

    def log_of_odds(held: int, articles: int) -> float:
        return log((held + prior) / (articles - held + rest))

    log_odds = log_of_odds(in_topic, topic) - log_of_odds(in_others, others)
    deviation = sqrt(1 / (in_topic + prior) + 1 / (in_others + prior))
    return Keyness(phrase, log_odds, log_odds - _Z * deviation)


def _pieces(
    in_topic: dict[Phrase, int], whole: AbstractSet[Phrase], ranked: AbstractSet[Phrase]
) -> set[Phrase]:
    """The ranked phrases that are only parts of longer ones: `Twenty`, or a part of 二十国集团."""

    def cut_out(
        longer: AbstractSet[Phrase], shorter: AbstractSet[Phrase], share: float
    ) -> set[Phrase]:
        return {
            part
            for phrase in longer
            for part in subphrases(phrase)
            if part in shorter and in_topic[phrase] >= share * in_topic[part]
        }

    # The longer phrase may be too long for an alias, or a repeated sentence.
    fixed = cut_out(whole, ranked, FIXED)
    rest = ranked - fixed
    return fixed | cut_out(rest, rest, MOSTLY)
