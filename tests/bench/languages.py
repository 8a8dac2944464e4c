"""The shipped topics on the texts of ../shared by language, beside a plain expression for each.

`python -m tests.bench.languages`. The expressions know the word in the forms of its language and
nothing else: no exclusion, no context, no folding but capitals. With `--differences` each text in
which they find another number than the topic is printed.
"""

import argparse
import gzip
import html
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

from tasks.installation import TOPICS
from tasks.topics.mentions import Matcher
from tasks.topics.topic import load_topics
from tests.support.scoring import CORPUS

_LATIN_HUAWEI = r"\bhuawei[a-z]*"
_G20 = r"\bg[ -]?20(?!\w)"
# By language: sanctions, Huawei, the G20.
PLAIN: dict[str, tuple[str, str, str]] = {
    "ar": (
        r"\w*عقـ?وبات\w*",
        r"\w*هواو[يىی]",
        r"\w*مجموعة (?:العشرين|ال[ـ]?20)|g20",
    ),
    "bg": (r"\w*санкци(?:и|ите|он(?:ен|ния|ни))\b", f"хуауей|{_LATIN_HUAWEI}", rf"г-?20\b|{_G20}"),
    "cs": (r"\w*sankc(?:e|í|ím|emi|ích)\b|\bsankční\w*", _LATIN_HUAWEI, _G20),
    "da": (r"\w*sanktioner(?:ne)?\b|\bsanktions\w+", _LATIN_HUAWEI, _G20),
    "de": (
        r"\w*sanktionen\b|\bsanktions\w+|\bsanktionierte\w*",
        _LATIN_HUAWEI,
        f"{_G20}|gruppe der 20",
    ),
    "el": (r"\bκυρ[ωώ]σε(?:ις|ισ|ων)\b", f"χουάουεϊ|{_LATIN_HUAWEI}", f"{_G20}|ομάδας των 20"),
    "en": (
        r"\bsanctions\b|\bsanction list|\bsanctioned (?:oligarchs|by washington)|us-sanctioned",
        _LATIN_HUAWEI,
        f"{_G20}|group of 20",
    ),
    "es": (r"\bsanciones\b", _LATIN_HUAWEI, f"{_G20}|grupo de los veinte"),
    "fa": (
        r"تحر[يی]م(?:\u200c| )?ها\w*(?:[يی]\b)?|(?:لغو|رفع) تحریم|تحریم\u200cشده|تحریم اقتصادی",
        r"هواوی(?:\u200cها)?",
        r"گروه (?:۲۰|بیست)|g20",
    ),
    "fi": (r"\w*pakotte(?:et|i)\w*|\bpakote(?:list|paket)\w*", _LATIN_HUAWEI, _G20),
    "fr": (r"\bsanctions\b", _LATIN_HUAWEI, f"{_G20}|groupe des vingt"),
    "he": (
        r"[א-ת]*ס[\u05b0-\u05bc]*נ[\u05b0-\u05bc]*ק[\u05b0-\u05bc]*צ[\u05b0-\u05bc]*י[\u05b0-\u05bc]*ו[\u05b9-\u05bc]*ת",
        r"[א-ת]*וואווי",
        r"g20|[א-ת]*קבוצת ה[-־]20",
    ),
    "hi": (
        r"प्रतिब(?:ं|न्)धों|(?:आर्थिक|अमेरिकी|पश्चिमी|(?:रूस|कोरिया) पर) प्रतिबंध",
        r"हुआवेई",
        r"जी-?(?:20|२०)",
    ),
    "hr": (
        r"\w*sankcij(?:e|ama)\b|\b(?:paketa|zbog|uvođenje|europskih) sankcija",
        _LATIN_HUAWEI,
        _G20,
    ),
    "hu": (r"\w*szankció[kis]\w*", _LATIN_HUAWEI, rf"{_G20}|húszak csoportja"),
    "id": (
        r"\bsanksi (?:ekonomi|as|barat|uni eropa|pbb|terhadap iran)|paket sanksi",
        _LATIN_HUAWEI,
        _G20,
    ),
    "it": (r"\b(?:contro)?sanzioni\b", _LATIN_HUAWEI, f"{_G20}|gruppo dei venti"),
    "ja": (
        r"制裁",
        r"華為技術\(ファーウェイ\)|ファーウェイ|huawei",
        r"主要20カ国・地域\(G20\)|g20",
    ),
    "ko": (r"제재", r"화웨이", r"g20|주요 20개국"),
    "nl": (r"\w*sancties\b|\bsanctie(?:lijst|pakket)\w*", _LATIN_HUAWEI, _G20),
    "no": (r"\w*sanksjon(?:er|ene)\b|\bsanksjons\w+", _LATIN_HUAWEI, _G20),
    "pl": (
        r"\w*sankcj(?:e|i|om|ami|ach)\b|\w*sankcyjn\w+",
        _LATIN_HUAWEI,
        f"grupy dwudziestu|{_G20}",
    ),
    "pt": (r"\b(?:contras)?sanções\b", _LATIN_HUAWEI, f"{_G20}|grupo dos 20"),
    "ro": (r"\bsanc[țţt]iuni\w*", _LATIN_HUAWEI, _G20),
    "ru": (
        r"\w*санкци(?:и|й|ям|ями|ях)\b|\w*санкционн\w+",
        f"хуавэй|{_LATIN_HUAWEI}",
        f"«двадцатки|большой двадцатки|{_G20}",
    ),
    "sk": (r"\bsankci(?:e|í|ám|ami|ách)\b|\bsankčn\w+", _LATIN_HUAWEI, _G20),
    "sr": (
        r"\w*(?:sankcij[ae]|санкциј[ае])(?:ma|ма)?\b",
        r"хуавеј|huavej",
        r"г20",
    ),
    "sv": (r"\w*sanktioner(?:na)?\b|\bsanktions\w+", _LATIN_HUAWEI, _G20),
    "tr": (r"\byapt[ıi]r[ıi]m\w*", _LATIN_HUAWEI, _G20),
    "uk": (
        r"\w*санкці(?:ї|й|ям|ями|ях)\b|\w*санкційн\w+",
        r"хуавей",
        f"великої двадцятки|{_G20}",
    ),
    "vi": (
        r"(?:lệnh|biện pháp|gói) trừng phạt|trừng phạt (?:kinh tế|nga)",
        _LATIN_HUAWEI,
        _G20,
    ),
    "zh": (r"制裁", r"华为|華為|huawei", r"g20|二十国集团"),
}
_LANGUAGE = re.compile(r"<html[^>]*\blang=[\"']?([a-zA-Z]{2})")
_SAME = {"nb": "no", "nn": "no"}
_UNSEEN = re.compile(r"(?is)<(script|style|head)\b.*?</\1>|<!--.*?-->")
_TAG = re.compile("<[^>]*>")
ORDER = ("sanctions", "huawei", "g20")


