"""How a record lies in a WARC file: as it is, or as a gzip member or a zstd frame of its own."""

import zlib
from contextlib import suppress

import pyarrow as pa

GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
"""What members and frames begin with."""


def beginning(piece: bytes, size: int) -> bytes:
    """The first bytes of a record that a piece of its file begins with.

    Args:
        piece: At least twice `size`, so that a frame that ends beyond it has as much.
        size: How many bytes at most.

    Returns:
        The bytes; none where the piece begins as a member or a frame, and is none.
    """
    with suppress(zlib.error, OSError, pa.ArrowInvalid):
        if piece.startswith(GZIP):
            return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(piece, size)
        if piece.startswith(ZSTD):
            return bytes(pa.CompressedInputStream(pa.BufferReader(piece), "zstd").read(size))
        return piece[:size]
    return b""
