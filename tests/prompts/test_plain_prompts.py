"""Counters and walls in a plain paragraph, without link, box or button, in each language."""

from dataclasses import replace

import pytest

from tests.support.lookalikes import Case, cases, extract_case

PROMPTS = {
    "de": (
        "Um weiterzulesen, melden Sie sich bitte an.",
        "Zum Weiterlesen bitte anmelden oder abonnieren.",
        "Um den ganzen Artikel zu lesen, schließen Sie ein Abo ab.",
        "Sie haben 3 von 5 kostenlosen Artikeln gelesen.",
        "Dieser Artikel ist nur für Abonnenten.",
    ),
    "fr": (
        "Pour lire la suite, abonnez-vous.",
        "Pour continuer la lecture, connectez-vous.",
        "Vous avez lu 3 articles gratuits sur 5.",
        "Article réservé aux abonnés.",
    ),
    "es": (
        "Para seguir leyendo, suscríbete.",
        "Para leer el artículo completo, inicia sesión.",
        "Has leído 3 de 5 artículos gratuitos.",
        "Contenido exclusivo para suscriptores.",
    ),
    "it": (
        "Per continuare a leggere, abbonati.",
        "Per leggere l'articolo completo, accedi o abbonati.",
        "Hai letto 3 dei 5 articoli gratuiti.",
        "Contenuto riservato agli abbonati.",
    ),
    "pt": (
        "Para continuar lendo, assine.",
        "Para ler a matéria completa, faça login.",
        "Você leu 3 de 5 matérias gratuitas.",
        "Conteúdo exclusivo para assinantes.",
    ),
    "nl": (
        "Om verder te lezen, neem een abonnement.",
        "Log in om verder te lezen.",
        "U heeft 3 van 5 gratis artikelen gelezen.",
        "Dit artikel is alleen voor abonnees.",
    ),
    "sv": (
        "För att läsa vidare, logga in.",
        "Logga in för att läsa hela artikeln.",
        "Du har läst 3 av 5 gratisartiklar.",
        "Artikeln är endast för prenumeranter.",
    ),
    "no": (
        "For å lese videre, logg inn.",
        "Logg inn for å lese hele saken.",
        "Du har lest 3 av 5 gratis artikler.",
        "Saken er kun for abonnenter.",
    ),
    "da": (
        "For at læse videre skal du logge ind.",
        "Log ind for at læse hele artiklen.",
        "Du har læst 3 af 5 gratis artikler.",
    ),
    "pl": (
        "Aby czytać dalej, zaloguj się.",
        "Wykup prenumeratę, aby przeczytać cały artykuł.",
        "Przeczytałeś 3 z 5 darmowych artykułów.",
        "Artykuł tylko dla prenumeratorów.",
    ),
    "ru": (
        "Чтобы читать дальше, оформите подписку.",
        "Войдите, чтобы прочитать статью полностью.",
        "Вы прочитали 3 из 5 бесплатных статей.",
        "Материал доступен только подписчикам.",
    ),
    "uk": (
        "Щоб читати далі, оформіть підписку.",
        "Увійдіть, щоб прочитати статтю повністю.",
    ),
    "tr": (
        "Okumaya devam etmek için abone olun.",
        "Haberin tamamını okumak için giriş yapın.",
        "5 ücretsiz makaleden 3'ünü okudunuz.",
        "Bu içerik sadece abonelere özeldir.",
    ),
    "ja": (
        "続きを読むには会員登録が必要です。",
        "この記事は有料会員限定です。",
        "今月の無料記事は残り2本です。",
        "ログインして続きを読む",
    ),
    "ko": (
        "계속 읽으려면 로그인하세요.",
        "전체 기사를 보려면 구독하세요.",
        "이번 달 무료 기사 2건이 남았습니다.",
        "유료 회원 전용 기사입니다.",
    ),
    "zh": (
        "登录后阅读全文。",
        "订阅后继续阅读。",
        "本月您还可免费阅读2篇文章。",
        "本文仅供付费会员阅读。",
    ),
    "hi": (
        "आगे पढ़ने के लिए सब्सक्राइब करें।",
        "पूरा लेख पढ़ने के लिए लॉग इन करें।",
        "यह लेख केवल सदस्यों के लिए है।",
    ),
    "en": (
        "To continue reading, subscribe.",
        "To read the full story, please log in or subscribe.",
        "To keep reading, please log in or register.",
        "You've read 3 of 5 free articles.",
        "This article is for subscribers only.",
        "Log in to read the full story.",
        "Unlock this article",
        "You have reached your article limit.",
        "You've reached your limit of free articles.",
    ),
}
# Sentences of the kind that rules for such prompts must leave alone.
SENTENCES = {
    "en": "To read the full article of the treaty, delegates have to log in at the ministry.",
    "de": "Um den Artikel zu lesen, brauchte der Minister am Montag eine Brille.",
    "es": "Para leer el artículo hacen falta gafas, dijo el juez ante la sala.",
    "sv": "För att läsa vidare i åtalet begärde försvararen tre veckors uppehåll.",
    "tr": "Okumaya devam etmek için köyden ayrıldı ve başkentte bir okula yazıldı.",
    "zh": "登录后阅读全文的议员只有三人，主席在会上说。",
}


@pytest.fixture(scope="module")
def articles() -> dict[str, Case]:
    """An article in each language."""
    return {case.language: case for case in cases("dev", "article")}


def left_of(case: Case, text: str, form: str) -> list[str]:
    """What is left of the case's article with this text as its fourth paragraph."""
    page = replace(case, is_prompt=True, lines=(text,), html="", template=form, at=3)
    found = extract_case(page)
    assert found.page is not None
    return [*filter(None, [found.page.standfirst]), *found.page.paragraphs]


@pytest.mark.parametrize("form", ["article", "text"])
@pytest.mark.parametrize("language", PROMPTS)
def test_they_are_stripped(language: str, form: str, articles: dict[str, Case]) -> None:
    for prompt in PROMPTS[language]:
        assert prompt not in left_of(articles[language], prompt, form)


@pytest.mark.parametrize("form", ["article", "text"])
@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_stay(language: str, form: str, articles: dict[str, Case]) -> None:
    assert SENTENCES[language] in left_of(articles[language], SENTENCES[language], form)


@pytest.mark.parametrize("language", PROMPTS)
def test_they_take_no_paragraph_along(language: str, articles: dict[str, Case]) -> None:
    for prompt in PROMPTS[language]:
        left = left_of(articles[language], prompt, "article")
        assert set(articles[language].article["paragraphs"]) <= set(left)
