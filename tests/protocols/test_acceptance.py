"""Acceptance editions: the files in the tree, and what the parser refuses."""

from decimal import Decimal
from importlib.metadata import entry_points
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.acceptance import AcceptanceError, parse

SPECS = [entry.load() for entry in entry_points(group="shortmeasure.acceptance")]

GOOD = """\
id = "test-1"
title = "Test"
family = "dispenser"
in_force = "2024-05-01"
legal_basis = "none"
use = "verification"

[[limit]]
id = "mpe"
quantity = "error"
value = 0.003
unit = "1"
clause = "5.1"
source = "print"
grade = "V"
verified = true
applies = "always"
"""


def text_of(spec):
    return (files(spec.package) / spec.resource).read_text("utf-8")


@pytest.mark.parametrize("spec", [s for s in SPECS if s.id.startswith("jjg443")], ids=lambda spec: spec.id)
def test_editions_of_the_tree(spec):
    edition = parse(text_of(spec), spec.resource)
    assert edition.id == spec.id
    assert (edition.family, edition.use) == ("dispenser", "verification")
    values = {limit.id: (limit.value, limit.unit) for limit in edition.limits}
    assert values == {
        "mpe": (Decimal("0.003"), "1"),
        "mpe-minimum-quantity": (Decimal("0.005"), "1"),
        "repeatability": (Decimal("0.001"), "1"),
        "amount": (Decimal(1), "payment step"),
        "self-lock": (Decimal("0.006"), "1"),
    }
    assert all(limit.grade in ("P", "U") and not limit.verified for limit in edition.limits)


@pytest.mark.parametrize(
    ("id", "mpe", "grade"), [("jjg996-2012", "0.010", "U"), ("jjg1114-2015", "0.015", "U"), ("lpg-cn", "0.010", "P")]
)
def test_editions_of_gas_dispensers_state_what_was_read_and_no_more(id, mpe, grade):
    [spec] = [s for s in SPECS if s.id == id]
    edition = parse(text_of(spec), spec.resource)
    assert (edition.id, edition.family, edition.use) == (id, "gas-dispenser", "verification")
    assert (edition.limit("mpe").value, edition.limit("mpe").grade) == (Decimal(mpe), grade)
    assert not any(limit.verified for limit in edition.limits)


def test_both_editions_are_registered():
    assert {spec.id for spec in SPECS} >= {"jjg443-2015", "jjg443-2023"}


def test_values_are_exact_decimals():
    limit = parse(GOOD, "test.toml").limit("mpe")
    assert (limit.value, limit.clause, limit.verified) == (Decimal("0.003"), "5.1", True)


def test_a_missing_limit_names_the_known_ones():
    with pytest.raises(AcceptanceError, match=r"test-1: expected one of the limits mpe, got 'other'"):
        parse(GOOD, "test.toml").limit("other")


@pytest.mark.parametrize(
    ("before", "after", "line", "text"),
    [
        ('clause = "5.1"\n', "", 8, "expected the key 'clause'"),
        ('clause = "5.1"', 'clause = ""', 13, "clause expected printable text"),
        ('clause = "5.1"', "clause = 5.1", 13, "clause expected printable text"),
        ('applies = "always"', 'applies = "a\\u001b[2J"', 17, "applies expected printable text"),
        ("value = 0.003", 'value = "0.003"', 11, "value expected a number"),
        ("value = 0.003", "value = true", 11, "value expected a number"),
        ("value = 0.003", "value = nan", 11, "value expected a number above 0"),
        ("value = 0.003", "value = -1", 11, "value expected a number above 0"),
        ("value = 0.003", "value = 1e999999999", 11, "value expected a number above 0"),
        ('unit = "1"', 'unit = "%"', 12, "unit expected one of 1"),
        ('grade = "V"', 'grade = "X"', 15, "grade expected one of"),
        ('grade = "V"', 'grade = "P"', 16, "verified expected false"),
        ("verified = true", "verified = 1", 16, "verified expected true or false"),
        ('family = "dispenser"', 'family = "boat"', 3, "family expected one of dispenser"),
        ('use = "verification"', 'use = "fun"', 6, "use expected one of"),
        ('in_force = "2024-05-01"', 'in_force = "soon"', 4, "in_force expected"),
        ('in_force = "2024-05-01"', "in_force = 2024-05-01", 4, "in_force expected printable text"),
        ('id = "mpe"', 'id = "M P"', 9, "id expected lower-case"),
        ('title = "Test"\n', 'title = "Test"\nhonest = 1\n', 3, "unknown key 'honest'"),
        ('unit = "1"', 'unit = "1"\nextra = 2', 13, "unknown key 'extra'"),
        ('title = "Test"', "title = ", 2, "expected TOML"),
        ('title = "Test"', 'title = "Test"\ntitle = "T"', 3, "expected TOML"),
    ],
)
def test_errors_name_file_and_line(before, after, line, text):
    assert before in GOOD
    with pytest.raises(AcceptanceError) as caught:
        parse(GOOD.replace(before, after, 1), "test.toml")
    assert str(caught.value).startswith(f"test.toml, line {line}: ")
    assert text in str(caught.value)


def test_one_limit_id_once():
    with pytest.raises(AcceptanceError, match="line 19: limit 'mpe': id expected to be used once"):
        parse(GOOD + GOOD[GOOD.index("[[limit]]") :], "test.toml")


@pytest.mark.parametrize("limits", ["limit = 1", "limit = []", "limit = [1]", ""])
def test_limits_must_be_tables(limits):
    head = GOOD[: GOOD.index("[[limit]]")]
    with pytest.raises(AcceptanceError, match="limit"):
        parse(head + limits, "test.toml")


def test_size_is_bounded():
    with pytest.raises(AcceptanceError, match="at most"):
        parse(GOOD + "#" * 70_000, "test.toml")
    with pytest.raises(AcceptanceError):
        parse("a = " + "[" * 20_000, "test.toml")


@given(
    st.one_of(
        st.text(max_size=200), st.builds(lambda n, t: GOOD[:n] + t + GOOD[n:], st.integers(0, 300), st.text(max_size=9))
    )
)
def test_any_text_gives_an_edition_or_an_acceptance_error(text):
    try:
        edition = parse(text, "test.toml")
    except AcceptanceError as error:
        assert str(error).startswith("test.toml")  # noqa: PT017
    else:
        assert edition.limits
