"""An archived page as safe HTML: no scripts, no links, no external content."""

import re
from html import escape

from selectolax.lexbor import LexborNode

from tasks.archive.read import read_capture
from tasks.extract.mhtml import is_mhtml, page_of_mhtml
from tasks.text.charsets import decode
from tasks.text.html_tree import parse_html
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import removed_archives

# The policy of the archived page. `sandbox` disables scripts and forms and isolates its origin;
# with data: as the only source it sends no requests. What a policy cannot block (a refresh, a
# preconnect, links) is left out of the HTML.
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
PLACE = re.compile(r"(?P<file>[^/\\#]+/[^/\\#]+\.warc\.gz)#\d+")

_SHOWN = (
    "html head body title article section main header footer nav aside div span p br hr wbr a abbr"
    " address b bdi bdo blockquote caption center cite code col colgroup dd del details dfn dl dt"
    " em figcaption figure font h1 h2 h3 h4 h5 h6 hgroup i img ins kbd li mark ol pre q rp rt ruby"
    " s samp small strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var"
    " big label picture button"
)
_ELEMENTS = frozenset(_SHOWN.split())
# Elements removed with all their content; an element in neither list loses only its tags.
_GONE = (
    "script noscript template iframe frame frameset object embed applet link meta base svg math"
    " audio video source track canvas map area input select option optgroup textarea datalist"
    " dialog portal noembed noframes xmp plaintext listing param -comment -document-type"
)
_WITH_CONTENT = frozenset(_GONE.split())
_KEPT = (
    "class id lang dir title alt style width height align valign colspan rowspan datetime start"
    " type value reversed scope open hidden role"
)
_ATTRIBUTES = frozenset(_KEPT.split())
_VOID = frozenset({"br", "hr", "img", "wbr", "col"})
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif)[;,]", re.I)


class NotArchived(Exception):  # noqa: N818 - a state, not an error
    """There is no archived page; the message says why."""


def archived_page(layout: Layout, raw_ref: str | None) -> str:
    """The page at a `raw_ref`, as HTML without active content; NotArchived if there is none."""
    place = archive_file(layout, raw_ref)
    try:
        capture, payload = read_capture(layout.raw, raw_ref or "")
    except (OSError, ValueError) as error:
        raise NotArchived(f"The page cannot be read from its archive file {place}.") from error
    content_type = capture.content_type or ""
    if is_mhtml(content_type):
        try:
            payload, content_type = page_of_mhtml(payload)
        except (ValueError, LookupError) as error:
            raise NotArchived(f"What was archived is {error}.") from error
    text = decode(payload, content_type)
    if not text:
        raise NotArchived("What was archived is no text.")
    if content_type.startswith("text/plain"):
        return f"<!doctype html><meta charset=utf-8><pre>{escape(text)}</pre>"
    return "<!doctype html>" + sanitised_html(text)


def archive_file(layout: Layout, raw_ref: str | None) -> str:
    """The archive file of a `raw_ref`, below `raw`; NotArchived, with the reason, if missing."""
    place = PLACE.fullmatch(raw_ref or "")
    if place is None or ".." in place["file"].split("/"):
        raise NotArchived(f"The page is not in this archive, but at {raw_ref}.")
    if (layout.raw / place["file"]).is_file():
        return place["file"]
    removed = removed_archives(layout).get(f"{layout.raw.name}/{place['file']}")
    if removed:
        raise NotArchived(
            f"The archived page is not kept any more: {place['file']} was removed"
            f" on {removed['removed_at'][:10]} ({removed['why']})."
        )
    raise NotArchived(f"The archived page is not here: {place['file']} is missing.")


def sanitised_html(text: str) -> str:
    """A page rewritten with only the elements and attributes that cannot act."""
    tree = parse_html(text)
    out: list[str] = []
    stack: list[LexborNode | str] = [tree.root] if tree.root else []
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            out.append(node)
            continue
        tag = node.tag or ""
        if tag == "-text":
            out.append(escape(node.text_content or "", quote=False))
        elif tag == "style":
            # Only its end tag ends the raw text of a style element.
            out += ("<style>", node.text().replace("</", "<\\/"), "</style>")
        elif tag not in _WITH_CONTENT:
            if tag in _ELEMENTS:
                kept = "".join(
                    f' {name}="{escape(value or "")}"'
                    for name, value in node.attributes.items()
                    if name in _ATTRIBUTES
                    or ((tag, name) == ("img", "src") and _IMAGE.match(value or ""))
                )
                # First in the head: the page is decoded, and sent as UTF-8.
                charset = '<meta charset="utf-8">' if tag == "head" else ""
                out.append(f"<{tag}{kept}>{charset}")
                stack.append("" if tag in _VOID else f"</{tag}>")
            stack += reversed(list(node.iter(include_text=True)))
    return "".join(out)
