"""Characters out of edges: real recordings to the byte, every setting both ways, and no harm from hostile edges."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.formats import read
from captures.model import EdgeKind, Origin, PulseTrain
from captures.uart import PARITIES, CharFlag, UartLine, decode
from tests.waves import RATE_HZ, levels_of, said, train_of

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "truth.json"
FILES: dict[str, Any] = json.loads(TRUTH.read_text())["files"] if TRUTH.exists() else {}
recorded = pytest.mark.skipif(not FILES, reason=f"recorded sessions are not at {DATA}")
TARE = "sigrok/kern_ew_6200-2nm_tare.sr"
LOADS = "sigrok/kern_ew_6200-2nm_various_values_and_overflow.sr"
FLOW = "sigrok/flowmeter_target_15liter_per_min.sr"
BALANCE = UartLine(Fraction(1200), 8, "N", 2)
PLAIN = UartLine(Fraction(9600))


def recording(name: str, channel: str) -> PulseTrain:
    (train,) = (train for train in read(DATA / name).trains if train.channel == channel)
    return train


@recorded
@pytest.mark.parametrize("name", [TARE, LOADS])
def test_the_recorded_balance_to_the_byte(name: str) -> None:
    truth = FILES[name]["uart"]
    found = decode(recording(name, "RX"), BALANCE)
    whole = found.whole
    wanted = "".join(f"{frame}\r\n" for frame in truth["frames"]) + truth["trailing_bytes"]
    assert whole.data.tobytes() == wanted.encode()
    assert whole.data.size == truth["bytes"]
    assert not whole.flags.any()
    assert found.false_starts == 0
    begins = whole.to_ns(whole.starts)[0 : truth["complete_frames"] * truth["frame_bytes"] : truth["frame_bytes"]]
    assert begins.tolist() == [round(Fraction(str(second)) * 10**9) for second in truth["frame_start_s"]]


@recorded
def test_the_recorded_balance_is_cut_in_its_last_character() -> None:
    found = decode(recording(LOADS, "RX"), BALANCE)
    assert found.data.size == found.whole.data.size + 1
    assert found.having(CharFlag.CUT).tolist()[-1]


@recorded
def test_the_recorded_flow_meter_to_the_byte() -> None:
    truth = FILES[FLOW]["modbus"]
    found = decode(recording(FLOW, "RXTX"), PLAIN)
    assert found.data.size == truth["bytes"]
    assert not found.flags.any()
    first, last = (bytes.fromhex(truth[name]) for name in ("first_frame", "first_long_reply"))
    text = found.data.tobytes()
    assert text.startswith(first)
    assert last in text
    begins = found.to_ns(found.starts)
    for second, frame in truth["writes"]:
        place = int(np.searchsorted(begins, round(second * 10**9) - 1000))
        assert text[place:].startswith(bytes.fromhex(frame))


LINES = st.builds(
    UartLine,
    st.just(Fraction(1200)),
    st.integers(5, 8),
    st.sampled_from(PARITIES),
    st.sampled_from([1, 2]),
    st.booleans(),
)


@given(LINES, st.data())
def test_every_setting_is_read_as_it_was_sent(line: UartLine, data: st.DataObject) -> None:
    """Bits of at least three ticks, of any fraction; idle times of any length between the characters."""
    bit = data.draw(st.fractions(3, 900, max_denominator=1000))
    values = data.draw(st.lists(st.integers(0, (1 << line.data_bits) - 1), max_size=20))
    idle = st.one_of(st.just(0), st.fractions(0, 5000, max_denominator=100))
    sent = [(value, data.draw(idle)) for value in values]
    line = replace(line, baud=RATE_HZ / bit)
    found = decode(train_of(levels_of(sent, line, bit), inverted=line.inverted), line)
    assert found.data.tolist() == values
    assert not found.flags.any()
    assert found.false_starts == 0


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30), st.fractions(Fraction(96, 100), Fraction(104, 100)))
def test_a_sender_up_to_four_percent_off_is_read(values: list[int], off: Fraction) -> None:
    """A receiver reads 8N1 within half a bit in 9.5: 5.2 %; sampling in whole ticks costs some of it."""
    bit = RATE_HZ / PLAIN.baud
    found = decode(train_of(levels_of([(value, 0) for value in values], PLAIN, bit * off)), PLAIN)
    assert found.data.tolist() == values
    assert not found.flags.any()


def test_a_second_stop_bit_that_is_cut_short_costs_no_character() -> None:
    """The next start comes in the middle of it: named, and both characters are there."""
    bit = RATE_HZ / BALANCE.baud
    sent = levels_of([(0x41, -bit / 2 * Fraction(3, 2)), (0x42, 0)], BALANCE, bit)
    found = decode(train_of(sent), BALANCE)
    assert found.data.tolist() == [0x41, 0x42]
    assert found.flags.tolist() == [CharFlag.FRAMING, 0]


def test_a_parity_error_is_found() -> None:
    even, odd = UartLine(Fraction(9600), 7, "E"), UartLine(Fraction(9600), 7, "O")
    found = decode(said(b"S1", even), odd)
    assert found.data.tobytes() == b"S1"
    assert found.flags.tolist() == [CharFlag.PARITY] * 2


def test_seven_bits_with_parity_read_as_eight_without() -> None:
    found = decode(said(b"+0.5\r\n", UartLine(Fraction(9600), 7, "E")), PLAIN)
    assert found.data.tobytes() == bytes(byte | 0x80 * (byte.bit_count() & 1) for byte in b"+0.5\r\n")
    assert not found.flags.any()


def test_a_wrong_baud_rate_shows_as_framing_errors() -> None:
    found = decode(said(b"+0127.20 G S\r\n" * 4, UartLine(Fraction(9600))), UartLine(Fraction(19200)))
    assert found.having(CharFlag.FRAMING).any()


def test_a_break_is_named_and_lasts_as_long_as_it_did() -> None:
    bit = RATE_HZ / PLAIN.baud
    after = levels_of([(0x41, 0)], PLAIN, bit, begin=9000)
    found = decode(train_of([(Fraction(1000), 0), (Fraction(6000), 1), *after]), PLAIN)
    assert found.flags.tolist() == [CharFlag.FRAMING | CharFlag.BREAK, 0]
    assert (int(found.starts[0]), int(found.ends[0])) == (1000, 6000)
    assert found.data.tolist() == [0, 0x41]


def test_a_line_that_stays_low_is_one_break_to_the_end_of_the_window() -> None:
    found = decode(train_of([(Fraction(1000), 0)], end=50_000), PLAIN)
    assert found.flags.tolist() == [CharFlag.FRAMING | CharFlag.BREAK]
    assert found.ends.tolist() == [50_001]


def test_a_low_too_short_for_a_start_bit_begins_no_character() -> None:
    after = levels_of([(0x41, 0)], PLAIN, RATE_HZ / PLAIN.baud)
    found = decode(train_of([(Fraction(500), 0), (Fraction(530), 1), *after]), PLAIN)
    assert found.data.tolist() == [0x41]
    assert found.false_starts == 1


def test_a_character_that_the_window_or_a_gap_cuts_is_marked() -> None:
    levels = levels_of([(0x41, 0), (0x42, 0), (0x43, 0)], PLAIN, RATE_HZ / PLAIN.baud, begin=1000)
    assert decode(train_of(levels, end=4000), PLAIN).flags.tolist() == [0, 0, CharFlag.CUT]
    found = decode(train_of(levels, gaps=((2500, 2600),)), PLAIN)
    assert found.flags.tolist() == [0, CharFlag.CUT, 0]
    assert found.whole.data.tobytes() == b"AC"


def test_a_silent_line_says_nothing() -> None:
    assert decode(train_of([], end=1000), PLAIN).data.size == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"levels": None, "edge": EdgeKind.RISING}, "expected rising and falling edges"),
        ({"tick_s": None}, "no sample rate"),
        ({"tick_s": Fraction(1, 20_000)}, "2.08 ticks a bit"),
        ({"window": (0, 1 << 62)}, "expected fewer than"),
    ],
)
def test_what_cannot_be_decoded_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode(replace(said(b"A", PLAIN), **change), PLAIN)


@pytest.mark.parametrize(
    "setting",
    [(0,), (-1,), (Fraction(10**10),), (9600, 9), (9600, 4), (9600, 8, "X"), (9600, 8, ""), (9600, 8, "N", 3)],
)
def test_what_is_no_line_setting_is_refused(setting: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        UartLine(*setting)


@settings(max_examples=300)
@given(st.data())
def test_hostile_edges_do_no_harm(data: st.DataObject) -> None:
    """Any increasing ticks, levels that need not alternate, windows and gaps that do not fit them."""
    big = data.draw(st.sampled_from([100, 10_000, 1 << 60]))
    ticks = sorted(data.draw(st.sets(st.integers(-big, big), max_size=60)))
    levels = [data.draw(st.integers(0, 1)) for _ in ticks]
    window = (data.draw(st.integers(-big, big)), data.draw(st.integers(-big, big)))
    gaps = tuple(
        tuple(sorted(pair))
        for pair in data.draw(st.lists(st.tuples(st.integers(-big, big), st.integers(-big, big)), max_size=3))
    )
    train = PulseTrain(
        "tap", "RX", np.array(ticks, dtype=np.int64), Fraction(1, data.draw(st.sampled_from([10_000, RATE_HZ, 10**9]))),
        EdgeKind.BOTH, window, Origin("test", "hostile"), "file", np.array(levels, dtype=np.uint8), gaps,
    )  # fmt: skip
    line = replace(
        data.draw(LINES), baud=data.draw(st.sampled_from([Fraction(1, 1000), Fraction(300), Fraction(2400)]))
    )
    if max([window[1], *ticks[-1:]]) - min([window[0], *ticks[:1]]) >= 1 << 61:
        with pytest.raises(ValueError, match="expected fewer"):
            decode(train, line)
        return
    found = decode(train, line)
    sizes = {part.size for part in (found.starts, found.ends, found.data, found.flags)}
    assert len(sizes) == 1
    assert found.data.size + found.false_starts <= len(ticks)
    assert bool((np.diff(found.starts) > 0).all())
    assert bool((found.ends > found.starts).all())
    assert set(found.starts.tolist()) <= set(ticks)
    assert bool((found.data < 1 << line.data_bits).all())
