"""Reads the time of day that is printed after a date, or before it."""

import re
from datetime import time

# `GMT+7` and `UTC +7`
OFFSET_OF = r"(?:(?:GMT|UTC)\s?(?=[+-]\d))?"
WHOLE_HOURS = r"(?:(?<=GMT)|(?<=UTC)|(?<=GMT\s)|(?<=UTC\s))[+-]\d\b"
_HALF = r"[AaPp]\.?\s?[Mm]\b"
CLOCK = (
    r"(?P<hour>\d{1,2})\s?(?:[:.hH時时시点]|\s?Uhr\b|(?=" + _HALF + r"))"
    r"\s?(?P<minute>\d{2}|\d(?=\s?[分분]))?"
    r"(?:\s?[:分분]\s?(?P<second>\d{2}))?(?:[.,]\d+)?\s?(?:[分분秒초]|Uhr)?"
    r"\s*(?P<half>" + _HALF + r"\.?)?"
    r"\s*\(?"
    + OFFSET_OF
    + r"(?P<zone>[+-]\d{2}:?\d{2}|[+-]\d{2}\b|"
    + WHOLE_HOURS
    + r"|\b[A-Z]{2,4}\b|Z)?"
)
# Before a date there may also be numbers that are no time: with a dot, or without minutes, it is
# one only if it says so.
_BEFORE = re.compile(
    r"(?<![\d.:/-])(?=\d{1,2}(?:\s?[:hH]\s?\d\d(?!\d)|(?:\.\d\d)?\s?(?:Uhr\b|"
    + _HALF
    + ")))"
    # `4:15 min read` is how long the article takes.
    + CLOCK
    + r"(?!\s?min)\D{0,18}\Z"
)
MAX_CHARS_BEFORE = 60
_DAY_AND_DOT = re.compile(r"\d{1,2}\.")


def clock_before(text: str, end: int) -> dict[str, str | None]:
    """The parts of a time that stands right before the date at `end`; none without one."""
    found = _BEFORE.search(text, max(0, end - MAX_CHARS_BEFORE), end)
    if found is None:
        return {}
    parts = found.groupdict()
    # `12:30 am 17. Mai`: on the 17th, in German
    if parts["half"] == "am" and _DAY_AND_DOT.match(text, end):
        parts["half"] = None
        return parts if parts["minute"] else {}
    return parts


def clock_of(parts: dict[str, str | None]) -> time | None:
    """The time of day that the parts say; None when it is missing or invalid."""
    if not parts.get("hour"):
        return None
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").lower()[:1]
    noon = parts.get("noon") or ""
    if (half == "p" or noon in ("午後", "下午", "晚上", "오후")) and hour < 12:
        hour += 12
    elif (half == "a" or noon in ("午前", "上午", "오전")) and hour == 12:
        hour = 0
    try:
        return time(hour, minute, second)
    except ValueError:
        return None