def plainly(language: str, topic_id: str, text: str) -> list[str]:
    """What the plain expression of a language finds in a text."""
    pattern = PLAIN[language][ORDER.index(topic_id)]
    return [found[0] for found in re.finditer(pattern, text, re.IGNORECASE)]


def texts() -> Iterator[tuple[str, str]]:
    """The lines of all pages of both sets, navigation and all, with the language of the page."""
    for path in sorted((CORPUS / "gold").glob("*.html.gz")):  # it holds those of the other set, too
        page = gzip.decompress(path.read_bytes()).decode(errors="replace")
        if found := _LANGUAGE.search(page):
            code = found[1].lower()
            bare = html.unescape(_TAG.sub("\n", _UNSEEN.sub("\n", page)))
            yield from ((_SAME.get(code, code), line) for line in bare.split("\n") if line.strip())


def run(*, differences: bool) -> None:
    """Print the table."""
    matcher = Matcher(load_topics(TOPICS))
    lines: Counter[str] = Counter()
    own: dict[str, Counter[str]] = defaultdict(Counter)
    plain: dict[str, Counter[str]] = defaultdict(Counter)
    for language, text in texts():
        lines[language] += 1
        hits = Counter(hit.topic_id for hit in matcher.find(text))
        own[language] += hits
        for topic_id in ORDER if language in PLAIN else ():
            found = len(plainly(language, topic_id, text))
            plain[language][topic_id] += found
            if differences and found != hits[topic_id]:
                print(language, topic_id, hits[topic_id], found, text, sep="\t", file=sys.stderr)
    print("| language | lines | sanctions | Huawei | G20 |\n|---|---|---|---|---|")
    for language, number in lines.most_common():
        cells = (
            f"{own[language][each]} / {plain[language][each] if language in PLAIN else '–'}"
            for each in ORDER
        )
        print(f"| {language} | {number:,} | {' | '.join(cells)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--differences", action="store_true", help="print the texts that differ")
    run(differences=parser.parse_args().differences)
