"""Numbers and names read with numpy, against the plain way."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from captures.formats.text import MAX_DIGITS, decimals, integers, lines_of, numbered


def fields(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    buffer = np.frombuffer(b"\n".join(texts) + b"\n", np.uint8)
    starts, ends = lines_of(buffer)
    return buffer, starts, ends


TEXTS = st.one_of(
    st.from_regex(rb"-?[0-9]{1,9}(\.[0-9]{1,9})?", fullmatch=True),
    st.binary(max_size=12).filter(lambda text: b"\n" not in text and b"\r" not in text),
    st.sampled_from([b"", b"-", b".", b"1.", b".5", b"--1", b"1-", b"1e3", b"+1", b"0" * 19, b"9" * 18, b"1.2.3", b"\xb2"]),
)  # fmt: skip


def is_decimal(text: bytes) -> bool:
    whole, dot, part = text.removeprefix(b"-").partition(b".")
    return all(48 <= byte <= 57 for byte in whole + part) and bool(whole) and (bool(part) or not dot)


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_decimals_are_exact(texts: list[bytes]) -> None:
    values, places, bad = decimals(*fields(texts))
    for text, value, wrong in zip(texts, values.tolist(), bad.tolist(), strict=True):
        if not is_decimal(text):
            assert wrong
        elif not wrong:
            assert Decimal(value).scaleb(-places) == Decimal(text.decode())
        else:  # refused although a decimal: only because it does not fit the digits with the places of the others
            whole, _, part = text.removeprefix(b"-").partition(b".")
            assert max(len(whole), len(part), len(whole.lstrip(b"0")) + places) > MAX_DIGITS


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_integers_are_ascii_digits_only(texts: list[bytes]) -> None:
    values, bad = integers(*fields(texts))
    for text, value, wrong in zip(texts, values.tolist(), bad.tolist(), strict=True):
        digits = 1 <= len(text) <= MAX_DIGITS and all(48 <= byte <= 57 for byte in text)
        assert wrong is (not digits)
        assert wrong or value == int(text)


@given(
    st.lists(
        st.lists(st.binary(max_size=20).filter(lambda t: not set(t) & {10, 13}), min_size=1, max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_names_are_numbered_in_order_of_appearance_over_blocks(blocks: list[list[bytes]]) -> None:
    known: dict[bytes, int] = {}
    expected: dict[bytes, int] = {}
    for texts in blocks:
        got = numbered(*fields(texts), known).tolist()
        assert got == [expected.setdefault(text, len(expected)) for text in texts]
    assert known == expected


def test_lines_may_end_in_either_way() -> None:
    buffer = np.frombuffer(b"a\r\nbc\n\n\r\nd\n", np.uint8)
    starts, ends = lines_of(buffer)
    assert [buffer[a:b].tobytes() for a, b in zip(starts, ends, strict=True)] == [b"a", b"bc", b"", b"", b"d"]
