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
# Labels and orders that stand amid an article, and lines that follow it.
ORDERS = {
    "en": (
        "Story continues below this ad",
        "Follow us on Google News for live updates",
        "See also: Ferry returns to the northern quay",
        "Sign up for our evening newsletter",
        "You need to log in to post a comment.",
        "All rights reserved. No part of this publication may be reproduced.",
        "Support our journalism from $3 a month",
    ),
    "de": (
        "Artikel geht nach der Anzeige weiter",
        "Folgen Sie uns jetzt auch auf Telegram",
        "Mehr zum Thema: Fähre fährt wieder",
        "Melden Sie sich für unseren Morgen-Newsletter an.",
        "Bitte melden Sie sich an, um zu kommentieren.",
        "Alle Rechte vorbehalten.",
    ),
    "fr": (
        "Suite de l'article après cette annonce",
        "Suivez-nous sur WhatsApp pour ne rien manquer",
        "À lire aussi : le bac reprend du service",
        "Recevez notre newsletter chaque matin",
        "Connectez-vous pour commenter",
    ),
    "es": (
        "La nota continúa después del video",
        "Suscríbete a nuestro canal de YouTube",
        "Te puede interesar: vuelve el transbordador",
        "Apúntate a nuestra newsletter semanal",
        "Debes iniciar sesión para dejar un comentario",
    ),
    "it": (
        "L'articolo continua dopo la pubblicità",
        "Unisciti al nostro canale Telegram",
        "Leggi anche: riapre il traghetto",
    ),
    "pt": (
        "Continua após a publicidade",
        "Participe do nosso grupo no Telegram",
        "Veja também: balsa volta a operar",
    ),
    "nl": (
        "De tekst gaat verder onder de afbeelding",
        "Volg ons ook op Facebook en Instagram",
        "Lees ook: veerpont vaart weer",
    ),
    "sv": (
        "Texten fortsätter efter annonsen",
        "Följ oss på Facebook",
        "Läs också: Färjan går igen",
    ),
    "no": ("Saken fortsetter under bildet", "Les også: Fergen går igjen"),
    "da": ("Teksten fortsætter under billedet", "Læs også: Færgen sejler igen"),
    "pl": ("Dalsza część tekstu pod zdjęciem", "Śledź nas na Facebooku", "Zobacz też: prom wraca"),
    "ru": (
        "Статья продолжается после рекламы",
        "Подписывайтесь на наш канал в Telegram",
        "Смотрите также: паром вернулся",
    ),
    "uk": ("Продовження після реклами", "Дивіться також: пором повернувся"),
    "tr": ("Haberin devamı reklamdan sonra", "Bizi Google News'te takip edin"),
    "ar": ("تابع القراءة بعد الإعلان", "انضموا إلى قناتنا على واتساب", "شاهد أيضا: عودة العبارة"),
    "hi": ("इसे भी पढ़ें: नाव फिर शुरू", "हमारे टेलीग्राम चैनल से जुड़ें"),
    "ko": ("관련기사 | 연락선 재개", "카카오톡 채널 추가하기"),
    "zh": ("廣告後，文章繼續", "延伸閱讀：渡輪復航", "关注我们的微信公众号"),
    "ja": ("広告の下に記事が続きます",),
    "cs": ("Text pokračuje pod fotogalerií", "Mohlo by vás zajímat: Přívoz jezdí"),
    "hu": ("A cikk a hirdetés után folytatódik", "Kapcsolódó cikk: Újra jár a komp"),
    "ro": ("Articolul continuă după publicitate", "Citiți și: Bacul revine"),
    "el": ("Το κείμενο συνεχίζεται κάτω από τη φωτογραφία", "Δείτε επίσης: Το πλοίο επιστρέφει"),
    "fi": ("Artikkeli jatkuu kuvan alla", "Katso myös: Lautta kulkee taas"),
    "id": ("Gulir ke bawah untuk melanjutkan membaca", "Simak juga: Feri kembali beroperasi"),
    "hr": ("Tekst se nastavlja ispod fotografije", "Pročitajte još: Trajekt opet plovi"),
}
# Sentences of the kind that rules for such prompts must leave alone.
SENTENCES = {
    "en": (
        "To read the full article of the treaty, delegates have to log in at the ministry.",
        "See also: every prime minister since the war.",
        "Join our channel on Telegram, the general told his men on Friday.",
        "Did you see the man? Contact the police on the number below.",
    ),
    "de": (
        "Um den Artikel zu lesen, brauchte der Minister am Montag eine Brille.",
        "Folgen Sie uns auf Telegram, rief der Kandidat den Leuten zu.",
    ),
    "fr": ("Rejoignez notre chaîne Telegram, écrivait le général à ses hommes ce soir-là.",),
    "es": (
        "Para leer el artículo hacen falta gafas, dijo el juez ante la sala.",
        "Entra en vigor la ley que obliga a WhatsApp a borrar los mensajes.",
    ),
    "it": ("Seguiteci su Telegram, scriveva il generale ai suoi uomini quella sera.",),
    "pt": ("Entre o grupo do Telegram e o do WhatsApp há rixas desde maio.",),
    "nl": ("Het verhaal gaat verder onder de grond, waar in mei de nieuwe tunnel begint.",),
    "pl": (
        "Śledźcie nas na Telegramie, pisał generał do swoich ludzi tego wieczoru.",
        "Rozpowszechnianie nagrań bez zgody sądu grozi więzieniem.",
    ),
    "sv": (
        "För att läsa vidare i åtalet begärde försvararen tre veckors uppehåll.",
        "Har du sett mannen? Tipsa polisen på 114 14, säger kommissarien.",
    ),
    "tr": ("Okumaya devam etmek için köyden ayrıldı ve başkentte bir okula yazıldı.",),
    "zh": (
        "登录后阅读全文的议员只有三人，主席在会上说。",
        "未经当事人同意，任何人不得使用其肖像。",
    ),
}


@pytest.fixture(scope="module")
def articles() -> dict[str, Case]:
    """An article in each language; an English one, labelled otherwise, where there is none."""
    found = {case.language: case for case in cases("dev", "article")}
    return {name: replace(found["en"], language=name) for name in ORDERS} | found


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
    for sentence in SENTENCES[language]:
        assert sentence in left_of(articles[language], sentence, form)


@pytest.mark.parametrize("language", PROMPTS)
def test_they_take_no_paragraph_along(language: str, articles: dict[str, Case]) -> None:
    for prompt in PROMPTS[language]:
        left = left_of(articles[language], prompt, "article")
        assert set(articles[language].article["paragraphs"]) <= set(left)


# The language of a page saved as text is that of its article.
@pytest.mark.parametrize(
    ("language", "form"),
    [(each, "article") for each in ORDERS] + [(each, "text") for each in ORDERS if each in PROMPTS],
)
def test_orders_are_stripped_and_nothing_else(
    language: str, form: str, articles: dict[str, Case]
) -> None:
    case = articles[language]
    before = left_of(case, case.article["paragraphs"][0], form)
    for order in ORDERS[language]:
        left = left_of(case, order, form)
        assert order not in left
        assert set(case.article["paragraphs"]) & set(before) <= set(left)
