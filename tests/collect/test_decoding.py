"""Content encodings: any cutting into pieces gives the same body, bombs stay small."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import islice

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.http.response import PIECE_BYTES, decoded
from tasks.model import Failure, Outcome


def bare_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate ": bare_deflate,
    "br": lambda data: brotli.compress(data, quality=4),
    "identity": bytes,
    "": bytes,
    "UTF-8": bytes,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data), quality=4),
}


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


@given(
    st.binary(max_size=500).map(lambda data: data * 300),
    st.integers(1, 3000),
    st.sampled_from(sorted(ENCODERS)),
)
def test_what_was_encoded_comes_back(data: bytes, size: int, coding: str) -> None:
    pieces = list(decoded(cut(ENCODERS[coding](data), size), coding))
    assert b"".join(pieces) == data
    assert all(len(piece) <= max(2 * PIECE_BYTES, size) for piece in pieces) or not data


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 60))
def test_gzip_members_follow_each_other(parts: list[bytes], size: int) -> None:
    members = b"".join(gzip.compress(part) for part in parts)
    assert b"".join(decoded(cut(members, size), "gzip")) == b"".join(parts)


def test_rubbish_after_gzip_is_passed_over() -> None:
    assert b"".join(decoded([gzip.compress(b"text") + b"\0\0\0"], "gzip")) == b"text"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_that_is_cut_off_or_broken_is_no_body(coding: str) -> None:
    whole = ENCODERS[coding](bytes(range(256)) * 50)
    broken = b"\x1f\x8b" + b"\xff" * 50
    for body in (whole[:-1], whole[: len(whole) // 2], whole[:1], broken):
        with pytest.raises(Failure) as failure:
            list(decoded([body], coding))
        assert failure.value.outcome is Outcome.BROKEN_RESPONSE


@pytest.mark.parametrize("coding", ["zstd", "gzip, zstd", "compress", "gzip,gzip,gzip,gzip"])
def test_codings_that_nobody_asked_for(coding: str) -> None:
    with pytest.raises(Failure) as failure:
        list(decoded([b"x"], coding))
    assert failure.value.outcome is Outcome.BROKEN_RESPONSE


def test_no_body_at_all_is_an_empty_one() -> None:
    for coding in ENCODERS:
        assert list(decoded([], coding)) == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_bomb_is_given_out_in_small_pieces(coding: str) -> None:
    bomb = bytes(30_000_000)
    for name in coding.split(", "):
        bomb = ENCODERS[name](bomb)
    tracemalloc.start()
    sizes = [len(piece) for piece in islice(decoded([bomb], coding), 200)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max(sizes) <= 2 * PIECE_BYTES  # brotli takes its limit as a hint
    assert peak < 4_000_000
