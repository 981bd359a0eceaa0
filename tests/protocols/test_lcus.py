"""LCUS relay frames beyond the contract (protocols.md 6.6)."""

import pytest

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.lcus import PROTOCOL, Query, Report, Switch


def read(wire, sender=Role.HOST):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("A0 01 01 A3", "sum A3h, expected A2h"),
        ("A0 00 01 A1", "channel 0"),
        ("A0 09 01 AA", "channel 9"),
        ("A0 01 02 A3", "state 2"),
        ("A1", "expected A0h or FFh"),
        ("A0 01 01", "incomplete"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(bytes.fromhex(wire))
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == bytes.fromhex(wire)


def test_a_frame_is_found_right_after_a_broken_one():
    assert read(bytes.fromhex("A0 01 A0 02 01 A3 FF"))[1:] == [Switch(2, True), Query()]


def test_only_report_lines_are_reports():
    off, noise, on = read(b"CH2: OFF\r\nCH9: ON\r\nch1: on\r\nCH1: ON\r\n", Role.DEVICE)
    assert (off, on) == (Report(2, False), Report(1, True))
    assert noise == Garbage(b"CH9: ON\r\nch1: on\r\n", "no report line")


@pytest.mark.parametrize("channel", [0, 9, -1])
def test_channel_out_of_range(channel):
    with pytest.raises(ProtocolError, match="expected 1 to 8"):
        PROTOCOL.encode(Switch(channel, True), Role.HOST)


def test_each_side_sends_its_own_messages_only():
    for message, sender in [(Switch(1, True), Role.DEVICE), (Query(), Role.DEVICE), (Report(1, True), Role.HOST)]:
        with pytest.raises(ProtocolError, match="expected Switch or Query"):
            PROTOCOL.encode(message, sender)
