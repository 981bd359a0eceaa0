"""SCPI lines, blocks, headers and values beyond the contract (protocols.md 6.4)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.scpi import (
    PROTOCOL,
    Block,
    ErrorEntry,
    Identity,
    Program,
    Reply,
    Unit,
    error_entry,
    identity,
    matches,
    number,
    units,
)


def read(wire, sender=Role.DEVICE):
    decoder = PROTOCOL.decoder(sender)
    return joined(decoder.feed(wire) + decoder.close())


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"+1.2\x1b[2J\n", "not printable"),
        (b"1\r2\n", "not printable"),
        (b"x" * 5000 + b"\n", "too long"),
        (b"1", "incomplete"),
        (b"#15hel", "incomplete"),
        (b"#13abcd\n", "without LF"),
        (b"#2x5\n", "block without its length"),
        (b"#6999999\n", "block of 999999 bytes"),
    ],
)
def test_garbage_says_why(wire, why):
    first, *_ = read(wire)
    assert isinstance(first, Garbage)
    assert why in first.why


def test_blocks_carry_line_feeds_and_are_followed_by_lines():
    assert read(b"#3006a\nb\r\n#\r\n1\n") == [Block(b"a\nb\r\n#", 3, True), Reply("1")]


def test_only_a_definite_block_is_a_block():
    assert read(b"#0ab\n#H1F\n#\n") == [Reply("#0ab"), Reply("#H1F"), Reply("#")]
    assert read(b"#15hello\n", Role.HOST) == [Program("#15hello")]


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Program("a\nb"), Role.HOST), (Program("é"), Role.HOST), (Program("x" * 5000), Role.HOST), (Reply("1"), Role.HOST),
        (Program("*IDN?"), Role.DEVICE), (Reply("#15hello"), Role.DEVICE), (Reply("1\r"), Role.DEVICE),
        (Block(bytes(10), 1), Role.DEVICE), (Block(bytes(70000), 5), Role.DEVICE), (Block(b"", 0), Role.DEVICE),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(message, sender):
    with pytest.raises(ProtocolError, match="SCPI"):
        PROTOCOL.encode(message, sender)


@given(st.binary(max_size=300), st.integers(3, 9), st.booleans())
def test_any_block_is_read_back(data, width, cr):
    assert read(PROTOCOL.encode(Block(data, width, cr), Role.DEVICE)) == [Block(data, width, cr)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+1.21510000000000E+004", "12151"),
        ("0", "0"),
        ("-.5", "-0.5"),
        (" 12. ", "12"),
        ("+1.00000000000000E-003", "0.001"),
    ],
)
def test_numbers_are_exact(text, value):
    assert number(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9.91E37", "no valid reading"), ("+9.91000000000000E+037", "no valid reading"), ("9.9E+37", "out of"), ("-9.9E37", "out of"),
        ("nan", "such as"), ("1,2", "such as"), ("１", "such as"), ("", "such as"), ("1E99999", "such as"), ("9" * 100, "such as"),
    ],
)  # fmt: skip
def test_what_is_no_number(text, why):
    with pytest.raises(ProtocolError, match=why):
        number(text)


def test_error_entries():
    assert error_entry('+0,"No error"') == ErrorEntry(0, "No error")
    assert error_entry('-113,"Undefined header; ""X"""') == ErrorEntry(-113, 'Undefined header; "X"')
    assert ErrorEntry(-113, 'Undefined header; "X"').line() == '-113,"Undefined header; ""X"""'
    for wrong in ("No error", "0,No error", '0,"a"b"', '1234567,"x"', "0," + '"' + "x" * 300 + '"'):
        with pytest.raises(ProtocolError, match="error entry"):
            error_entry(wrong)


def test_identities():
    assert identity("Agilent Technologies, 53220A,MY1,02.05") == Identity(
        "Agilent Technologies", "53220A", "MY1", "02.05"
    )
    for wrong in ("a,b,c", "a,b,c,d,e", ",,,", "a," + "b" * 100 + ",c,d"):
        with pytest.raises(ProtocolError, match="maker,model"):
            identity(wrong)


def test_a_unit_goes_on_from_the_path_before_it():
    assert [u.header for u in units("SYST:ERR?;VERS?;*CLS;ERR?;:CONF:FREQ (@1,2);TOT:TIM 1,(@1)")] == [
        "SYST:ERR?", "SYST:VERS?", "*CLS", "SYST:ERR?", "CONF:FREQ", "CONF:TOT:TIM",
    ]  # fmt: skip
    assert list(units('disp:text "a;b,c" , (@1,2)')) == [Unit("DISP:TEXT", ('"a;b,c"', "(@1,2)"))]
    assert list(units("  ;; ")) == []
    assert list(units("1ABC")) == [Unit("", ("1ABC",))]


@pytest.mark.parametrize(
    ("header", "fits"),
    [("SYST:ERR?", True), ("SYSTEM:ERROR:NEXT?", True), ("SYST:ERROR?", True), ("SYSTE:ERR?", False), ("SYST:ERR", False), ("SYST:ERR:NEX?", False)],
)  # fmt: skip
def test_long_and_short_forms(header, fits):
    assert matches("SYSTem:ERRor[:NEXT]?", header) is fits


def test_an_optional_node_may_lead():
    assert matches("[SENSe:]TOTalize:DATA?", "TOT:DATA?")
    assert matches("[SENSe:]TOTalize:DATA?", "SENSE:TOT:DATA?")
    assert not matches("[SENSe:]TOTalize:DATA?", "SENS:DATA?")


@given(st.text(st.characters(max_codepoint=127), max_size=200))
def test_any_line_is_taken_apart(text):
    for unit in units(text):
        assert unit.header or unit.arguments
