"""Rates measured on edges, framings read out of them, and settings chosen among those that were tried."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from captures.uart import UartLine
from fixtures.plugins import specs
from harness.learning.edges import measure, read_line
from harness.learning.fit import Stream
from harness.learning.rates import COMMON, Heard, Trial, best, mode_text, parity_of, repeated, settings, without_parity
from harness.learning.recording import Chunk, Line
from protocols.contract import LineSettings
from tests.waves import RATE_HZ, levels_of, train_of

KNOWN = specs("protocols")
TEXT = b"S S     100.00 g\r\nS D      99.98 g\r\n" * 5
BINARY = bytes(np.random.default_rng(3).integers(0, 256, size=150).astype(np.uint8))


def captured(data: bytes, baud: Fraction, mode: str, *, inverted: bool = False, pause: int = 0) -> object:
    line = UartLine(baud, int(mode[0]), mode[1], int(mode[2]), inverted)
    bit = RATE_HZ / baud
    mask = (1 << line.data_bits) - 1
    return train_of(
        levels_of(
            [(byte & mask, pause + (0 if (k + 1) % 18 else int(40 * bit))) for k, byte in enumerate(data)], line, bit
        ),
        inverted=inverted,
    )


@pytest.mark.parametrize(
    ("baud", "mode", "data"),
    [
        (9600, "8N1", BINARY), (9600, "8O1", BINARY), (9600, "8E1", BINARY), (4800, "7E1", TEXT), (2400, "7O1", TEXT), (1200, "8N2", TEXT),
        (5787, "8E1", BINARY), (115200, "8N1", TEXT), (1220, "8N1", TEXT),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inverted", [False, True])
def test_an_unknown_line_is_measured_and_read(baud: int, mode: str, data: bytes, inverted: bool) -> None:
    found = read_line(captured(data, Fraction(baud), mode, inverted=inverted))  # type: ignore[arg-type]
    assert abs(found.measured.baud / baud - 1) < 0.004
    assert (found.mode, found.line.inverted) == (mode, inverted)
    assert found.measured.usual == (1200 if baud == 1220 else baud)
    mask = 0x7F if mode[0] == "7" else 0xFF
    assert found.characters.data.tobytes() == bytes(byte & mask for byte in data)
    assert found.damaged == 0


def test_characters_without_a_bit_of_their_own() -> None:
    found = read_line(captured(b"\xf0\x3c\xcc\xfc\x3f" * 12, Fraction(2400), "8N1"))  # type: ignore[arg-type]
    assert abs(float(found.line.baud) / 2400 - 1) < 0.01
    assert found.damaged == 0


def test_what_is_given_is_not_sought() -> None:
    train = captured(TEXT, Fraction(9600), "8N1")
    found = read_line(train, Fraction(9600), "8N1")  # type: ignore[arg-type]
    assert (found.line.baud, found.mode) == (9600, "8N1")


def test_too_few_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 pulses"):
        measure(captured(b"U", Fraction(9600), "8N1"))  # type: ignore[arg-type]


def heard(data: bytes, damaged: int | None = None) -> list[Heard]:
    return [Heard(Line("tap", tuple(Chunk(k * 10**8, data[k : k + 18]) for k in range(0, len(data), 18))), damaged)]


def test_the_setting_that_reads_best_is_chosen() -> None:
    noise = Trial.of(COMMON[1], heard(BINARY, 90), KNOWN)
    right = Trial.of(COMMON[0], heard(TEXT, 0), KNOWN)
    silent = Trial.of(COMMON[2], heard(b""), KNOWN)
    assert right.sure
    assert not noise.sure
    assert silent.score < noise.score < right.score
    assert best([noise, right, silent]) == COMMON[0]
    assert "mt-sics" in right.text
    assert "60% damaged" in noise.text


def test_seven_bits_with_parity_are_seen_in_the_highest_bit() -> None:
    even = bytes(byte | (byte.bit_count() % 2) << 7 for byte in TEXT)
    odd = bytes(byte | (1 - byte.bit_count() % 2) << 7 for byte in TEXT)
    assert [parity_of(data) for data in (even, odd, TEXT, BINARY, b"")] == ["E", "O", "", "", ""]
    stream, parity = without_parity(Stream("device", (odd,)))
    assert (stream.data, parity) == (TEXT, "O")


def test_settings_that_are_fixed_are_not_tried() -> None:
    assert settings(None, None) == list(COMMON)
    assert settings(9600, "7e1") == [LineSettings(9600, 7, "E", 1)]
    assert {line.baud for line in settings(4711, None)} == {4711}
    assert {mode_text(line) for line in settings(None, "8E1")} == {"8E1"}
    with pytest.raises(ValueError, match="such as 8N1"):
        settings(None, "9N1")
    assert repeated(b"") == 0.0
    assert repeated(TEXT) > 0.5
