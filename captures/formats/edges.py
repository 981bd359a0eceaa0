"""Edges of many channels in a stream of sample words, found piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, UInt8Array

_BLOCK = 1 << 18
"""Words compared at once: small enough that words and comparison stay in the processor's cache."""


class EdgeFinder:
    """Feeds on little-endian words of `unitsize` bytes (1..8); keeps the edges of `bits`, each below 8 * unitsize.

    Memory grows by 8 bytes an edge and by nothing else.
    """

    def __init__(self, unitsize: int, bits: Sequence[int]) -> None:
        self._unitsize = unitsize
        self._width = next(width for width in (1, 2, 4, 8) if width >= unitsize)
        self._dtype = np.dtype(f"<u{self._width}")
        self._found: dict[int, list[Int64Array]] = {bit: [] for bit in bits}
        self._mask = sum(1 << bit for bit in self._found)
        self._first: int | None = None
        self._last = 0
        self.samples = 0
        self.edges = 0

    def feed(self, data: bytes) -> None:
        """The next samples: whole words only."""
        words = self._words(data)
        for begin in range(0, words.size, _BLOCK):
            self._block(words[begin : begin + _BLOCK])

    def initial(self, bit: int) -> int:
        """Level of `bit` in sample 0; ValueError before any sample came."""
        if self._first is None:
            raise ValueError("expected samples before asking for the initial level")
        return self._first >> bit & 1

    def take(self, bit: int) -> tuple[Int64Array, UInt8Array]:
        """Sample numbers int64 (n,) and levels after them uint8 (n,) of the edges of `bit`, which is then forgotten."""
        parts = self._found.pop(bit)
        ticks = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        levels = np.empty(ticks.size, dtype=np.uint8)  # edges of one bit alternate
        levels[0::2] = 1 - self.initial(bit)
        levels[1::2] = self.initial(bit)
        return ticks, levels

    def _words(self, data: bytes) -> npt.NDArray[np.unsignedinteger]:
        if self._width == self._unitsize:
            return np.frombuffer(data, dtype=self._dtype)
        padded = np.zeros((len(data) // self._unitsize, self._width), dtype=np.uint8)
        padded[:, : self._unitsize] = np.frombuffer(data, dtype=np.uint8).reshape(-1, self._unitsize)
        return padded.view(self._dtype).reshape(-1)

    def _block(self, words: npt.NDArray[np.unsignedinteger]) -> None:
        base = self.samples
        self.samples += words.size
        if self._first is None:
            self._first = self._last = int(words[0])
        last, self._last = self._last, int(words[-1])
        if last != int(words[0]):
            self._keep(np.array([base]), np.array([last ^ int(words[0])], dtype=self._dtype))
        changed = np.flatnonzero(words[1:] != words[:-1])
        if changed.size:
            self._keep(changed + (base + 1), words[changed + 1] ^ words[changed])

    def _keep(self, ticks: Int64Array, flips: npt.NDArray[np.unsignedinteger]) -> None:
        """Sort the changes at `ticks` (n,) to the bits that flipped in `flips` (n,)."""
        any_flip = int(np.bitwise_or.reduce(flips)) & self._mask
        for bit, parts in self._found.items():
            one = 1 << bit
            if not any_flip & one:
                continue
            own = ticks if any_flip == one and one == self._all(flips) else ticks[(flips & self._dtype.type(one)) != 0]
            parts.append(own)
            self.edges += own.size

    @staticmethod
    def _all(flips: npt.NDArray[np.unsignedinteger]) -> int:
        return int(np.bitwise_and.reduce(flips))
