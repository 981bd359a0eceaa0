"""What a bench file says of the standards it measures with: certificates, due days, and what nobody declared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.benchfile import parse
from fixtures.errors import BenchError
from fixtures.kinds import Day, rows_of
from fixtures.standards import KEYS, MOST, Standard, needed, undeclared
from harness.benches import built_in, find

PROVER = find("dispenser-k0-prover").text
BALANCE = find("dispenser-k0-balance").text
SCALE = """
[standards.scale]
of = "balance"
certificate = "M-2026/114"
value = "60"
u = "0.0004"
unit = "kg"
due = 2027-05-31
laboratory = "provincial institute"
"""


def with_papers(text: str, *lines: str) -> str:
    return text.replace("drip_s = ", "".join(f"{line}\n" for line in lines) + "drip_s = ")


def test_the_reference_is_a_standard_with_its_papers() -> None:
    bench = parse(with_papers(PROVER, 'certificate = "V-17"', "due = 2027-01-31"), "bench.toml")
    assert bench.standards == (Standard("reference", "reference", "V-17", "20", "2.5", "L, u in mL", "2027-01-31"),)
    assert undeclared(bench) == ()


def test_a_table_of_its_own() -> None:
    (scale,) = parse(BALANCE + SCALE, "bench.toml").standards
    assert scale == Standard(
        "scale", "balance", "M-2026/114", "60", "0.0004", "kg", "2027-05-31", "provincial institute"
    )


@pytest.mark.parametrize(
    ("bench", "expected"),
    [
        ("dispenser-k0", ("reference",)),  # a balance read by eye
        ("dispenser-k0-balance", ("balance",)),
        ("dispenser-k0-meter", ("meter",)),
        ("dispenser-k0-prover", ("reference",)),
        ("dispenser-k2", ("reference",)),  # the meter behind the pulses, not what counts them
        ("gas-cng-k0", ("reference",)),
        ("site-k0", ("reference",)),
    ],
)
def test_what_wants_a_certificate(bench: str, expected: tuple[str, ...]) -> None:
    assert needed(find(bench)) == expected


def test_what_nobody_declared() -> None:
    assert undeclared(parse(BALANCE, "bench.toml")) == ("balance",)
    assert undeclared(parse(BALANCE + SCALE, "bench.toml")) == ()
    for name in built_in():
        assert set(undeclared(find(name))) <= set(needed(find(name)))


@pytest.mark.parametrize(
    ("day", "late"), [(date(2027, 5, 30), False), (date(2027, 5, 31), False), (date(2027, 6, 1), True)]
)
def test_the_due_day_itself_still_counts(day: date, late: bool) -> None:
    assert parse(BALANCE + SCALE, "bench.toml").standards[0].overdue(day) is late
    assert not parse(PROVER, "bench.toml").standards[0].overdue(day)  # no due day stated


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("due = 2027-05-31", "due = 2027-02-30", "expected TOML"),
        ("due = 2027-05-31", 'due = "2027-02-30"', "due expected a day as YYYY-MM-DD"),
        ("due = 2027-05-31", "due = 2027-05-31T10:00:00Z", "due expected a day as YYYY-MM-DD"),
        ("due = 2027-05-31", "due = 20270531", "due expected a day as YYYY-MM-DD"),
        ('u = "0.0004"', 'u = "0"', "u expected a number > 0"),
        ('u = "0.0004"', 'u = "nan"', "u expected a number > 0"),
        ('u = "0.0004"\n', "", "u is missing"),
        ('certificate = "M-2026/114"\n', "", "certificate is missing"),
        ('certificate = "M-2026/114"', 'certificate = "\\u001b[2J"', "certificate expected text of 1 to 64 printable"),
        ('of = "balance"', 'of = "blance"', "of expected 'reference' or an instrument of this bench, got 'blance'"),
        ("[standards.scale]", '[standards."a b"]', "expected a name of letters"),
        ("[standards.scale]", "[standards.reference]", "stand in [reference]"),
        ("laboratory", "laborytory", "did you mean laboratory"),
        ("[standards.scale]", "[standards]", "expected a table, got"),
    ],
)
def test_wrong_declarations_are_refused_with_their_place(old: str, new: str, message: str) -> None:
    assert old in SCALE
    with pytest.raises(BenchError) as refused:
        parse(BALANCE + SCALE.replace(old, new), "bench.toml")
    assert message in str(refused.value)
    assert str(refused.value).startswith("bench.toml")


def test_the_line_of_a_wrong_value_is_named() -> None:
    text = BALANCE + SCALE.replace('u = "0.0004"', 'u = "-1"')
    line = text.splitlines().index('u = "-1"') + 1
    with pytest.raises(BenchError, match=f"bench.toml:{line}: "):
        parse(text, "bench.toml")


def test_the_papers_of_a_reference_stand_once() -> None:
    with pytest.raises(BenchError, match=r"this bench has a \[reference\]; state certificate and due there"):
        parse(PROVER + SCALE.replace('"balance"', '"reference"'), "bench.toml")


def test_not_endlessly_many() -> None:
    many = "".join(SCALE.replace("scale", f"s{i}") for i in range(MOST + 1))
    with pytest.raises(BenchError, match=f"at most {MOST} standards"):
        parse(BALANCE + many, "bench.toml")


@given(st.one_of(st.dates(), st.datetimes(), st.text(), st.integers(), st.booleans(), st.none()))
def test_a_day_is_a_day(value: object) -> None:
    kept = Day().read(value)
    assert kept is None or date.fromisoformat(kept).isoformat() == kept


def test_the_keys_are_documented() -> None:
    assert rows_of(KEYS) in (Path(__file__).parents[2] / "docs" / "bench.md").read_text("utf-8")
