"""Decodes a page's bytes, even when the declared charset is wrong."""

import codecs
import re

from charset_normalizer import from_bytes

HEAD_BYTES = 4096
SAMPLE_BYTES = 60_000
META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
XML = re.compile(rb"^\s*<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w:.-]{2,40})", re.I)
HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([a-zA-Z]{2,3}(?:-[a-zA-Z]+)?)", re.I)
TAG = re.compile(rb"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)
HIGH_RUN = re.compile(rb"[\x80-\xff]+")
BINARY = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF")
CONTROL = bytes([*range(9), *range(14, 27), 28, 29, 30, 31, 127])
LATIN = "cp1252"
_LABELS_BY_CODEC = {
    LATIN: "iso-8859-1 iso8859-1 latin1 latin-1 l1 ascii us-ascii",
    "gb18030": "gb2312 gbk x-gbk gb_2312-80 euc-cn",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji",
    "cp949": "euc-kr ks_c_5601-1987 ksc5601 korean",
    "big5hkscs": "big5",
    "cp1254": "iso-8859-9",
    "cp874": "iso-8859-11 tis-620",
    "euc-jp": "x-euc-jp",
    "utf-8": "utf8 unicode",
}
# Charset labels that mean another codec in browsers (WHATWG Encoding Standard).
LABELS = {label: codec for codec, labels in _LABELS_BY_CODEC.items() for label in labels.split()}
# Codecs that a page may declare; Python has others, such as idna, that pages do not use.
PAGE_CODEC = re.compile(
    r"utf-(?:8|16)|cp\d|iso8859|iso2022_jp|mac|koi8|euc_|gb|big5|shift_jis|johab|tis|hz"
)
_LANGUAGES_BY_CODEC = {
    "cp1250": "cs hu pl sk sl hr ro",
    "cp1251": "ru uk bg be mk sr kk",
    "cp1257": "et lt lv",
    "cp1256": "ar fa",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1258": "vi",
    "cp874": "th",
    "cp932": "ja",
    "cp949": "ko",
    "gb18030": "zh",
}
# The charset that browsers fall back to for a language.
LEGACY = {code: codec for codec, codes in _LANGUAGES_BY_CODEC.items() for code in codes.split()}


# Pages mix UTF-8 and windows-1252: bytes that are not valid as the one are read as the other.
def _as_latin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    piece = error.object[error.start : error.end]
    return "".join(_LATIN_TABLE[byte] for byte in piece), error.end


_LATIN_TABLE = [bytes([b]).decode(LATIN, "replace") for b in range(256)]
codecs.register_error("as-latin", _as_latin)


def decode(payload: bytes, content_type: str = "", language: str | None = None) -> str | None:
    """The text of a page; None when the bytes are not text.

    A byte order mark wins, then valid UTF-8, then the charset that HTTP or the page declares if the
    bytes fit it, then the language's charset before UTF-8, then a guess.
    """
    # Some servers send PDFs and images as text/html; they are recognised by their first bytes.
    if payload.startswith(BINARY):
        return None
    text = decode_utf16(payload) or _decode(payload, content_type, language)
    sample = text[:20_000]
    raw = sample.encode("utf-8", "replace")
    odd = len(raw) - len(raw.translate(None, CONTROL)) + sample.count("\ufffd")
    if odd > 0.02 * len(sample) + 2:
        return None
    # NUL is searched for in the bytes: in Python's wide strings every second byte may be 0, where
    # the search takes as long as decoding.
    return text.replace("\0", "") if b"\0" in payload else text


def decode_utf16(payload: bytes) -> str | None:
    """UTF-16, recognised by its byte order mark or its NUL bytes; None for other text."""
    if payload.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return payload.decode("utf-16", "replace")
    # Latin text in UTF-16 has a NUL in every second byte, always on the same side.
    sample = payload[:400]
    low, high = sample[1::2].count(0), sample[::2].count(0)
    if max(low, high) > max(4, len(sample) * 0.1) and not min(low, high):
        return payload.decode("utf-16-le" if low else "utf-16-be", "replace")
    return None


def _decode(payload: bytes, content_type: str, language: str | None) -> str:
    if payload.startswith(codecs.BOM_UTF8):
        return payload[3:].decode("utf-8", "as-latin")
    names = HEADER.findall(content_type)[:1]
    if found := META.search(payload[:HEAD_BYTES]) or XML.search(payload[:HEAD_BYTES]):
        names.append(found[1].decode("ascii", "replace"))
    declared = [codec for name in names if (codec := _codec(name))]
    # ISO-2022-JP is ASCII with escape sequences, so it would pass as UTF-8.
    if b"\x1b$" in payload[:SAMPLE_BYTES] or b"\x1b(" in payload[:SAMPLE_BYTES]:
        declared = [*[c for c in declared if c.startswith("iso2022")], "iso-2022-jp", *declared]
        if (text := _strictly(payload, declared[0])) is not None:
            return text
    if (text := _strictly(payload, "utf-8")) is not None:
        return text
    if "utf-8" in declared:
        wrong = payload.decode("utf-8", "replace").count("\ufffd")
        good = len(payload) - len(payload.decode("ascii", "ignore")) - wrong
        # Pages assembled from several systems mix both charsets.
        if wrong * 5 < good:
            return payload.decode("utf-8", "as-latin")
    for codec in _likely_codecs(payload, declared, language):
        if (text := _strictly(payload, codec)) is not None:
            return text
    readings = [payload.decode(c, "replace") for c in dict.fromkeys([*declared, "utf-8", LATIN])]
    return min(readings, key=lambda reading: reading.count("\ufffd"))


def _codec(name: str) -> str | None:
    """Python's codec for a label; None for one that pages do not use."""
    label = name.lower()
    try:
        codec = codecs.lookup(LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return codec if PAGE_CODEC.match(codec) else None


def _strictly(payload: bytes, codec: str) -> str | None:
    """The decoded payload, None on an error; a page may be cut within its last character."""
    try:
        return payload.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(payload) - 4:
            return None
        return payload[: error.start].decode(codec)
    except (UnicodeError, LookupError):
        return None


def _likely_codecs(payload: bytes, declared: list[str], language: str | None) -> list[str]:
    """Codecs to try, the likeliest first."""
    legacy = [codec for codec in declared if codec != "utf-8"]
    found = LANGUAGE.search(payload[:HEAD_BYTES])
    stated = found[1].decode("ascii").lower() if found else (language or "")
    legacy_codec = LEGACY.get(stated.partition("-")[0])
    by_language = [legacy_codec] if legacy_codec else []
    sample = TAG.sub(b" ", payload[:SAMPLE_BYTES])
    # Bytes over 127 in runs mean another script than Latin, so a declared Latin-1 is not believed.
    runs = [len(run) for run in HIGH_RUN.findall(sample)]
    if sum(n for n in runs if n >= 4) <= 0.3 * sum(runs):
        return [*legacy, *by_language, LATIN]
    trusted = [codec for codec in legacy if codec != LATIN]
    best = from_bytes(sample[:8000]).best()
    guess = [codec] if best and (codec := _codec(best.encoding.replace("_", "-"))) else []
    return [*trusted, *by_language, *guess, *legacy]
