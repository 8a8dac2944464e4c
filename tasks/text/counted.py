"""Formats numbers with their nouns, for people."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 page`, `2 pages`, `1,200 pages`; `plural` if it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shown_minutes(minutes: int) -> str:
    """A duration as people write it: 25 min, 3 h 20 min."""
    hours, rest = divmod(minutes, 60)
    parts = (f"{hours} h" if hours else "", f"{rest} min" if rest else "")
    return " ".join(filter(None, parts))
