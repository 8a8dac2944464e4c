"""Wording alone strips nothing from running text: it takes a box, a button, a link or a place."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.extract import extract_page
from tasks.model import Extraction
from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.clean_page import finish
from tasks.prompts.draft import score_blocks
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_tree

POLITICAL = (
    "Why is Ukraine not a member of Nato?",
    "This includes Nato members Poland and Romania.",
    "The deal is available only to members of the bloc.",
    "Sponsored by Germany and France, the resolution passed.",
    "Unlimited access to Russian gas is over.",
    "“Join us in condemning the attack,” the minister said.",
    "Finland must join the pact to keep its influence in the north.",
    "Citizens abroad must register before May to receive a ballot by post.",
    "Three posts remain vacant in the government, that of the foreign minister among them.",
    "Only four articles of the draft treaty remain in dispute.",
    "The parliament will consider contributing soldiers to the mission.",
    "“We rely on support from the United Nations,” the governor of the island said.",
    "“I have been a member since 1991, and I have never seen such a vote,” one delegate said.",
    "“Your membership of this committee is over,” the chairwoman told him.",
    "“We sent an email to your ministry in June and heard nothing,” the mayor said.",
    "“As a member, you get one vote,” the lawyer of the union explained.",
    "Copyright disputes, including those over pictures, have increased since 2024.",
    "(c) the straits, including both of their shores, are open from 2027 on;",
)
JAPANESE = (
    "相談センターには、契約の解約に関する声が増えています。",
    "協会によりますと、会員の平均年齢は七十歳です。",
)
# What a sure rule matches within a sentence, or in what somebody says.
REPORTED = (
    ("en", "“You have two free stories left this week,” the editor told the deputies."),
    ("es", "Venezuela ha alcanzado un acuerdo para repartir artículos gratuitos."),
    ("id", "Warga yang masuk gedung parlemen untuk membaca rancangan sanksi itu ditahan polisi."),
    ("it", "L'Ucraina ha ricevuto dall'Unione contenuti gratuiti per le scuole."),
    ("ja", "外務省はメールマガジンで制裁の対象となる企業の一覧を配信しています。"),
    ("ja", "政府は国民にアプリをダウンロードして避難情報を確認するよう呼びかけています。"),
    ("pt", "O governo tem distribuído textos gratuitos sobre as sanções nas escolas."),
    ("ru", "«Вам доступны бесплатные материалы о санкциях», — сказал депутат."),
)
HEADINGS = (
    "Why is Ukraine not a member of Nato?",
    "Unlimited access to Russian gas is over",
    "Sponsored by Moscow",
    "Free trial for Navalny",
    "Latest sanctions",
    "Next: China",
    "By Force",
    "From Russia With Love",
    "Crimea, 2014–2022",
)
TEXT = """
The foreign ministers of the alliance met in the old customs house on Thursday and talked for nine
hours about the border, the grain corridor and the cost of both.

Three delegations left before the communiqué was read out. Diplomats of two of them said that the
wording on the straits had been changed overnight without a vote.

The host country had hoped for a date. Its president spoke of a door that stands open while
somebody else holds the handle, and then took no questions.

In the capital, shops near the ministry stayed shut. Police counted four thousand protesters, the
organisers three times as many, and both agreed that nobody was hurt.

