"""Shares as percentages."""


def percent(share: float | None, *, has_tenths: bool = False) -> str:
    """A share as a percentage; a dash for None. Only 0 is 0%, and only 1 is 100%.

    From 10% on without tenths, unless `has_tenths`.
    """
    if share is None:
        return "–"
    if 0 < share < 0.001:
        text = f"{share:.2%}"
        return "<0.01%" if text == "0.00%" else text
    if 0.9995 <= share < 1:
        return ">99.9%"
    is_near_an_end = share < 0.0995 or 0.995 <= share < 1
    return f"{share:.1%}" if has_tenths or is_near_an_end else f"{share:.0%}"
