"""ELM327 lines and dialogue beyond the contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.elm327 import (
    PROTOCOL,
    Command,
    Data,
    DeviceSession,
    Notice,
    Prompt,
    Speed,
    Text,
    Unit,
    Word,
    refused,
    speed_of,
)


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"SEARCHING...\r\n41 0D 00 \r\n\r\n>", [Notice(Word.SEARCHING), Data("41 0D 00"), Prompt()]),
        (b"SEARCHING...41 0D 00\r\r>", [Notice(Word.SEARCHING), Data("41 0D 00"), Prompt()]),
        (b"SEARCHING.....UNABLE TO CONNECT\r>", [Notice(Word.SEARCHING), Notice(Word.UNABLE), Prompt()]),
        (b"BUS INIT: ...OK\r41 0D 07\r\r>", [Notice(Word.BUS_INIT, " ...OK"), Data("41 0D 07"), Prompt()]),
        (b"!ACT ALERT\r", [Notice(Word.ACTIVITY)]),
        (b"ERR94\r", [Notice(Word.INTERNAL, "94")]),
        (b"CAN ERROR\r\r>", [Notice(Word.CAN_ERROR), Prompt()]),
        (b"410D32<RX ERROR\r", [Data("410D32", "<RX ERROR")]),
        (b"0: 49 02 01 31 44 34\r", [Text("0: 49 02 01 31 44 34")]),
        (b"WRONG HEXCHAR COUNT\r", [Text("WRONG HEXCHAR COUNT")]),
        (b"41 0D>", [Garbage(b"41 0D", "line without its end before the prompt"), Prompt()]),
        (b"41 0\x00D 32\r>", [Garbage(b"41 0\x00D 32\r", "a zero byte in a line"), Prompt()]),
        (b"\x7f\x7f\r?\r\r>", [Garbage(b"\x7f\x7f\r", "bytes that are no text: wrong baud rate, or noise"), Notice(Word.UNKNOWN), Prompt()]),
        (b"41 0D 3", [Garbage(b"41 0D 3", "line without its end")]),
        (b"4" * 300 + b"\r>", [Garbage(b"4" * 300 + b"\r", "no end of a line within 256 bytes"), Prompt()]),
    ],
)  # fmt: skip
def test_lines(wire, expected):
    assert read(wire) == expected


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("41 0D 32", Speed("", 50)),
        ("410DFF", Speed("", 255)),
        ("7E8 03 41 0D 4A 4A", Speed("7E8", 74)),  # padding repeats the last byte
        ("7E803410D32", Speed("7E8", 50)),
        ("7E9 03 41 0D 32 AA AA AA AA", Speed("7E9", 50)),
        ("18 DA F1 10 03 41 0D 32", Speed("18DAF110", 50)),
        ("48 6B 10 41 0D 32 E9", Speed("486B10", 50)),
        ("83 F1 10 41 0D 32 02", Speed("83F110", 50)),
        ("41 0D", None),
        ("41 0D 32 00", None),
        ("41 0C 0B 30", None),
        ("61 8E FF", None),  # another conversation on the bus that an adapter let through
        ("010D", None),
        ("7E8 04 41 0D 32 00", None),
        ("7E8 03 41 0D", None),
        ("7E8 03 41 0D 32 01 02", None),
        ("7E0 03 41 0D 32", None),
        ("41 0D 3", None),
    ],
)
def test_what_is_a_speed_and_what_is_none(digits, expected):
    assert speed_of(Data(digits)) == expected
    assert speed_of(Data(digits, "<DATA ERROR")) is None


def test_a_unit_may_refuse():
    assert refused(Data("7F 01 12"))
    assert refused(Data("83 F1 10 7F 01 11 15"))
    assert refused(Data("7E8 03 7F 01 12"))
    assert not refused(Data("41 0D 7F"))


@given(st.integers(0, 255), st.sampled_from(["", "7E8", "7EF"]), st.booleans())
def test_every_speed_of_a_session_is_read_back(kmh, head, spaces):
    session = DeviceSession(lambda asked: [Unit(head or "7E8", bytes((0x41, 0x0D, kmh)))], echo=False, spaces=spaces)
    session.heads = bool(head)
    session.searched = True
    (line, prompt) = read(session.said(session.heard(Command("010D"))))
    assert speed_of(line) == Speed(head, kmh)
    assert prompt == Prompt()


def dialogue(session, *commands):
    return [read(session.said(session.heard(Command(text)))) for text in commands]


def test_a_dialogue_with_echo_linefeeds_and_two_units():
    units = [Unit("7E8", bytes.fromhex("410D32")), Unit("7E9", bytes.fromhex("410D33"))]
    session = DeviceSession(lambda asked: units if asked == "010D" else Word.NO_DATA)
    assert dialogue(session, "ATZ", "at e 0", "ATL1", "010D", "ATH1", "01 0d", "ATS0", "", "0104") == [
        [Text("ATZ"), Text("ELM327 v1.5"), Prompt()],
        [Text("at e 0"), Notice(Word.OK), Prompt()],
        [Notice(Word.OK), Prompt()],
        [Notice(Word.SEARCHING), Data("41 0D 32"), Data("41 0D 33"), Prompt()],
        [Notice(Word.OK), Prompt()],
        [Data("7E8 03 41 0D 32"), Data("7E9 03 41 0D 33"), Prompt()],
        [Notice(Word.OK), Prompt()],
        [Notice(Word.OK), Prompt()],  # CR alone repeats
        [Notice(Word.NO_DATA), Prompt()],
    ]
    assert session.said([Notice(Word.OK), Prompt()]) == b"OK\r\n\r\n>"
    assert dialogue(session, "ATE1", "010D")[1][0] == Data("010D")  # an echo in digits looks like an answer
    assert dialogue(session, "AT XY", "01 0", "ATSP0", "010D") == [
        [Text("AT XY"), Notice(Word.UNKNOWN), Prompt()],
        [Text("01 0"), Notice(Word.UNKNOWN), Prompt()],
        [Text("ATSP0"), Notice(Word.OK), Prompt()],
        [Data("010D"), Notice(Word.SEARCHING), Data("7E803410D32"), Data("7E903410D33"), Prompt()],
    ]
    assert read(session.said(session.interrupted())) == [Notice(Word.STOPPED), Prompt()]
    assert session.heard(Garbage(b"\xff\r", "no command")) == []


def test_a_car_that_is_off():
    session = DeviceSession(lambda asked: Word.UNABLE, echo=False)
    assert dialogue(session, "010D", "010D") == [[Notice(Word.SEARCHING), Notice(Word.UNABLE), Prompt()]] * 2


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Command("AT\r"), Role.HOST),
        (Command(" ATZ"), Role.HOST),
        (Command("0" * 65), Role.HOST),
        (Prompt(), Role.HOST),
        (Command("ATZ"), Role.DEVICE),
        (Data("41 0G"), Role.DEVICE),
        (Text("NO DATA"), Role.DEVICE),
        (Text("a>b"), Role.DEVICE),
        (Text(""), Role.DEVICE),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="ELM327"):
        PROTOCOL.encode(message, sender)
