"""Decodes content encodings piece by piece, with no piece much larger than `PIECE`."""

import zlib
from collections.abc import Iterable, Iterator

import brotli

from tasks.model import Failure, Outcome

PIECE = 64 * 1024  # bytes of the pieces in which bodies are read and decoded, at most

ACCEPTED = "gzip, deflate, br"

_GZIP = b"\x1f\x8b"
_AUTOMATIC = 32 + zlib.MAX_WBITS  # gzip or zlib, as the stream says
_UNDECODABLE = frozenset({"zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
_MOST_CODINGS = 3


def decoded(pieces: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """The decoded body; Failure, BROKEN_RESPONSE, where it is broken or in no accepted encoding."""
    names = [name.strip().lower() for name in content_encoding.split(",")]
    if refused := next((name for name in names if name in _UNDECODABLE), None):
        raise _broken(f"content encoding {refused} was not accepted by the request")
    # Names that are not encodings (servers send `UTF-8`, `none`) are ignored, as browsers do.
    codings = [name for name in names if name in _DECODERS]
    if len(codings) > _MOST_CODINGS:
        raise _broken(f"compressed {len(codings)} times")
    for name in reversed(codings):
        pieces = _DECODERS[name](pieces)
    try:
        yield from pieces
    except (zlib.error, brotli.error) as error:
        raise _broken(f"{content_encoding}: {error}") from None


def _broken(detail: str) -> Failure:
    return Failure(Outcome.BROKEN_RESPONSE, detail)


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    stream = None
    for rest in _at_least_two_bytes_first(pieces):
        while rest:
            if stream is None or stream.eof:
                if stream is not None and not _GZIP.startswith(rest[:2]):
                    break  # gzip allows garbage after the end
                # Some servers send the bare stream, without zlib's header, as `deflate`.
                is_zlib = rest[0] & 0x0F == 8 and int.from_bytes(rest[:2]) % 31 == 0
                is_bare = stream is None and not is_zlib and not rest.startswith(_GZIP)
                stream = zlib.decompressobj(-zlib.MAX_WBITS if is_bare else _AUTOMATIC)
            if data := stream.decompress(rest, PIECE):
                yield data
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
    if stream is not None:
        while data := stream.decompress(b"", PIECE):
            yield data
        if not stream.eof:
            raise _broken("the compressed body ends early")


def _at_least_two_bytes_first(pieces: Iterable[bytes]) -> Iterator[bytes]:
    start: bytes | None = b""
    for piece in pieces:
        if start is None:
            yield piece
        elif len(start) + len(piece) < 2:
            start += piece
        else:
            yield start + piece
            start = None
    if start:
        yield start


def _unbrotlied(pieces: Iterable[bytes]) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    anything = False
    for piece in pieces:
        anything = True
        rest = piece
        while not stream.is_finished():
            if data := stream.process(rest, output_buffer_limit=PIECE):
                yield data
            rest = b""
            if stream.can_accept_more_data():
                break
    if anything and not stream.is_finished():
        raise _broken("the compressed body ends early")


_DECODERS = {"gzip": _inflated, "x-gzip": _inflated, "deflate": _inflated, "br": _unbrotlied}
