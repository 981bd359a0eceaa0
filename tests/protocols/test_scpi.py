"""SCPI lines, blocks, headers and values beyond the contract (protocols.md 6.4)."""

import contextlib
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
    pairs,
    quantity,
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


BURST = "C2:BTWV STATE,ON,PRD,0.01S,TRSR,MAN,TIME,100,GATE_NCYC,NCYC,CARR,WVTP,SQUARE,FRQ,1.25KHZ,HLEV,5V"


def test_pairs_by_their_keys():
    assert pairs("C1:OUTP ON,LOAD,HZ,PLRT,NOR\r", "C1:OUTP") == {"STATE": "ON", "LOAD": "HZ", "PLRT": "NOR"}
    found = pairs(BURST, "c2:btwv")
    assert found["TIME"] == "100"
    assert found["CARR FRQ"] == "1.25KHZ"
    assert "FRQ" not in found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("C2:BSWV WVTP,SINE", "expected C1:BSWV KEY,VALUE"), ("1", "expected C1:BSWV"), ("C1:BSWV", "expected C1:BSWV"), ("", "expected C1"),
        ("C1:BSWV WVTP", "a key with its value as field 1"), ("C1:BSWV WVTP,SINE,FRQ", "as field 3"), ("C1:BSWV ,,", "as field 1"),
        ("C1:BSWV wvtp,SINE", "as field 1"), ("C1:BSWV FRQ,1HZ,FRQ,2HZ", "FRQ once"), ("C1:BSWV " + "A,B," * 80, "at most 128 fields"),
        ("C1:BSWV CARR,CARR,FRQ,1", "as field 4"),
    ],
)  # fmt: skip
def test_what_are_no_pairs(text, why):
    with pytest.raises(ProtocolError, match=why):
        pairs(text, "C1:BSWV")


@given(st.text(st.characters(max_codepoint=127), max_size=200))
def test_any_line_is_pairs_or_an_error(text):
    with contextlib.suppress(ProtocolError):  # any other error fails
        assert all(pairs("C1:BSWV " + text, "C1:BSWV"))


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1000HZ", "HZ", "1000"), ("1.25KHZ", "HZ", "1250"), ("2MHZ", "HZ", "2000000"), ("5V", "V", "5"), ("250mV", "V", "0.25"),
        ("1.0e-3KHZ", "HZ", "1"), ("2.4e-07S", "S", "2.4E-7"), ("100", "", "100"), ("16.66667", "HZ", "16.66667"), (" -2V", "V", "-2"),
    ],
)  # fmt: skip
def test_quantities_are_exact(text, unit, value):
    assert quantity(text, unit) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "unit", "why"),
    [
        ("0.01S", "HZ", "in UHZ, MHZ, KHZ, HZ, got '0.01S'"), ("5VPP", "V", "in UV, MV, V"), ("100HZ", "", "without unit"),
        ("9.91E37", "HZ", "no valid reading"), ("9.9E37HZ", "HZ", "out of"), ("--HZ", "HZ", "such as"), ("INF", "", "such as"),
        ("1.2.3V", "V", "such as"), ("", "V", "such as"),
    ],
)  # fmt: skip
def test_what_is_no_quantity(text, unit, why):
    with pytest.raises(ProtocolError, match=why):
        quantity(text, unit)
