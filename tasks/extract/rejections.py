"""Reject pages without an article (listing, consent, captcha, 404, video), with the reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tasks.extract.access import judge_access
from tasks.extract.app_shells import MAX_SHELL_WORDS, NO_SIGNS, AppSigns, needs_javascript
from tasks.extract.article_or_not import MIN_LINKS_ALONE, PageVerdict, states_article
from tasks.extract.metadata import Metadata
from tasks.model import Cleaned, Outcome
from tasks.prompts.text_statistics import ends_as_sentence
from tasks.text.sentence_split import word_count

MIN_WORDS = 12  # of body and standfirst together: a lede or a flash of one sentence has more
# For a dated page that states it is an article: only a first line may have been delivered.
MIN_WORDS_OF_STATED_ARTICLE = 3
MAX_MESSAGE_WORDS = 120  # A page with more has a text of its own: no captcha, consent wall or 404
MAX_VIDEO_PAGE_WORDS = 50  # A page with a video and fewer words is the video's
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
    r"|(?:page|article|story|content|seite|artikel)\b[^:]{0,40}\b(?:not (?:be )?found"
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
# What a publisher puts in the place of an article that it removed.
REMOVED = re.compile(
    r"\b(?:this|the requested) (?:article|story|page|content|post)\b[^.]{0,20}"
    r"\b(?:has been|was|had to be|is) (?:\w+ )?(?:removed|deleted|taken down|withdrawn"
    r"|unpublished|no longer available)"
    r"|^\W*(?:article|story|page|post) (?:removed|deleted|withdrawn|unavailable)\W*$"
    r"|(?:\bdies\w* (?:artikel|beitrag|text|seite|meldung|inhalt)\b"
    r"|\b(?:der|die|das) (?:artikel|beitrag|seite|inhalt), (?:den|die|das) sie\b)[^.]{0,60}"
    r"\b(?:entfernt|gelöscht|depubliziert|zurückgezogen"
    r"|nicht (?:mehr|länger) (?:verfügbar|abrufbar))"
    r"|^\W*(?:artikel|beitrag) gelöscht\W*$"
    r"|\b(?:cet|cette|ce) (?:article|page|contenu|publication)\b[^.]{0,30}"
    r"\b(?:supprimée?|retirée?|dépubliée?|plus (?:disponible|accessible|en ligne))"
    r"|\best[ae] (?:artículo|página|contenido|noticia|nota)\b[^.]{0,30}"
    r"\b(?:eliminad[oa]|retirad[oa]|borrad[oa]|ya no está disponible)"
    r"|\bquest[oa]?\W(?:articolo|pagina|contenuto|notizia)\b[^.]{0,30}"
    r"\b(?:rimoss[oa]|eliminat[oa]|cancellat[oa]|ritirat[oa]|non è più disponibile)"
    r"|\best[ae] (?:artigo|página|conteúdo|notícia|matéria)\b[^.]{0,30}"
    r"\b(?:removid[oa]|eliminad[oa]|apagad[oa]|retirad[oa]|(?:não está mais|já não está) dispon)"
    r"|\b(?:dit|deze) (?:artikel|bericht|pagina)\b[^.]{0,30}"
    r"\b(?:verwijderd|ingetrokken|niet (?:meer|langer) beschikbaar)"
    r"|\b(?:denne|dette) (?:artikkelen|artiklen|saken|siden)\b[^.]{0,30}"
    r"\b(?:fjernet|slettet|trukket)"
    r"|\bden här (?:artikeln|sidan)\b[^.]{0,30}\b(?:borttagen|avpublicerad|tagits bort)"
    r"|\bt(?:en|a) (?:artykuł|strona|treść)\b[^.]{0,30}\b(?:usunięt[ya]|wycofan[ya])"
    r"|(?:эта|данная) (?:статья|страница|публикация|новость)[^.]{0,30}(?:удалена|снята)"
    r"|\bbu (?:haber|makale|içerik|sayfa)\b[^.]{0,30}(?:kaldırıl|silin)"
    r"|(?:この|当)(?:記事|ページ)は[^。]{0,20}(?:削除|終了)|(?:该|此|本)(?:文章|文|内容|页面)已?被?删除"
    r"|(?:이|해당) (?:기사|페이지|게시물)[은는이가]? ?[^.]{0,10}삭제",
    re.I,
)
# Words of a title that add nothing to such a message.
FILLER = re.compile(
    r"\b(?:sorry|o+ps|whoops|the|this|that|leider|hoppla|désolé|requested)\b|[\W\d_]+", re.I
)
TITLE_PARTS = re.compile(r"\s+[|–—-]\s+|\n")
# A message addresses its reader, or is about the missing page; an article does neither.
TO_READER = re.compile(
    r"\b(?:we|our|you|your|wir|unser\w*|nous|notre|nos|vous|votre|vos|noi|nostr[aoi]|tuo[ia]?"
    r"|nosotros|nuestr[ao]s?|tus?|você|uw|ons|onze)\b|\b(?:Ihnen|Ihre\w?|Sie)\b|あなた|お客様|您|你",
    re.I,
)
OF_THE_PAGE = re.compile(
    r"\b(?:pages?|links?|url|search|browser|server|javascript|address|home ?page|seite|adresse"
    r"|suche|startseite|recherche|accueil|página|pagina|búsqueda|buscar|ricerca|zoek\w*|siden|sidan"
    r"|страниц\w+|адрес\w*)\b|ページ|页面|頁面|페이지",
    re.I,
)
MIN_OWN_WORDS = 20  # of sentences that are no message: one or two of an article
VIDEO_TYPES = frozenset({"VideoObject", "Movie", "TVEpisode", "Clip"})


Refusal = tuple[Outcome, str]  # The outcome and its detail


@dataclass(frozen=True, slots=True)
class PageView:
    """What a page shows, apart from its article; computed only where there is doubt."""

    title: str
    headings: str
    text: str  # The beginning of all its visible text
    words: int  # Of that beginning
    has_challenge: bool = False
    has_video: bool = False
    is_unindexed: bool = False  # Whether it asks search engines to leave it out
    app: AppSigns = NO_SIGNS


def reject(
    look: Callable[[], PageView], meta: Metadata, cleaned: Cleaned, verdict: PageVerdict
) -> Refusal | None:
    """Why the page holds no article; None when it does hold one.

    `look` returns what the page shows; it is called only for pages with little text.
    """
    words = 0
    for text in (*cleaned.paragraphs, cleaned.standfirst or ""):
        # How many more words there are does not matter.
        words += word_count(text) if words < MAX_MESSAGE_WORDS else 0
    view = look() if words < MAX_MESSAGE_WORDS else None
    if view and (found := _substitute_page(view, meta, cleaned, verdict)):
        return found
    fewest = MIN_WORDS_OF_STATED_ARTICLE if states_article(meta) and meta.published else MIN_WORDS
    if view and (why := _script_evidence(view, meta, cleaned, verdict, has_text=words >= fewest)):
        return Outcome.NEEDS_JAVASCRIPT, why
    if view and view.words == 0:
        return Outcome.EMPTY_PAGE, view.app.refresh or "no text"
    is_small_list = verdict.is_listing and cleaned.signals.get("links", 0) < MIN_LINKS_ALONE
    if verdict.is_listing and not is_small_list:
        return Outcome.SECTION_PAGE, verdict.reason
    if view and words < MAX_VIDEO_PAGE_WORDS:
        has_video = view.has_video or meta.kinds & VIDEO_TYPES
        is_stated_video = any(kind.startswith("og:video") for kind in meta.kinds)
        if is_stated_video or (has_video and not states_article(meta)):
            return Outcome.VIDEO_PAGE, f"{words} words beside the video"
    if is_small_list:
        return Outcome.SECTION_PAGE, verdict.reason
    if words < fewest:
        return Outcome.NO_ARTICLE, f"{words} words"
    return None


def _substitute_page(
    view: PageView, meta: Metadata, cleaned: Cleaned, verdict: PageVerdict
) -> Refusal | None:
    """What a site shows instead of the page that was asked for."""
    first_lines = (meta.headline, cleaned.headline, cleaned.standfirst, *cleaned.paragraphs[:1])
    removed = (REMOVED.search(line) for line in first_lines if line)
    if notice := next(filter(None, removed), None):
        return Outcome.SOFT_404, notice[0].strip()
    if states_article(meta):
        return None
    named = f"{view.title}\n{view.headings}"
    has_own_text = not view.is_unindexed and _has_own_text(cleaned, OF_THE_PAGE)
    challenge = CHALLENGE.search(named) or (
        CHALLENGE.search(view.text) if view.words < 250 else None
    )
    # A listing may have a captcha in the form of its newsletter.
    is_guarded = view.has_challenge and not verdict.is_listing
    is_article = has_own_text and not _is_message_alone(CHALLENGE, named)
    if view.words < 400 and (challenge or is_guarded) and not is_article:
        return Outcome.BOT_CHALLENGE, challenge[0] if challenge else "captcha"
    gone = GONE.search(view.title) or GONE.search(view.headings)
    if gone and not (has_own_text and not _is_message_alone(GONE, named)):
        return Outcome.SOFT_404, gone[0].strip()
    consent = len(CONSENT.findall(view.text))
    is_mostly_consent = consent >= 4 and view.words < min(500, 20 * consent)
    if is_mostly_consent and ACCEPT.search(view.text) and not _has_own_text(cleaned, TO_READER):
        return Outcome.CONSENT_WALL, f"{consent} words of consent"
    return None


def _is_message_alone(message: re.Pattern[str], named: str) -> bool:
    """Whether a title or heading, without the site's name, is a message and nothing else."""
    # `Treasure not found`, `404 people evacuated` and `Are you a robot? ...` head articles.
    parts = (part for part in TITLE_PARTS.split(named) if message.search(part))
    return any(not FILLER.sub("", message.sub("", part)) for part in parts)


def _has_own_text(cleaned: Cleaned, foreign: re.Pattern[str]) -> bool:
    """Whether there are sentences that neither address the reader nor match `foreign`."""
    if cleaned.signals.get("kept_in_cards"):
        return False  # a message may be followed by teasers
    own = [
        text
        for text in (cleaned.standfirst or "", *cleaned.paragraphs)
        if ends_as_sentence(text)
        and not any(sign.search(text) for sign in (TO_READER, CHALLENGE, foreign))
    ]
    return sum(map(word_count, own)) >= MIN_OWN_WORDS


def _script_evidence(
    view: PageView, meta: Metadata, cleaned: Cleaned, verdict: PageVerdict, *, has_text: bool
) -> str:
    """The evidence that scripts would put in the page's text; empty if there is none."""
    if verdict.is_listing or (has_text and (states_article(meta) or view.words >= MAX_SHELL_WORDS)):
        return ""
    # A wall explains why there is no text.
    if judge_access(meta.access, cleaned) in ("paywalled", "metered"):
        return ""
    return needs_javascript(view.app, view.words) if view.app.root or not has_text else ""
