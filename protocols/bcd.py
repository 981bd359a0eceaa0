"""Packed decimal digits (BCD), two to a byte, most significant first."""

from __future__ import annotations


def digits(raw: bytes) -> str | None:
    """The digits of `raw`, `2 * len(raw)` of them; None where a nibble is none, and for no bytes at all."""
    text = raw.hex()
    return text if text.isdecimal() else None


def packed(text: str) -> bytes:
    """The bytes of an even number of digits; ValueError for anything else."""
    if len(text) % 2 or not (text.isascii() and text.isdecimal()):
        raise ValueError(f"expected an even number of decimal digits, got {text!r}")
    return bytes.fromhex(text)
