"""Numbers with their nouns, for people."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 page`, `2 pages`, `1,200 pages`; the plural where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