A second meeting is planned for the spring. Until then a working group is to write down what each
side understands by a ceasefire, which one envoy called the hardest word of the day.
"""
PARAGRAPHS = [" ".join(text.split()) for text in TEXT.split("\n\n")]


def page_with(inserted: str) -> bytes:
    body = "\n".join([*(f"<p>{text}</p>" for text in PARAGRAPHS[:3]), inserted])
    rest = "\n".join(f"<p>{text}</p>" for text in PARAGRAPHS[3:])
    return (
        '<html lang="en"><head><title>Ministers fail to agree on the border</title>'
        '<meta property="og:type" content="article">'
        '<meta property="article:published_time" content="2026-03-05T10:00:00Z"></head><body>'
        "<nav><a href=/>Start</a> <a href=/world>World</a></nav>"
        "<article><h1>Ministers fail to agree on the border</h1>"
        f'<div class="text">{body}{rest}</div></article></body></html>'
    ).encode()


def extract(payload: bytes, kind: str = "text/html") -> Extraction:
    return extract_page(payload, kind, "https://paper.example/world/ministers-fail-to-agree")


@pytest.mark.parametrize("sentence", POLITICAL)
def test_running_text_is_not_stripped_for_its_wording(sentence: str) -> None:
    found = extract(page_with(f"<p>{sentence}</p>"))
    assert found.page is not None
    assert sentence in found.page.paragraphs
    assert len(found.page.paragraphs) == len(PARAGRAPHS) + 1


@pytest.mark.parametrize(("language", "sentence"), REPORTED)
def test_nor_are_counters_that_somebody_reports(language: str, sentence: str) -> None:
    page = page_with(f"<p>{sentence}</p>").replace(b'lang="en"', f'lang="{language}"'.encode())
    url = "https://paper.example/world/ministers-fail-to-agree"
    found = extract_page(page, "text/html; charset=utf-8", url, source_language=language)
    assert found.page is not None
    assert sentence in found.page.paragraphs


@pytest.mark.parametrize("heading", HEADINGS)
def test_nor_is_a_heading_of_paragraphs(heading: str) -> None:
    found = extract(page_with(f"<h2>{heading}</h2>"))
    assert found.page is not None
    assert heading in found.page.paragraphs
    assert found.page.byline is None


@pytest.mark.parametrize("sentence", POLITICAL)
def test_nor_is_a_quotation(sentence: str) -> None:
    found = extract(page_with(f"<blockquote><p>{sentence}</p></blockquote>"))
    assert found.page is not None
    assert sentence in found.page.paragraphs


def test_nor_is_an_item_of_a_list_or_the_list_around_it() -> None:
    items = (
        "Poland and Romania backed the text.",
        "Sponsored by Germany and France, the resolution passed.",
        "China abstained from the vote in the council.",
    )
    found = extract(page_with(f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"))
    assert found.page is not None
    assert set(items) <= set(found.page.paragraphs)


def test_a_short_sentence_with_a_number_is_no_counter_of_readers() -> None:
    texts = ["At least 12 dead.", "The ferry sank off the cape.", "27 members voted yes."]
    body = "".join(f"<p>{text}</p>" for text in (*texts, *PARAGRAPHS))
    page = page_with("").replace(f"<p>{PARAGRAPHS[0]}</p>".encode(), body.encode(), 1)
    found = extract(page)
    assert found.page is not None
    assert set(texts) <= {*found.page.paragraphs, found.page.standfirst}


@pytest.mark.parametrize("sentence", JAPANESE)
def test_nor_is_the_polite_form_of_broadcasters(sentence: str) -> None:
    texts = (
        "市議会は五日、古い会館を建て替える案を賛成多数で可決しました。費用は百億円を超える見通しです。",
        "今の会館は六十年前に完成し、去年の地震では天井の一部が落ちました。けが人はいませんでした。",
        sentence,
        "市長は会見で、住民の意見を聞いたうえで来年の春までに設計をまとめると話しました。",
    )
    body = "".join(f"<p>{text}</p>" for text in texts)
    title = "市議会、会館の建て替えを可決"
    found = extract(
        f'<html lang="ja"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>".encode()
    )
    assert found.page is not None
    assert found.page.paragraphs == texts


@pytest.mark.parametrize("sentence", POLITICAL)
def test_nor_is_that_of_a_page_saved_as_text(sentence: str) -> None:
    lines = ["Ministers fail to agree on the border", *PARAGRAPHS[:3], sentence, *PARAGRAPHS[3:]]
    found = extract("\n".join(lines).encode(), "text/plain")
    assert found.page is not None
    assert sentence in found.page.paragraphs


COUNTERS = {
    "ar": "لديك 3 مقالات مجانية متبقية هذا الشهر.",
    "da": "Du har 2 gratis artikler tilbage i denne måned.",
    "de": "Sie haben noch 3 kostenlose Artikel in diesem Monat.",
    "en": "You have 3 free articles left this month.",
    "es": "Te quedan 3 artículos gratis este mes.",
    "fr": "Il vous reste 3 articles gratuits ce mois-ci.",
    "hi": "इस महीने आपके पास 3 मुफ़्त लेख बचे हैं।",
    "it": "Hai ancora 3 articoli gratuiti questo mese.",
    "ja": "今月、無料でお読みいただける記事はあと3本です。",
    "ko": "이번 달 무료 기사가 3건 남았습니다.",
    "nl": "Je hebt nog 3 gratis artikelen deze maand.",
    "pl": "Masz jeszcze 3 darmowe artykuły w tym miesiącu.",
    "pt": "Você ainda tem 3 artigos grátis este mês.",
    "ru": "У вас осталось 3 бесплатные статьи в этом месяце.",
    "tr": "Bu ay 3 ücretsiz haber hakkınız kaldı.",
    "zh": "您本月还可免费阅读3篇文章。",
}


@pytest.mark.parametrize(("language", "counter"), COUNTERS.items())
def test_a_counter_goes_even_as_a_paragraph_among_others(language: str, counter: str) -> None:
    page = page_with(f"<p>{counter}</p>").replace(b'lang="en"', f'lang="{language}"'.encode())
    found = extract_page(
        page,
        "text/html; charset=utf-8",
        "https://paper.example/world/ministers-fail-to-agree",
        source_language=language,
    )
    assert found.page is not None
    assert list(found.page.paragraphs) == PARAGRAPHS


@pytest.mark.parametrize(
    "box",
    [
        "<div class=offer><p>{}</p><button>Subscribe</button></div>",
        "<aside><p>{} <a href=/subscribe>Subscribe</a></p></aside>",
        "<form action=/newsletter><p>{}</p><input type=email><button>Sign up</button></form>",
    ],
)
def test_the_same_words_in_a_box_are_stripped(box: str) -> None:
    found = extract(page_with(box.format("Unlimited access to all our stories is available now.")))
    assert found.page is not None
    assert list(found.page.paragraphs) == list(PARAGRAPHS)


def test_a_box_goes_with_all_its_lines() -> None:
    box = (
        '<div class="c-q7"><h4>The week in the ministries</h4>'
        "<p>Every Friday, from our correspondent.</p>"
        "<p>Sign up for our newsletter.</p><button>Sign up</button></div>"
    )
    found = extract(page_with(box))
    assert found.page is not None
    assert list(found.page.paragraphs) == list(PARAGRAPHS)
    rules = {block.text: block.rule for block in found.stripped}
    assert rules["The week in the ministries"]
    assert rules["Every Friday, from our correspondent."]


def test_a_list_of_benefits_goes_with_its_offer() -> None:
    offer = (
        '<div class="i9"><div class="h2">This story is reserved for subscribers only</div>'
        "<p>Subscribe now to read the latest news of the coast.</p><ul>"
        "<li>Exclusive columns by Mara Lind, Oskar Brandt and others, with the minutes of every"
        " council.</li>"
        "<li>Unlimited online access to the Sluice and three other papers with one account.</li>"
        "<li>The whole printed paper as a file, to read on any device and to share.</li>"
        "</ul><p>Support local journalism.</p></div>"
    )
    found = extract(page_with(offer))
    assert found.page is not None
    assert list(found.page.paragraphs) == list(PARAGRAPHS)


def test_a_line_that_announces_an_offer_goes_with_it() -> None:
    line = "For Exclusive Access to Our Kitchen:"
    offer = "<p><a href=/subscribe>Become a Herald+ Member</a></p>"
    found = extract(page_with(f"<p>{line}</p>{offer}"))
    assert found.page is not None
    assert list(found.page.paragraphs) == list(PARAGRAPHS)
    # What the minister says is the article's, though an offer stands before it.
    line = "The minister read out what the envoys had agreed on in the night:"
    found = extract(page_with(f"<p>{line}</p>{offer}"))
    assert found.page is not None
    assert line in found.page.paragraphs


def test_a_sentence_worded_like_a_prompt_stands_once_in_an_article() -> None:
    line = "Sign up for Sluice Letters, our free morning newsletter, and get the day's stories."
    found = extract(page_with(f"<p>{line}</p><p>{line}</p>"))
    assert found.page is not None
    assert list(found.page.paragraphs) == list(PARAGRAPHS)


def cleaned_as_article(line: str) -> tuple[str, ...]:
    """The paragraphs with a line after the third, if the model takes every block for an article."""
    hints = Hints(headline="Ministers fail to agree on the border", language="en")
    page = split_tree(LexborHTMLParser(page_with(line)))
    headline = find_headline(page, hints.headline)
    draft = score_blocks(page, headline, hints, load_model())
    draft.score[headline + 1 :], draft.prompt_score[:] = 0.99, 0.02
    return finish(draft, headline, hints).paragraphs


@pytest.mark.parametrize(
    "notice", ["Support us and become a patron on {}.", "Sign up for {}, our free newsletter."]
)
def test_an_emphasised_notice_with_a_link_goes(notice: str) -> None:
    notice = notice.format("<a href=https://letters.example/1>Letters</a>")
    assert cleaned_as_article(f"<p><strong>{notice}</strong></p>") == tuple(PARAGRAPHS)


@pytest.mark.parametrize("shape", ["<p>{}</p>", "<p><b>{}</b></p>", "<p><a href=/t>T</a> {}</p>"])
@pytest.mark.parametrize("sentence", POLITICAL)
def test_emphasis_alone_and_a_link_alone_are_no_evidence(shape: str, sentence: str) -> None:
    found = [text for text in cleaned_as_article(shape.format(sentence)) if text not in PARAGRAPHS]
    assert [text.removeprefix("T ") for text in found] == [sentence]
