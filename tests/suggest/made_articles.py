"""Articles in five scripts about a blockade, whose topic lacks a word for it in each."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.load.load_run import load
from tasks.sources.source import Source
from tasks.topics.topic import TopicEntry
from tests.support.publishing import publish
from tests.support.staged_pages import Page, stage
from warehouse.layers.layout import Layout

NOW = datetime(2026, 3, 20, tzinfo=UTC)
RUN = "20260302T060000Z-000001"
DAYS = 10
ABOUT, ELSE = 60, 120
"""Articles of each language that the topic counts, and others."""


@dataclass(frozen=True)
class Written:
    """Sentences of one language, of which its articles are made."""

    counted: tuple[str, ...]
    """With an alias."""
    lacking: tuple[str, ...]
    """With the word that no alias is, in more than one form of sentence."""
    beside: tuple[str, ...]
    """What such articles speak of as well; others do it less often."""
    plain: tuple[str, ...]
    notice: str
    """What each article of its first paper ends with."""
    dateline: str = ""
    gap: str = " "


WRITTEN = {
    "en": Written(
        (
            "The blockade of the strait enters its third week.",
            "Ministers defended the blockade in parliament on Monday.",
            "Nobody expects the blockade to be lifted before the summer.",
        ),
        (
            "Lawyers call it a Naval Quarantine and doubt that it is legal.",
            "A naval quarantine has been declared only twice since the war.",
            "The admiral said a naval quarantine would not stop smugglers.",
            "Under the naval quarantine, food and medicine may pass.",
        ),
        (
            "Tankers wait at anchor off the cape.",
            "The price of crude oil rose by a tenth.",
            "Insurers doubled what they ask for tankers.",
        ),
        (
            "The council met in the town hall to talk about the budget.",
            "A new bridge and a quay are to be built by the river next year.",
            "The museum shows paintings of the last century.",
            "It rained for most of the week in the north and the west.",
            "The minister of schools said that more teachers will be hired.",
            "In the final the home side won by two goals to one.",
            "The train was late by an hour because of a fallen tree.",
            "She said that the orchard had never looked better.",
            "The bakery in the market square has been sold to a young couple.",
            "Of the forty who applied, nine were invited to the clinic.",
        ),
        "Read The Harbour Post every morning, and tell our naval desk what you know.",
        "PORT VELLAN (Newswire)",
    ),
    "ru": Written(
        (
            "Блокада пролива продолжается третью неделю.",
            "Министры в понедельник защищали блокаду в парламенте.",
            "Никто не ждёт, что блокаду снимут до лета.",
        ),
        (
            "Юристы называют это морским карантином и сомневаются в его законности.",
            "О морском эмбарго объявляли лишь дважды после войны.",
            "Адмирал сказал, что эмбарго не остановит контрабандистов.",
            "По условиям эмбарго продовольствие и лекарства пропускают.",
            "Сегодня эмбарго обсуждают в столице.",
        ),
        ("Танкеры стоят на якоре у мыса.", "Цена на нефть выросла на десятую часть."),
        (
            "Совет собрался в ратуше, чтобы обсудить бюджет.",
            "Новый мост у реки построят в следующем году.",
            "В музее показывают картины прошлого века.",
            "Почти всю неделю на севере страны шёл дождь.",
            "Министр сказал, что в школы наймут больше учителей.",
            "В финале хозяева выиграли со счётом два один.",
            "Поезд опоздал на час из-за упавшего дерева.",
            "На рынке открылась новая пекарня.",
        ),
        "Читайте Портовую газету каждое утро.",
    ),
    "zh": Written(
        (
            "海峡封锁进入第三周。",
            "部长们周一在议会为封锁辩护。",
            "没有人认为封锁会在夏天之前解除。",
        ),
        (
            "律师们称之为海上禁运，并质疑其合法性。",
            "战后只宣布过两次禁运。",
            "海军上将说，禁运挡不住走私者。",
            "根据禁运的规定，食品和药品可以通过。",
            "各国对禁运意见不一。",
        ),
        ("油轮在海角外抛锚等待。", "原油价格上涨了一成。"),
        (
            "市议会在市政厅开会讨论预算。",
            "明年将在河边修建一座新桥。",
            "博物馆展出上个世纪的绘画。",
            "北方本周大部分时间都在下雨。",
            "教育部长说，学校将聘用更多教师。",
            "决赛中主队以二比一获胜。",
            "由于一棵树倒下，火车晚点一个小时。",
            "市场广场上的面包店卖给了一对年轻夫妇。",
        ),
        "每天早晨请阅读港口邮报。",
        gap="",
    ),
    "ja": Written(
        (
            "海峡の封鎖は三週目に入った。",
            "閣僚らは月曜日、国会で封鎖を擁護した。",
            "夏までに封鎖が解かれると見る人はいない。",
        ),
        (
            "弁護士らはこれを禁輸措置と呼び、合法性を疑っている。",
            "戦後、禁輸措置が宣言されたのは二度だけだ。",
            "提督は、禁輸措置では密輸を止められないと語った。",
            "禁輸措置の下でも食料と薬は通れる。",
            "各国の禁輸措置には違いがある。",
        ),
        ("タンカーは岬の沖で待っている。", "原油の価格は一割上がった。"),
        (
            "市議会は市役所で予算について話し合った。",
            "来年、川のそばに新しい橋が架けられる。",
            "美術館では前世紀の絵画が展示されている。",
            "北部では一週間のほとんどで雨が降った。",
            "大臣は、学校の教員を増やすと述べた。",
            "決勝では地元のチームが二対一で勝った。",
            "倒れた木のため、列車は一時間遅れた。",
            "広場のパン屋は若い夫婦に売られた。",
        ),
        "毎朝、港湾新報をお読みください。",
        gap="",
    ),
    "hi": Written(
        (
            "जलडमरूमध्य की नाकाबंदी तीसरे सप्ताह में है।",
            "मंत्रियों ने सोमवार को संसद में नाकाबंदी का बचाव किया।",
            "किसी को उम्मीद नहीं कि नाकाबंदी गर्मियों से पहले हटेगी।",
        ),
        (
            "वकील इसे व्यापार प्रतिबंध कहते हैं और इसकी वैधता पर सवाल उठाते हैं।",
            "युद्ध के बाद केवल दो बार प्रतिबंध घोषित हुआ।",
            "एडमिरल ने कहा कि प्रतिबंध तस्करों को नहीं रोकेगा।",
            "आज प्रतिबंध पर राजधानी में बहस हुई।",
        ),
        ("टैंकर किनारे से दूर खड़े हैं।", "कच्चे तेल का दाम बढ़ गया।"),
        (
            "परिषद की बैठक में बजट पर चर्चा हुई।",
            "अगले साल शहर को नदी के पास नया पुल मिलेगा।",
            "संग्रहालय में नई सदी के चित्र नहीं हैं।",
            "देश के उत्तर को पूरे सप्ताह बारिश मिली।",
            "मंत्री ने सोमवार को कहा कि स्कूल में और शिक्षक होंगे।",
            "फाइनल में घरेलू टीम ने मैच जीता।",
            "पेड़ गिरने से ट्रेन समय पर नहीं आई।",
        ),
        "हर सुबह बंदरगाह समाचार पढ़ें।",
    ),
}
LACKING = {
    "en": "naval quarantine",
    "ru": "эмбарго",
    "zh": "禁运",
    "ja": "禁輸措置",
    "hi": "प्रतिबंध",
}
BLOCKADE = TopicEntry(
    id="blockade",
    name="Blockade",
    aliases=("blockade", "блокад*", "封锁", "封鎖", "नाकाबंदी"),
).topic()
JOINED = TopicEntry(
    id="joined",
    name="Blockade by sea",
    all_of=(("blockade",), ("strait", "ministers", "summer")),
    within="sentence",
).topic()
NAMES = {"en": "The Harbour Post", "ru": "Портовая газета", "zh": "港口邮报"}
SOURCES = tuple(
    Source(
        id=f"{language}-paper{number}",
        name=NAMES.get(language, f"{language} paper") if number == 0 else f"Other {language}",
        language=language,
        timezone="UTC",
        feeds=(f"https://{language}-paper{number}.test/feed",),
    )
    for language in WRITTEN
    for number in range(3)
)


def pages(language: str) -> Iterator[Page]:
    """Its articles: those that count, with what is lacking in most; of the others it is in some."""
    written, dice = WRITTEN[language], random.Random(language)
    for number in range(ABOUT + ELSE):
        counts = number < ABOUT
        told = dice.sample(written.plain, 4)
        if counts:
            told.append(dice.choice(written.counted))
        # In 42 articles of the topic, in 12 of the others.
        if (counts and number % 10 < 7) or (not counts and number % 10 == 3):
            told.append(dice.choice(written.lacking))
        if dice.random() < (0.6 if counts else 0.2):
            told.append(dice.choice(written.beside))
        dice.shuffle(told)
        paper = number % 3
        # An agency's dateline stands above what is told of the strait.
        # As if too short to be compared: of so few sentences, many would be taken for copies.
        about: dict[str, object] = {"language": language, "word_count": 39}
        about |= dict.fromkeys(("shingles", "minhash", "minhash_bands"))
        opening = ""
        if counts and written.dateline:
            about["dateline"] = written.dateline
            opening = f"{written.dateline} - "
        body = f"{opening}{written.gap.join(told)}"
        if paper == 0:
            body += f"\n\n{written.notice}"
        day = number % DAYS
        yield Page(
            f"{number}", body, day, 24.0 * day + 1, f"{language}-paper{paper}", told[0], about=about
        )


def make(layout: Layout) -> None:
    """Load and publish the articles of all languages."""
    run = stage(layout, RUN, [page for language in WRITTEN for page in pages(language)])
    load(layout, (BLOCKADE, JOINED), SOURCES, [run], now=NOW)
    publish(layout)
