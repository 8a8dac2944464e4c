"""What the matching rules count of topics of every kind, in articles that stay as they are."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from tasks.text.toml_reader import arrays_as_tuples
from tasks.topics.mentions import mentions_in
from tasks.topics.topic import RULES, Topic, TopicEntry

# A topic keeps its languages with its rules; since version 4 it has these, which are detected.
DETECTED = "ace bcl crh ext gcf gcr guw kab lij ltg nso pcm sdh uzs vec"
FINED = [["bank*", "银行"], ["fine*", "罚款"]]
TOPICS: dict[str, dict[str, Any]] = {
    "words": {"aliases": ["G20", "G20 summit", "Group of 20", "二十国集团", "G20峰会", "تركيا"]},
    "parts": {"aliases": ["sanktion*", "*sanktionen", "санкци*", "κυρώσ*", "制裁*", "*عقوبات*"]},
    "marks": {"aliases": ["عقوبات", "اسعار", "סנקציות", "प्रतिबंध", "தடை", "São Paulo", "Горбачёв"]},
    "folded": {"aliases": ["São Paulo", "İstanbul", "Горбачёв"], "fold_diacritics": True},
    "cased": {"aliases": ["WHO", "Group of 20"], "case_sensitive": True},
    "dotted": {"aliases": ["ihracat yasağı", "İran*"], "exclude": ["idam kararı İran"]},
    "typed": {"aliases": ['ארה"ב', "צ׳רצ׳יל", "CO2"], "exclude": ["CO2-frei"]},
    "typed bare": {"aliases": ['ארה"ב', "CO2"], "fold_diacritics": True},
    "excluded": {"aliases": ["G20", "华为"], "exclude": ["BMW G20", "G20 model*", "振兴中华为"]},
    "context": {
        "aliases": ["Paris"],
        "context_exclude": ["Hilton"],
        "sections_exclude": ["Sport*"],
    },
    "sentence": {"all_of": FINED, "within": "sentence"},
    "paragraph": {"all_of": FINED, "within": "paragraph", "none_of": ["river"]},
    "article": {"all_of": FINED, "within": "article", "none_of": ["river"]},
    "few words": {"all_of": FINED, "within": {"words": 6}, "none_of": ["river"]},
}
ARTICLES: tuple[dict[str, Any], ...] = (
    {
        "kicker": "G20: Paris",
        "headline": "The G20, (G20) G20's “G20” anti-G20 #G20 G20_2026",
        "standfirst": "a G20 summit, G20 summiteers; G200 AG20 G20s éG20 G20\u0301 G20™ G20²",
        "body": "Ｇ２０ G\u00ad20 G\u200b2\u200d0, Group of\n20, a group of 20\n\nthe Group of"
        "\n\n20. https://example.org/g20?x=g20 @g20_org g20@example.org t.example/G20 and/or"
        " G20.It",
        "captions": ["The Group of", "20 of the G20. BMW G20, XBMW G20, G20 models, G20 mode"],
    },
    {
        "headline": "G20峰会在即，中国G20，G20에서 G20ร่วม 二十国集团领导人 二十国集团\u0301",
        "body": "以振兴中华为己任，其中华为第一。见http://t.example/华为 华为说\n\n"
        "经济制裁，制裁リスト",
    },
    {
        "headline": "Ölsanktionen, EU-Sanktionen, Sanktionsliste, Sanktions-Paket",
        "body": "Санкции, антисанкции; κυρώσεις, ΚΥΡΏΣΕΙΣ. والعقوبات وعقوباتها تُركيا تركـيا",
    },
    {
        "body": "عقـوبات أسعار عُقوبات الأسعار וסנקציות סַנקציות\n\nप्रतिबंधित प्रतिबंध தடைகள் தடை",
        "captions": [
            "Sao Paulo, SÃO PAULO, Sa\u0303o Paulo",
            "ISTANBUL istanbul’un Горбачев ГОРБАЧЁВ",
        ],
    },
    {
        "headline": "Who asks the WHO?",
        "body": "In Paris. Paris Hilton\nParis\n\nParis",
        "section": "News",
    },
    {"headline": "Paris wins", "section": "Sports"},
    {
        "headline": "Banks",
        "body": "A bank was fined. It paid.\nFines rose at the river.\n\nA bank.",
    },
    {
        "headline": "A fine day",
        "body": "The bank, said Mr. Smith of St. Paul, paid the fine.\n\nFines.",
    },
    {"body": "The bank on the river was fined. A bank that had not paid was fined by a bank."},
    {"body": "这家银行被罚款。银行说：“罚款！”\n\n银行", "captions": ["A bank", "fined"]},
    {"body": "İhracat yasağı: İran'da, İRANLI, i̇ran, I\u0307ran. İdam kararı İran"},
    {"body": """ארה״ב ארה"ב; צ׳רצ׳יל, צ'רצ'יל: CO₂, CO2, CO₂-frei"""},
)


def counted() -> Iterator[tuple[str, list[object]]]:
    """What counts where, by topic and version of the rules: topics keep the one they have."""
    fields = ("kicker", "headline", "standfirst", "body", "section")
    columns: dict[str, pa.Array] = {
        name: pa.array([row.get(name) for row in ARTICLES], pa.string()) for name in fields
    }
    captions = [row.get("captions", []) for row in ARTICLES]
    articles = pa.table(columns | {"captions": pa.array(captions, pa.list_(pa.string()))})
    for rules in range(1, RULES + 1):
        topics = [replace(topic, rules=rules) for topic in _topics()]
        found = defaultdict[str, list[object]](list)
        for row, hits in mentions_in(articles, topics):
            for hit in hits:
                found[hit.topic_id].append(
                    [row, hit.alias, hit.field, hit.char_start, hit.char_end]
                )
        for topic in topics:
            later = () if rules >= 4 else DETECTED.split()
            languages = [code for code in topic.languages or () if code not in later]
            yield f"{topic.topic_id} by rules {rules}", [languages, found[topic.topic_id]]


def _topics() -> Iterator[Topic]:
    for name, keys in TOPICS.items():
        entry = {"id": name.replace(" ", "-"), "name": name, **keys}
        yield TopicEntry.model_validate(arrays_as_tuples(entry)).topic()
