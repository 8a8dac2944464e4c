"""Find the dateline at the start of an article's text."""

import re

MAX_DATELINE_CHARS = 90
AGENCIES = (
    r"Reuters|AP|AFP|dpa(?:[-/][\w ]+)?|APA|SDA|sda|Kyodo(?: News)?|Xinhua|Bloomberg|UPI|ANSA|EFE"
    r"|PTI|IANS|CNN|BBC|TASS|Interfax|Bernama|Yonhap|CNA|ots|epd|KNA|SID|AAP|CP|PA(?: Media)?"
    r"|Europa Press|EUROPA PRESS|Belga|ANP|TT|NTB|Ritzau|PAP|ČTK|Lusa|MT[IÍ]|AA|DHA|İHA|Nikkei|WAM"
    r"|MENA|ANI"
)
SOURCE = rf"\((?:{AGENCIES})(?:\s*/\s*(?:{AGENCIES}))*\)"
DASH = r"\s?(?:--+|[—–―])\s?|\s+-\s+"
PLACE = r"[^\W\d_a-zß-öø-ÿ](?:[\w.'’/\- ]|,(?=\s)){1,60}?"
DAY = (
    r"(?:,\s+(?:(?:le|el|den)\s+)?"
    r"(?:\d{1,2}\.?\s+[^\W\d_]{3,12}\.?|[^\W\d_]{3,9}\.?\s+\d{1,2})(?:,?\s+\d{4})?)"
)
WITH_AGENCY = re.compile(rf"(?P<line>{PLACE}{DAY}?\s*{SOURCE})\s*(?:{DASH}|[:.]\s)")
CAPITALS = re.compile(
    r"(?P<line>[^\W\d_a-z][^\Wa-z_]{2}[^a-z()\[\]\"“”:!?\d]{0,50}"
    rf"(?:,\s+[A-Z][\w. ]{{2,20}})?{DAY}?)(?:{DASH})"
)
PLACE_AND_DAY = re.compile(rf"(?P<line>{PLACE}{DAY})\s*(?:--+|[—–―]|\s-\s)")
EAST_ASIAN = re.compile(
    r"(?P<line>[【(（](?=[^】)）]{2,40}[】)）])"
    r"[^】)）]*(?:电|電|＝|=|共同|時事|記者|特派員|訊|讯)[^】)）]*[】)）]"
    r"|(?:本报|新华社|中新网|中新社|央视网)[^，。；\s]{2,30}(?:电|讯)(?=[\s　（(]))"
)
NO_PLACE = re.compile(
    r"(?i:\b(?:updated?|breaking|exclusive|watch|live|video|photos|analysis|opinion|correction|note"
    r"|read more|editorial|spoiler|warning|exklusiv|eilmeldung|analyse|kommentar|interview"
    r"|review)\b)"
    r"|\b(?:NATO|UNO|USA|WHO|IMF|ECB|EZB|OPEC|FIFA|UEFA|NASA|CEO)\b"
)


def find_dateline(paragraph: str) -> str | None:
    """The dateline that opens a paragraph, such as `BERLIN, 3. März (dpa)`, without its dash."""
    text = paragraph[: MAX_DATELINE_CHARS * 2].lstrip()
    for form in (EAST_ASIAN, WITH_AGENCY, PLACE_AND_DAY, CAPITALS):
        found = form.match(text)
        line = found["line"] if found else ""
        is_short = 0 < len(re.findall(r"\w+", line)) <= 10 and len(line) <= MAX_DATELINE_CHARS
        if is_short and not NO_PLACE.search(line):
            return line.strip(" ,-–—")
    return None
