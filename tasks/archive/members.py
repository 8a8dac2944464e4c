"""The compression of single WARC records: none, a gzip member or a zstd frame each."""

import zlib
from contextlib import suppress

import pyarrow as pa

GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"  # magic bytes of members and frames


def beginning(piece: bytes, size: int) -> bytes:
    """The first bytes of the record at the start of a piece of a file, decompressed.

    Args:
        piece: At least twice `size` bytes, so that a frame truncated at its end yields enough.
        size: Bytes wanted at most.

    Returns:
        The bytes; none where the piece starts with the magic bytes of a member or frame and is
        not one.
    """
    with suppress(zlib.error, OSError, pa.ArrowInvalid):
        if piece.startswith(GZIP):
            return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(piece, size)
        if piece.startswith(ZSTD):
            return bytes(pa.CompressedInputStream(pa.BufferReader(piece), "zstd").read(size))
        return piece[:size]
    return b""
