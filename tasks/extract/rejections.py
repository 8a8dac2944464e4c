"""Reject pages without an article (section, consent, captcha, 404, video), with the reason."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from tasks.extract.jsonld import ARTICLE_TYPES, path_of
from tasks.extract.metadata import Metadata
from tasks.model import Cleaned, Outcome
from tasks.text.sentence_split import word_count
from tasks.text.urls import is_http

FEWEST_WORDS = 12  # Of body and standfirst together: a lede or a flash of one sentence has more
# For a dated page that states it is an article: only a first line may have been delivered.
FEWEST_STATED = 3
SHORT_WORDS = 120  # Up to here a text is weighed against the signs of other kinds of page
CHALLENGE = re.compile(
    r"just a moment\.\.\.|checking (?:your browser|if the site connection is secure)"
    r"|verify(?:ing)? (?:that )?you are (?:a |not a )?(?:human|robot)|are you a robot"
    r"|pardon our interruption|enable javascript and cookies|unusual traffic from"
    r"|please enable js and disable any ad blocker|attention required! \| cloudflare"
    r"|ddos protection by|access to this page has been denied|you have been blocked"
    r"|press (?:& |and )hold|performance & security by cloudflare|request unsuccessful\. incapsula"
    r"|captcha|bist du ein mensch|êtes-vous un robot",
    re.I,
)
CHALLENGE_PARTS = (
    "script[src*='captcha-delivery.com'], #challenge-form, #challenge-running, #px-captcha,"
    " #cf-wrapper, [class*='g-recaptcha'], iframe[src*='_Incapsula_Resource']"
)
CONSENT = re.compile(
    r"cookies?\b|\bconsent|einwilligung|zustimm|datenschutz|personenbezogen|consentement|partenaires"
    r"|consentimiento|privacy|\bgdpr\b|\btcf\b|pur-abo|tracking|\bpartner[ns]?\b|プライバシー|同意",
    re.I,
)
ACCEPT = re.compile(
    r"accept(?: all| and|er| alle)|akzeptieren|zustimmen|einverstanden|tout accepter|accepter et"
    r"|aceptar|accetta|i agree|agree and|reject all|alle ablehnen|同意する",
    re.I,
)
GONE = re.compile(
    r"\b(?:error|fehler|erreur|errore?)\W*404\b|\b404\W+(?:error|not found|page)|^404\b"
    r"|(?:page|article|story|content|seite|artikel)\b.{0,40}\b(?:not (?:be )?found"
    r"|no longer (?:exists|available)|(?:could|can)(?: not|not|n['’]t) be found"
    r"|does ?n['’o]t exist|nicht gefunden|existiert nicht|nicht mehr verfügbar)"
    r"|not found\s*(?:$|[|–-])|diese seite gibt es|nicht gefunden\s*(?:$|[|–-])"
    r"|page (?:introuvable|non trouvée)|página no encontrada|no se ha encontrado"
    r"|pagina non trovata|página não encontrada|pagina niet gevonden"
    r"|siden (?:ble|blev) ikke funnet|sidan (?:kunde inte|hittades inte)|страница не найдена"
    r"|ページ(?:が|は)(?:見つかりません|存在しません|ありません)|页面(?:不存在|未找到)|頁面不存在"
    r"|找不到(?:该|您)?.{0,6}(?:页|頁)|페이지를 찾을 수 없",
    re.I,
)
LEAF = re.compile(r"[\d?]|-.*-|\.html?$")
LIST_TYPES = frozenset({"CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"})
VIDEO_TYPES = frozenset({"VideoObject", "Movie", "TVEpisode", "Clip"})


Refusal = tuple[Outcome, str]  # The outcome and its detail


@dataclass(frozen=True, slots=True)
class PageView:
    """What a page shows, apart from its article; computed only where there is doubt."""

    title: str
    headings: str
    text: str  # The beginning of all its visible text
    words: int  # Of that beginning
    teasers: int = 0  # Headings that are links
    has_challenge: bool = False
    has_video: bool = False


def reject(
    look: Callable[[], PageView], meta: Metadata, cleaned: Cleaned, url: str
) -> Refusal | None:
    """Why the page holds no article; None when it does hold one.

    `look` says what the page shows; it is asked only where text and metadata leave a doubt.
    """
    if _states_article(meta) and any(n >= SHORT_WORDS for n in accumulate(_counts(cleaned))):
        return None
    words, view = sum(_counts(cleaned)), look()
    if view.words == 0:
        return Outcome.EMPTY_PAGE, "no text"
    if _is_section(view, meta, words, len(cleaned.paragraphs), url):
        return Outcome.SECTION_PAGE, f"{view.teasers} linked headings, {words} words of text"
    if words < SHORT_WORDS and (found := _other_kind(view, meta, words)):
        return found
    is_stated = _states_article(meta) and meta.published is not None
    if words < (FEWEST_STATED if is_stated else FEWEST_WORDS):
        return Outcome.NO_ARTICLE, f"{words} words"
    return None


def _counts(cleaned: Cleaned) -> Iterator[int]:
    """Words of an article's paragraphs and standfirst."""
    return map(word_count, (*cleaned.paragraphs, cleaned.standfirst or ""))


def _other_kind(view: PageView, meta: Metadata, words: int) -> Refusal | None:
    named = f"{view.title}\n{view.headings}"
    has_article = _states_article(meta)
    challenge = CHALLENGE.search(named) or (
        CHALLENGE.search(view.text) if view.words < 250 else None
    )
    if not has_article and view.words < 400 and (challenge or view.has_challenge):
        return Outcome.BOT_CHALLENGE, challenge[0] if challenge else "captcha"
    if not has_article and (gone := GONE.search(view.title) or GONE.search(view.headings)):
        return Outcome.SOFT_404, gone[0].strip()
    consent = len(CONSENT.findall(view.text))
    is_mostly_consent = consent >= 4 and view.words < min(500, 20 * consent)
    if not has_article and is_mostly_consent and ACCEPT.search(view.text):
        return Outcome.CONSENT_WALL, f"{consent} words of consent"
    says_video = view.has_video or bool(meta.kinds & VIDEO_TYPES)
    is_video = (says_video and not has_article) or any(
        kind.startswith("og:video") for kind in meta.kinds
    )
    if words < 50 and is_video:
        return Outcome.VIDEO_PAGE, f"{words} words beside the video"
    return None


def _states_article(meta: Metadata) -> bool:
    return bool(meta.kinds & ARTICLE_TYPES) or "og:article" in meta.kinds


def _is_section(view: PageView, meta: Metadata, words: int, paragraphs: int, url: str) -> bool:
    """Whether the page lists articles and is none: several signs have to meet."""
    if _states_article(meta) or meta.published_source in ("jsonld", "meta", "page"):
        return False
    path = path_of(url) if is_http(url) else "?"
    signs = [
        "og:website" in meta.kinds,
        bool(meta.kinds & LIST_TYPES),
        view.teasers >= 5,
        view.teasers >= 2 and paragraphs <= view.teasers + 2,
        path.count("/") <= 1 and not LEAF.search(path),
    ]
    return sum(signs) >= (2 if words <= SHORT_WORDS else 3) and (view.teasers >= 2 or words < 50)
