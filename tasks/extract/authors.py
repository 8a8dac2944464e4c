"""Clean the names of an article's authors."""

import html
import re
from collections.abc import Iterable

from tasks.extract.headlines import letters
from tasks.text.calendar_names import MONTH_NUMBER, WEEKDAY_NUMBER

BY = re.compile(
    r"^\s*(?:(?:written|reported|story|text|words|posted|published|review|analysis|opinion)\s+)?"
    r"(?:by|von|vom|par|por|di|da|door|av|af|autor|autorin|author|authors|texte?|redaktion:|haber:|作者|記者|文"
    r"|oleh|teksti?|írta|autore|автор|текст|הכתב|מאת|بقلم|كتب|نویسنده|تحریر|رپورٹ|Հեղինակ|โดย)"
    r"(?:\s*[:：՝]\s*|\s+)",
    re.I,
)
EAST_ASIAN_ROLE = re.compile(
    r"^(?:\S{1,8}(?:部|局|課)\s+|[^\s＝]{1,12}＝|记者\s*|記者\s*)"
    r"|\s*(?:記者|记者|特派員|編集委員|論説委員|기자|특파원)$"
)
BY_AT_END = re.compile(r"\s+द्वारा$")
# In brackets up to the closing one: `Ada Quill (ada@mill.example)`.
_SIGNS = r"[^\s()\[\]<>（）【】]+"
MAIL = re.compile(rf"{_SIGNS}@{_SIGNS}\.\w+")
ADDRESS = re.compile(rf"https?://{_SIGNS}|www\.{_SIGNS}|@\w{{2,}}")
BRACKETS = re.compile(r"\s*[(\[（【<][^)\]）】>]*[)\]）】>]\s*")
# `Marta Zielińska i Jan Kos` are two, `Josep Puig i Cadafalch` is one.
SPLIT = re.compile(
    r"\s*(?:[;|•·⋅]|\s/\s|,\s(?!(?:Jr|Sr|MD|PhD|M\.D|Ph\.D|II|III)\b)|、|，|＆"
    r"|\s(?:and|und|et|y|e|och|og|en|&|и|та|ve|και|și|و|और|i(?=\s\S+\s\S))\s)\s*"
)
ROLE = re.compile(
    r"\b(?:reporter|correspondent|editor|journalist|staff|writer|columnist|contributor|bureau chief"
    r"|producer|photographer|korrespondent\w*|redakteur\w*|reporterin|chefredakt\w+|autor\w*"
    r"|journaliste|correspondant\w*|redactor\w*|periodista|corresponsal|giornalista)\b",
    re.I,
)
_MONTHS = "|".join(MONTH_NUMBER)
# A time or a date, as `By Ada Quill, 2:49 p.m. EDT May 15, 2026` has them after the name.
WHEN = re.compile(
    rf"(?:\b(?:on|at|updated|published|posted|{'|'.join(WEEKDAY_NUMBER)})\b\W*)*"
    rf"(?:\b\d{{1,2}}[:.h]\d\d|\b\d{{1,4}}[-/.]\d\d?[-/.]\d\d|\b\d{{1,2}}\S{{,2}}\s(?:{_MONTHS})\b"
    rf"|\b(?:{_MONTHS})\b\.?\s\d)",
    re.I,
)
# `Jonathan Amos Science correspondent`
ROLE_AFTER_NAME = re.compile(
    r"^(?!the\s)(\S+\s\S+.*?)\s(?:(?:senior|chief|staff)\s)?(?:\S+\s)?"
    r"(?:reporter|correspondent|editor|writer|journalist|columnist)$",
    re.I,
)
LAST_PART = re.compile(r"\s*[,–—]\s*(?=[^,–—]*$)|\s+-\s+(?=[^-]*$)")
NOT_A_NAME = re.compile(
    r"^(?:admin|administrator|root|editor|webmaster|user|null|none|undefined|n/?a|anonymous|unknown)$",
    re.I,
)
MAX_NAME_CHARS = 70
MAX_NAME_WORDS = 5
NAME_PART = re.compile(r"(?:[^\W\d_a-z]|(?:[a-z]{1,3}|[dl]['’]\w+)$).*")


def clean_authors(
    names: Iterable[str], site_names: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The names, each once, without roles, addresses and `By`; agencies are names too.

    Args:
        names: as the page gives them; one may hold several.
        site_names: names of the site as `headlines.letters` folds them; dropped if others remain.
    """
    found: list[str] = []
    for text in names:
        text = " ".join(html.unescape(html.unescape(text)).split())
        if len(text) > 400:
            continue
        text = BRACKETS.sub(" ", ADDRESS.sub(" ", MAIL.sub(" ", text)))
        text = WHEN.split(text, maxsplit=1)[0]
        for part in SPLIT.split(BY.sub("", text)):
            part = BY_AT_END.sub("", EAST_ASIAN_ROLE.sub("", BY.sub("", part)))
            name = part.strip(" ,.;:|-–—\"'([<")
            while (cut := LAST_PART.search(name)) and ROLE.search(name[cut.end() :]):
                name = name[: cut.start()]
            # `Senior political correspondent`, or `AP Sports Writer` after a name
            is_role = ROLE.search(name) and (found or name[1:] == name[1:].lower())
            name = ROLE_AFTER_NAME.sub(r"\1", name)
            is_usable = 1 < len(name) <= MAX_NAME_CHARS and any(c.isalpha() for c in name)
            if is_usable and not is_role and not NOT_A_NAME.match(name):
                found.append(name)
    unique = list({name.casefold(): name for name in reversed(found)}.values())[::-1]
    # `Ada Quill Mill Courier` beside `Ada Quill`
    unique = [n for n in unique if not any(n.startswith(f"{other} ") for other in unique)]
    people = [n for n in unique if letters(n) not in site_names]
    return tuple((people or unique)[:30])


def is_name(text: str) -> bool:
    """Whether a text may be nothing but a person's name: `Ada van den Quay`."""
    words = text.split()
    is_short = len(words) <= MAX_NAME_WORDS and not any(c.isdigit() for c in text)
    is_more = text[-1] in "!?:" or "by" in words or ROLE.search(text)
    return is_short and not is_more and all(map(NAME_PART.match, words))
