"""Lines of timestamping counters: exact numbers, every mode, tolerance of blanks (protocols.md 6.3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role
from protocols.wire import picopet, ticc
from protocols.wire.ticc import Comment, Debug, Difference, Interval, Stamp, picoseconds, seconds_text


def read(text: bytes, protocol: object = ticc.PROTOCOL) -> list[object]:
    decoder = protocol.decoder(Role.DEVICE)  # type: ignore[attr-defined]
    return list(decoder.feed(text) + decoder.close())


@pytest.mark.parametrize(
    ("text", "ps"),
    [
        ("402.342588195696", 402_342_588_195_696),
        ("402.34258819569", 402_342_588_195_690),
        ("0.000000000001", 1),
        ("-0.000000000001", -1),
        ("02.5", 2_500_000_000_000),
        ("7", 7_000_000_000_000),
        ("2147483647.999999999999", 2_147_483_647_999_999_999_999),
    ],
)
def test_seconds_are_exact_picoseconds(text: str, ps: int) -> None:
    assert picoseconds(text) == ps


@pytest.mark.parametrize(
    "text", ["", ".5", "1.", "+1", "1e3", "1.0000000000001", "12345678901", "nan", "１", "1_0", " 1"]
)
def test_what_is_no_number_of_a_counter(text: str) -> None:
    with pytest.raises(ProtocolError, match="up to 10 digits"):
        picoseconds(text)


@given(ps=st.integers(-(2**31) * 10**12, 2**31 * 10**12), decimals=st.integers(0, 12))
def test_a_number_is_cut_never_rounded(ps: int, decimals: int) -> None:
    text = seconds_text(ps, decimals)
    assert len(text.partition(".")[2]) == decimals
    cut = abs(ps) // 10 ** (12 - decimals) * 10 ** (12 - decimals)
    assert picoseconds(text) == (cut if ps >= 0 else -cut)
    assert int(Decimal(text) * 10**12) == picoseconds(text)


def test_wrapped_seconds_keep_their_width() -> None:
    assert seconds_text(123_450_000_000_000, 2, wrap_digits=2) == "23.45"
    assert seconds_text(105_000_000_000_000, 1, wrap_digits=2) == "05.0"
    with pytest.raises(ProtocolError):
        seconds_text(1, 13)


def test_every_mode_of_a_ticc() -> None:
    lines = (
        b"\r\n# TAPR TICC Timestamping Counter\r\n# timestamp (seconds with 11 decimal places)\r\n"
        b"402.34258819569 chA\r\n402.9 chB\n17.5 A\r\n"
        b"-0.000012345678 TI(A->B)\r\n402.000012345678 chC (B - A)\r\n"
        b"000848 001271 001000 001839 036830 73240178 0.000099976974 7324.017700023026 chA\r\n"
    )
    assert read(lines) == [
        Comment(""),
        Comment("# TAPR TICC Timestamping Counter"),
        Comment("# timestamp (seconds with 11 decimal places)"),
        Stamp("402.34258819569", "A"),
        Stamp("402.9", "B"),
        Stamp("17.5", "A"),
        Interval("-0.000012345678"),
        Difference("402.000012345678", "B - A"),
        Debug(848, 1271, 1000, 1839, 36830, 73240178, "0.000099976974", "7324.017700023026", "A"),
    ]


def test_the_registers_of_a_debug_line_agree_with_its_stamp() -> None:
    line = Debug(848, 1271, 1000, 1839, 36830, 73240178, "0.000099976974", "7324.017700023026", "A")
    assert line.agrees
    assert not Debug(848, 1271, 1000, 1839, 36830, 73240178, "0.000099976974", "7324.017800023026", "A").agrees
    assert Debug(0, 0, 0, 0, 0, 73240178, "0.00009997", "7324.01770002", "A").agrees  # fewer decimals


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("# timestamp (seconds with 11 decimal places)", "timestamp"),
        ("# time interval A->B (seconds with 11 decimal places)", "interval"),
        ("# period (seconds with 11 decimal places)", "period"),
        ("# timestamp chA, chB; interval chA->B (seconds with 11 decimal places)", "timelab"),
        ("# time1 time2 clock1 cal1 cal2 PICstop tof timestamp", "debug"),
        ("# TICC Configuration:", ""),
    ],
)
def test_a_ticc_says_its_mode(line: str, mode: str) -> None:
    assert ticc.mode_of(Comment(line)) == mode


@pytest.mark.parametrize(
    "line",
    [
        b"402.34 chAB",
        b"402.34",
        b"Got break character... exiting loop",
        b"4x2.3 chA",
        b"402.34 \xe3hA",
        b"1.5 TI(A->C)",
    ],
)
def test_damaged_lines_are_garbage_with_all_their_bytes(line: bytes) -> None:
    [garbage] = read(line + b"\r\n")
    assert isinstance(garbage, Garbage)
    assert garbage.raw == line + b"\r\n"


def test_a_line_without_end_is_skipped_and_the_next_one_read() -> None:
    messages = read(b"7" * 1000 + b"\r\n1.5 chA\r\n")
    assert messages[-1] == Stamp("1.5", "A")
    assert sum(len(m.raw) for m in messages[:-1] if isinstance(m, Garbage)) == 1002


@given(
    blanks=st.text("\t ", min_size=1, max_size=5),
    before=st.text("\t ", max_size=3),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_blanks_and_line_ends_say_nothing(blanks: str, before: str, end: str) -> None:
    line = f"{before}3.999672500{blanks}ChC{blanks}{end}".encode()
    assert read(line) == [Stamp("3.999672500", "C")]
    assert read(line, picopet.PROTOCOL) == [picopet.Mark("3.999672500", "C")]


@given(data=st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b"1.5 chA\r\n", b"# x\n", b"2 TI(A->B)\n"]))))
def test_no_character_disappears_but_blanks(data: list[bytes]) -> None:
    stream = b"".join(data)
    for protocol in (ticc.PROTOCOL, picopet.PROTOCOL):
        back = b"".join(
            m.raw if isinstance(m, Garbage) else protocol.encode(m, Role.DEVICE) for m in read(stream, protocol)
        )
        assert _solid(back) == _solid(stream)


def _solid(data: bytes) -> bytes:
    """Without blanks, line ends and `ch`, which some firmwares leave out."""
    return bytes(byte for byte in data if byte not in b" \t\r\n").lower().replace(b"ch", b"")


def test_picopet_lines() -> None:
    stream = b"TIMEMARK\t CHANNEL\n3.999672500\t ChC\n4.999989410\t chb\n124999990\n10000000.5\n"
    assert read(stream, picopet.PROTOCOL) == [
        picopet.Header(),
        picopet.Mark("3.999672500", "C"),
        picopet.Mark("4.999989410", "B"),
        picopet.Number("124999990"),
        picopet.Number("10000000.5"),
    ]
    assert picopet.Mark("3.999672500", "C").ps == 3_999_672_500_000


@pytest.mark.parametrize(
    "message",
    [
        Comment("no hash"),
        Comment("# a\nb"),
        Stamp("1.5", "AB"),
        Stamp("1.5", "ä"),
        Stamp("x", "A"),
        Difference("1", ""),
    ],
)
def test_lines_that_cannot_be_written(message: object) -> None:
    with pytest.raises(ProtocolError, match="expected"):
        ticc.PROTOCOL.encode(message, Role.DEVICE)
