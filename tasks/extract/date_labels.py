"""Labels that pages print beside dates (published, changed), and dates that are incomplete."""

import re

from tasks.text.calendar_names import MONTH_NUMBER, WEEKDAY_NUMBER

# "Stand: 20.03.2026" and "MAJ le 20/03/2026", but no "stand" in a sentence and no "17 maj 2024".
_CHANGED = """
updat|modif|edited(?!\\sby)|revised|last\\s(?:review|chang|check|revis)
|(?-i:\\bS(?:tand|TAND)\\b)(?=\\s*:|\\s+(?:vom\\s+)?\\d)|(?-i:(?<!\\d\\s)\\bMAJ\\b)(?=\\s(?:le|à)|\\s*:)
|aktualis|geändert|überarbeitet|mise?\\sà\\sjour|màj|actualis[ée]|ac?tualiz|actualitz|aggiorna
|bijgewerkt|gewijzigd|uppdat|ändrad|oppdat|opdat|endret|ændret|päivitetty|muokattu|uppfært|uuendatud
|atjauno|atnaujin|zaktualiz|aktualiz|ostatnia\\szmiana|zmieniono|upraven|frissít|módosít|ažurira
|izmijenj|izmenj|posodob|përditës|eguneratu|güncel|değiştir|обнов|оновл|абноўл|измен[её]|змінено
|актуализ|ажурир|ενημ[εέ]ρω|τροποποί|განახლ|թարմաց|تحديث|تعديل|محدّ?ث|به\\W?روز|بروز\\W?رسانی
|ویرایش|עודכן|עדכון|अपडेट|अद्यतन|संशोधित|আপডেট|হালনাগাদ|புதுப்பி|อัปเดต|อัพเดต|ปรับปรุง|แก้ไข
|cập\\snhật|diper?barui|diperbaharui|pembaruan|dikemas\\s?kini|更新|改訂|修改|修订|修訂|수정|업데이트
"""
CHANGED = re.compile(_CHANGED.replace("\n", ""), re.I)
# In the name of an element; `hide-tagupdated` is not such a label.
CHANGED_NAME = re.compile(rf"(?<![a-z])(?:last|date|time)?[-_]?(?:{CHANGED.pattern})", re.I)
_PUBLISHED = """
publi|posted|released|issued|created|erstellt|veröffentlicht|erschienen|gepubliceerd|geplaatst
|julkaistu|opublikowan|dodano|vydáno|zveřejněn|megjelen|közzétév|objav|δημοσ[ιί]ευ|yayın|опублик
|публик|نشر|انتشار|פורסם|प्रकाशित|প্রকাশ|เผยแพร่|đăng|xuất\\sbản|terbit|tayang|公開|掲載|配信|发布
|發布|发表|發表|입력|등록|게시
"""
PUBLISHED = re.compile(_PUBLISHED.replace("\n", ""), re.I)
LABEL = re.compile(rf"(?:(?P<changed>{CHANGED.pattern})|{PUBLISHED.pattern})[^\W\d]*", re.I)
MAX_LABEL_CHARS = 40  # of a line that is a label, or a date without its year
_CLOCK = re.compile(r"\d{1,2}\s?(?:[:.h時时시]\s?\d\d|uhr)", re.I)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NEAR_DAYS = """
today yesterday heute gestern hier aujourd hoy ayer oggi ieri hoje ontem vandaag gisteren idag igår
dziś dzisiaj wczoraj dnes včera danas jučer bugün dün сегодня вчера сьогодні вчора σήμερα χθες
今日 昨日 今天 昨天 오늘 어제
"""
DAY_NAMES = frozenset(_NEAR_DAYS.split()) | WEEKDAY_NUMBER.keys()
_DAY = re.compile(
    r"\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일号]"
    r"|(?P<after>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s(?:de\s)?(?P<name>[^\W\d_]{3,12})"
    r"|(?P<before>[^\W\d_]{3,12})\.?\s\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d\d\b"
)
_AGO = re.compile(
    r"\d+\s?\w+\.?\s(?:ago|geleden|siden|sedan|sitten|temu|fa|atrás|önce|назад|тому|lalu|trước)\b"
    r"|\b(?:vor|il\sy\sa|hace|há|před|pred|prije|acum|πριν)\s\d|(?:قبل|منذ|पहले|לפני)\s\d"
    r"|\d+\s?(?:秒|分|時間|分钟|分鐘|小时|小時|天|日)\s?前|\d+\s?(?:분|시간|일)\s?전",
    re.I,
)


def is_incomplete(text: str) -> bool:
    """Whether a short line without a year dates the article: `17 March, 14:05`, `2 hours ago`."""
    if len(text) > MAX_LABEL_CHARS or CHANGED.search(text):
        return False
    first = _WORD.match(text)
    if _AGO.search(text):
        return True
    if first and first[0].lower() in DAY_NAMES and _CLOCK.search(text):
        return True
    for found in _DAY.finditer(text):
        name = found["name"] or found["before"]
        if name is None or name.lower() in MONTH_NUMBER:
            return True
    return False
