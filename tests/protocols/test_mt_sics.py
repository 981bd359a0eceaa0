"""MT-SICS lines beyond the contract (protocols.md 3.1)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.indication import Indication
from protocols.wire.mt_sics import PROTOCOL, Answer, Fault, Request, Status, Text, Weight


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"S S     100.00 g\n", "no CR"),
        (b"S S     100,00 g\r\n", "no weight where one belongs: comma"),
        (b"S S     100.00\r\n", "no weight where one belongs: no unit"),
        (b"S S     1.0.0 g\r\n", "no weight where one belongs: more than one decimal point"),
        (b"S S       100. g\r\n", "no weight where one belongs: decimal point in a wrong place"),
        (b"S S       .100 g\r\n", "no weight where one belongs: decimal point in a wrong place"),
        (b"S S       NaN g\r\n", "no weight where one belongs: not a number"),
        ("S S    １００ g\r\n".encode(), "no weight where one belongs: full-width digits"),
        ("S S    １００ g\r\n".encode("gbk"), "no weight where one belongs: full-width digits"),
        (
            bytes(b | 0x80 * (b.bit_count() & 1) for b in b"S S     100.00 g\r\n"),
            "no CR before LF: every byte has even parity",
        ),
        (b"S  S     100.00 g\r\n", "no answer"),
        (b"SS     100.00 g\r\n", "no answer"),
        (b"s s     100.00 g\r\n", "no answer"),
        (b"EX\r\n", "no answer"),
        (b'I4 A "B02\r\n', "no answer"),
        (b'I4 A "B\x1b[2J"\r\n', "no answer"),
        (b"\r\n", "no answer"),
        (b"S S     100.00 g", "incomplete"),
        (b"I2 A " + b"x" * 300 + b"\r\n", "too long"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == wire


def test_reading_goes_on_after_garbage():
    assert read(b"x" * 1000 + b"\nS S       1.00 g\r\n")[1:] == [Weight.of("S", Status.STABLE, Decimal("1.00"), "g")]


@pytest.mark.parametrize("field", ["    100.00", "-0.1", "         5", "0000012.30"])
def test_the_value_is_exact_whatever_its_alignment(field):
    (weight,) = read(f"S S {field} kg\r\n".encode())
    assert weight == Weight("S", Status.STABLE, field, "kg")
    assert weight.value == Decimal(field.strip())


@pytest.mark.parametrize("line", [b"si\r\n", b"S  I\r\n", b" S\r\n", b"S \r\n", b'D "20\r\n', b"\x00S\r\n"])
def test_what_is_no_request(line):
    (message,) = read(line, Role.HOST)
    assert isinstance(message, Garbage)


def test_requests():
    assert read(b'D "a b"\r\n@\r\nTA 1.0 g\r\n', Role.HOST) == [
        Request("D", (Text("a b"),)), Request("@"), Request("TA", ("1.0", "g")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Request("si"), Role.HOST),
        (Request("D", ("a b",)), Role.HOST),
        (Request("D", (Text('a"b'),)), Role.HOST),
        (Request("D", (Text("油"),)), Role.HOST),
        (Request("S"), Role.DEVICE),
        (Weight("S", Status.STABLE, "1,0", "g"), Role.DEVICE),
        (Weight("Z", Status.STABLE, "1.0", "g"), Role.DEVICE),
        (Answer("S", Status.STABLE, ("100.00", "g")), Role.DEVICE),
        (Answer("I2", Status.DONE, (Text("x" * 300),)), Role.DEVICE),
        (Fault("X"), Role.DEVICE),
        (Weight.of("S", Status.STABLE, Decimal("1"), "g"), Role.HOST),
    ],
)
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="MT-SICS"):
        PROTOCOL.encode(message, sender)


def test_faults_say_what_they_mean():
    assert [Fault(kind).meaning for kind in "STL"] == ["unknown command", "transmission error", "cannot be executed"]


@given(st.decimals(-9999999, 9999999, places=2), st.sampled_from(["g", "kg", "mg", "t"]))
def test_weights_keep_their_digits(value, unit):
    (weight,) = read(PROTOCOL.encode(Weight.of("S", Status.DYNAMIC, value, unit), Role.DEVICE))
    assert weight.value == value
    assert len(weight.field) >= 10


COMMANDS = ("S", "SI", "SIR", "SR", "Z", "ZI", "T", "TI", "TA", "TAC", "I0", "I1", "I2", "I3", "I4", "@", "D", "DW")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_level_0_and_1_that_a_scale_needs_can_be_asked_and_refused(name):
    assert read(PROTOCOL.encode(Request(name), Role.HOST), Role.HOST) == [Request(name)]
    for status in (Status.NOT_NOW, Status.PARAMETER):
        assert read(PROTOCOL.encode(Answer(name, status), Role.DEVICE)) == [Answer(name, status)]


@pytest.mark.parametrize(
    ("wire", "weight", "unit", "stable", "overload", "underload"),
    [
        (b"S S      1.235 kg\r\n", Decimal("1.235"), "kg", True, False, False),
        (b"S D     -0.005 kg\r\n", Decimal("-0.005"), "kg", False, False, False),
        (b"S +\r\n", None, "", None, True, False),
        (b"S -\r\n", None, "", None, False, True),
    ],
)
def test_what_the_scale_indicates(wire, weight, unit, stable, overload, underload):
    (message,) = read(wire)
    assert message.indication() == Indication(weight, unit, stable=stable, overload=overload, underload=underload)


@pytest.mark.parametrize(
    "wire", [b"S I\r\n", b"T S     100.00 g\r\n", b"TA A     100.00 g\r\n", b"Z +\r\n", b"TAC A\r\n"]
)
def test_tares_and_refusals_are_no_reading(wire):
    (message,) = read(wire)
    assert message.indication() is None
