"""Which content types are pages, live, archived or saved."""

import re

# application/xml is not among them: what servers send under it are feeds and sitemaps.
_PAGE_TYPE = re.compile(r"text/.+|application/(?:vnd\.wap\.)?xhtml\+xml|")


def is_page(content_type: str) -> bool:
    """Whether a Content-Type header is that of HTML or text; a missing one may be."""
    return bool(_PAGE_TYPE.fullmatch(content_type.partition(";")[0].strip().lower()))
