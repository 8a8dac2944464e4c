"""MinHash sketches of texts, by which near copies are found."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from rensa import RMinHash

from tasks.text.folding import fold
from tasks.text.sentence_split import UNSPACED

SHINGLE = 4  # Consecutive words (characters in scripts without spaces) of one shingle
SLOTS = 512
# With another seed or size, new sketches cannot be compared with stored ones.
SEED = 20260302
BANDS = 24
# Slots in a band. Two texts are compared when one of their bands agrees: with a Jaccard similarity
# of .4 in 98 of 100 cases, of .01 in 2 of 1,000.
ROWS = 2

_TOKEN = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")

Hashes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A compact summary of a text's shingles."""

    shingles: int  # Number of distinct shingles
    # The lowest bit of each slot. Two sketches share (1 + J) / 2 of them, J being the Jaccard
    # similarity of the texts' shingles.
    bits: bytes
    bands: tuple[int, ...]  # 32-bit hashes; similar texts share at least one


def sketch(text: str) -> Sketch | None:
    """The sketch of a text, the same on every machine; None for a text without words."""
    tokens = _TOKEN.findall(fold(text).text)
    if not tokens:
        return None
    hashes = np.array([_token_hash(token) for token in tokens], dtype=np.uint64)
    size = min(SHINGLE, len(hashes))
    grams = np.zeros(len(hashes) - size + 1, dtype=np.uint64)
    for offset in range(size):
        grams = _mixed(grams + hashes[offset : offset + len(grams)])
    # Unique and sorted, so that neither order nor repetition of shingles counts.
    shingles = np.unique(grams)
    digest = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles, [0, len(shingles)], num_perm=SLOTS, seed=SEED
    )
    slots = np.array(digest.to_rows()[0], dtype=np.uint64)
    bits = np.packbits((slots & np.uint64(1)).astype(np.uint8)).tobytes()
    bands = np.arange(1, BANDS + 1, dtype=np.uint64)
    for row in slots[: BANDS * ROWS].reshape(BANDS, ROWS).T:
        bands = _mixed(bands + row)
    return Sketch(len(shingles), bits, tuple((bands >> np.uint64(32)).tolist()))


@lru_cache(maxsize=1 << 15)
def _token_hash(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "little")


def _mixed(values: Hashes) -> Hashes:
    """The finalizer of splitmix64, so that the order of a shingle's words counts."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
