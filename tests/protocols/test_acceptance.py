"""Acceptance editions: the files in the tree, and what the parser refuses."""

from decimal import Decimal
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.acceptance import AcceptanceError, parse

SPECS = [entry.load() for entry in entry_points(group="shortmeasure.acceptance")]

D = Decimal

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


@cache
def edition_of(id):
    [spec] = [s for s in SPECS if s.id == id]
    return parse(text_of(spec), spec.resource)


def text_of(spec):
    return (files(spec.package) / spec.resource).read_text("utf-8")


JJG443 = {
    "mpe": (Decimal("0.003"), "1"),
    "mpe-minimum-quantity": (Decimal("0.005"), "1"),
    "repeatability": (Decimal("0.001"), "1"),
    "amount": (Decimal(1), "payment step"),
    "self-lock": (Decimal("0.006"), "1"),
    "self-lock-abnormal": (Decimal(5), "1"),
    "self-lock-strange": (Decimal(3), "1"),
}
JJG443_2023 = {
    "flows": (Decimal(2), "1"),
    "runs": (Decimal(3), "1"),
    "max-flow": (Decimal(200), "L/min"),
    "transducers-per-hose": (Decimal(1), "1"),
}


@pytest.mark.parametrize(("id", "own"), [("jjg443-2015", JJG443), ("jjg443-2023", JJG443 | JJG443_2023)])
def test_editions_of_the_tree(id, own):
    edition = edition_of(id)
    assert edition.id == id
    assert (edition.family, edition.use) == ("dispenser", "verification")
    assert {limit.id: (limit.value, limit.unit) for limit in edition.limits} == own
    assert all(limit.grade in ("P", "U") and not limit.verified for limit in edition.limits)


GALLON, CUBIC_INCH = D("3.785411784"), D("0.016387064")  # litres, exactly


def test_handbook_44_gives_five_gallons_six_cubic_inches():
    """fuel_dispensers.md 3.1: 6 in3 at 5 gal are 0.52 %, half of it when new; 1 in3 and 1 in3 a gallon; class 0.5 in per cent."""
    hb44 = edition_of("nist-hb44-3-30")
    assert GALLON == 231 * CUBIC_INCH
    at_5_gal, fixed, rising = (hb44.limit(id).value for id in ("mpe-5-gal", "mpe-fixed-part", "mpe-per-gallon"))
    assert at_5_gal == 6 * CUBIC_INCH == fixed + 5 * rising
    assert round(at_5_gal / (5 * GALLON) * 100, 2) == D("0.52")
    assert hb44.limit("mpe-5-gal-acceptance").value * 2 == at_5_gal
    assert hb44.mpe_l(D(20)) == D("0.100")
    assert hb44.limit("repeatability").value * hb44.mpe_l(D(20)) == D("0.040")
    retail, large = (
        [hb44.limit(id).value for id in (f"{own}-acceptance", own, f"{own}-special")] for own in ("mpe", "mpe-large")
    )
    assert (retail, large) == ([D("0.003"), D("0.005"), D("0.005")], [D("0.002"), D("0.003"), D("0.005")])
    assert all(limit.grade == "U" and not limit.verified for limit in hb44.limits)


def test_of_jjf_2184_the_scope_is_known_and_no_error():
    jjf = edition_of("jjf2184-2025")
    assert (jjf.family, jjf.use, jjf.in_force) == ("scale", "type-evaluation", "2026-01-08")
    [scope] = jjf.limits
    assert (scope.value, scope.unit, scope.grade, scope.verified) == (D(100), "kg", "P", False)
    with pytest.raises(AcceptanceError, match="it limits no scales"):
        jjf.mpe(D(1), "III", in_service=True)


def test_a_bare_meter_in_china_has_the_errors_of_r21_unverified():
    r21, jjg = edition_of("oiml-r21-2007"), edition_of("jjg517-2016")
    for of_r21, of_jjg in (
        ("mpe", "mpe-meter"),
        ("mpe-floor", "mpe-meter-floor"),
        ("time", "time"),
        ("time-floor", "time-floor"),
    ):
        ours, its = jjg.limit(of_jjg), r21.limit(of_r21)
        assert (ours.value, ours.unit) == (its.value, its.unit)
        assert (ours.grade, ours.verified) == ("U", False)
    assert (jjg.limit("mpe").value, jjg.limit("mpe-under").value) == (D("0.01"), D("0.04")), "installed"
    assert (r21.limit("fare-floor").value, r21.limit("fare-floor").unit) == (D(1), "d")


def test_air_and_calculator_of_r117():
    r117 = edition_of("oiml-r117-2007")
    litres = r117.limit("air-floor").value * 5  # minimum measured quantity of 5 L
    assert litres == r117.mpe_l(D(5), D(5)) == D("0.05"), "1 % of it is Emin of class 0.5"
    assert [r117.limit(id).value for id in ("air", "air-viscous", "calculator")] == [D("0.005"), D("0.01"), D("0.1")]


def test_intervals_of_r76_bound_the_scale():
    """15 kg by 5 g has 3000 intervals: class III, not IIII (scales.md 2C)."""
    r76 = edition_of("oiml-r76-2006")
    n = D(15_000) / 5
    assert r76.limit("n-min-iii").value <= n <= r76.limit("n-max-iii").value
    assert n > r76.limit("n-max-iiii").value
    for c in ("iii", "iiii"):
        assert r76.limit(f"n-max-{c}").value == r76.limit(f"mpe-{c}-3").upto_e, "the last step ends there"


@pytest.mark.parametrize(
    ("id", "mpe", "grade"), [("jjg996-2012", "0.010", "U"), ("jjg1114-2015", "0.015", "U"), ("lpg-cn", "0.010", "P")]
)
def test_editions_of_gas_dispensers_state_what_was_read_and_no_more(id, mpe, grade):
    [spec] = [s for s in SPECS if s.id == id]
    edition = parse(text_of(spec), spec.resource)
    assert (edition.id, edition.family, edition.use) == (id, "gas-dispenser", "verification")
    assert (edition.limit("mpe").value, edition.limit("mpe").grade) == (Decimal(mpe), grade)
    assert not any(limit.verified for limit in edition.limits)


@pytest.mark.parametrize("id", ["oiml-r76-2006", "jjg539-2016"])
def test_editions_of_scales(id):
    edition = edition_of(id)
    assert (edition.id, edition.family, edition.use) == (id, "scale", "verification")
    assert edition.mpe_steps("III", in_service=False) == ((500, D("0.5")), (2000, D("1.0")), (10_000, D("1.5")))
    assert edition.mpe_steps("IIII", in_service=True) == ((50, D("1.0")), (200, D("2.0")), (1000, D("3.0")))
    assert [edition.limit(name).value for name in ("discrimination", "zero-setting", "zero-tracking", "zero-return")] == [
        D("1.4"), D("0.25"), D("0.5"), D("0.5"),
    ]  # fmt: skip
    assert (edition.limit("discrimination").unit, edition.limit("zero-tracking").unit) == ("d", "d/s")


def test_only_what_two_copies_of_r76_agree_on_is_verified():
    r76, jjg = edition_of("oiml-r76-2006"), edition_of("jjg539-2016")
    assert {limit.id for limit in r76.limits if limit.verified} == {
        *(f"mpe-{c}-{n}" for c in ("iii", "iiii") for n in (1, 2, 3)), "mpe-in-service", "min-load-iii", "min-load-iiii", "eccentricity",
        "n-min-iii", "n-min-iii-fine", "n-max-iii", "n-min-iiii", "n-max-iiii", "discrimination", "zero-setting", "zero-setting-range", "initial-zero-range",
    }  # fmt: skip
    assert not any(limit.verified for limit in jjg.limits)
    assert r76.mpe(D(1), "III", in_service=True).verified
    assert not jjg.mpe(D(1), "III", in_service=True).verified


# instrument (e in g, Max in g) and load in g -> limit in service in g: scales.md 2C, worked limits
WORKED = [
    (5, {500: 5, 1_000: 5, 2_000: 5, 5_000: 10, 10_000: 10, 15_000: 15}),
    (10, {500: 10, 1_000: 10, 2_000: 10, 5_000: 10, 10_000: 20, 30_000: 30}),
    (20_000, {1_000_000: 20_000, 5_000_000: 20_000, 10_000_000: 20_000, 40_000_000: 40_000, 60_000_000: 60_000}),
]


@pytest.mark.parametrize("id", ["oiml-r76-2006", "jjg539-2016"])
@pytest.mark.parametrize(("e_g", "limits"), WORKED)
def test_worked_limits_in_service(id, e_g, limits):
    edition = edition_of(id)
    assert {load: edition.mpe_e(D(load) / e_g, "III", in_service=True) * e_g for load in limits} == limits


@given(
    st.decimals(0, 10_000, places=3, allow_nan=False),
    st.sampled_from([("III", 500, 2000, 10_000), ("IIII", 50, 200, 1000)]),
    st.booleans(),
)
@example(D(500), ("III", 500, 2000, 10_000), False)
@example(D("500.001"), ("III", 500, 2000, 10_000), False)
@example(D(10_000), ("III", 500, 2000, 10_000), True)
@example(D("1000.001"), ("IIII", 50, 200, 1000), True)
def test_the_error_allowed_rises_in_steps_with_the_load(load, steps, in_service):
    edition, (accuracy_class, first, second, last) = edition_of("oiml-r76-2006"), steps
    if load > last:
        with pytest.raises(AcceptanceError, match=f"expected a load from 0 to {last} e, got {load} e"):
            edition.mpe(load, accuracy_class, in_service)
        return
    halves = 1 if load <= first else 2 if load <= second else 3
    limit = edition.mpe(load, accuracy_class, in_service)
    assert (limit.value, limit.unit) == (D(halves) * (1 if in_service else D("0.5")), "e")
    assert limit.clause == ("3.5.1, Table 6; 3.5.2" if in_service else "3.5.1, Table 6")


@pytest.mark.parametrize("load", ["-0.001", "NaN", "Infinity", "10000.1"])
def test_no_limit_outside_the_steps(load):
    with pytest.raises(AcceptanceError, match="expected a load from 0 to 10000 e"):
        edition_of("oiml-r76-2006").mpe_e(D(load), "III", in_service=True)


def test_no_limit_for_another_class_or_family():
    with pytest.raises(AcceptanceError, match="expected one of the accuracy classes III, IIII, got class 'II'"):
        edition_of("oiml-r76-2006").mpe(D(1), "II", in_service=True)
    with pytest.raises(AcceptanceError, match="expected no load: it limits no scales, got class 'III'"):
        edition_of("jjg443-2023").mpe(D(1), "III", in_service=True)


STEPPED = GOOD.replace('unit = "1"', 'unit = "e"\naccuracy_class = "III"\nupto_e = 500') + GOOD[
    GOOD.index("[[limit]]") :
].replace('"mpe"', '"mpe-in-service"').replace("0.003", "2")
SECOND = STEPPED[STEPPED.index("[[limit]]") : STEPPED.rindex("[[limit]]")].replace('"mpe"', '"second"')


def test_the_worse_of_two_sources_says_how_good_a_limit_in_service_is():
    factor = STEPPED.rindex('grade = "V"')
    text = STEPPED[:factor] + STEPPED[factor:].replace('"V"', '"P"').replace("= true", "= false")
    limit = parse(text, "test.toml").mpe(D(3), "III", in_service=True)
    assert (limit.value, limit.grade, limit.verified) == (D("0.006"), "P", False)
    assert parse(text, "test.toml").mpe(D(3), "III", in_service=False).verified


@pytest.mark.parametrize(
    ("before", "after", "line", "text"),
    [
        ("upto_e = 500\n", "", 8, "expected the key 'upto_e'"),
        ('accuracy_class = "III"\n', "", 8, "expected the key 'accuracy_class'"),
        ("upto_e = 500", "upto_e = 0", 14, "upto_e expected a number above 0"),
        ("upto_e = 500", 'upto_e = "500"', 14, "upto_e expected a number"),
        ('accuracy_class = "III"', 'accuracy_class = "II"', 13, "accuracy_class expected one of III, IIII"),
        ('unit = "e"', 'unit = "L"', 12, 'unit of a limit with upto_e expected "e"'),
        ('"mpe-in-service"', '"other"', 1, "limits with upto_e expected a limit 'mpe-in-service' too"),
        ('unit = "1"', 'unit = "e"', 24, 'unit of mpe-in-service expected "1"'),
    ],
)
def test_errors_in_steps_name_file_and_line(before, after, line, text):
    assert before in STEPPED
    with pytest.raises(AcceptanceError) as caught:
        parse(STEPPED.replace(before, after, 1), "test.toml")
    assert str(caught.value).startswith(f"test.toml, line {line}: ")
    assert text in str(caught.value)


def test_steps_of_a_class_rise():
    for upto, fits in (("500", False), ("499.9", False), ("500.1", True)):
        text = STEPPED + SECOND.replace("upto_e = 500", f"upto_e = {upto}")
        if fits:
            assert len(parse(text, "test.toml").steps("III")) == 2
        else:
            with pytest.raises(AcceptanceError, match="upto_e expected above the 500 of mpe, got"):
                parse(text, "test.toml")


def test_editions_are_registered():
    assert {spec.id for spec in SPECS} >= {
        "jjg443-2015",
        "jjg443-2023",
        "oiml-r76-2006",
        "jjg539-2016",
        "nist-hb44-3-30",
        "jjf2184-2025",
    }


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


@pytest.mark.parametrize(
    ("volume", "mpe"),
    [("0.05", "0.002"), ("0.1", "0.002"), ("0.15", "0.003"), ("0.2", "0.004"), ("0.3", "0.004"), ("0.4", "0.004"), ("0.9", "0.009"),
     ("1", "0.010"), ("1.9", "0.010"), ("2", "0.010"), ("20", "0.100")],
)  # fmt: skip
def test_limits_of_small_volumes_are_fixed_or_multiples(volume, mpe):
    """MI-005, table 3: at every edge of a step both sides agree."""
    assert edition_of("oiml-r117-2007").mpe_l(D(volume)) == D(mpe)


def test_no_limit_is_below_that_of_the_minimum_measured_quantity():
    """Class 0.5: 50 mL at a minimum measured quantity of 5 L, 20 mL at 2 L (fuel_dispensers.md 3.1)."""
    r117 = edition_of("oiml-r117-2007")
    assert r117.mpe_l(D(5), D(5)) == D("0.050")
    assert r117.mpe_l(D(2), D(2)) == D("0.020")
    assert r117.mpe_l(D(20), D(5)) == D("0.100")
    for volume, least in ((D(0), D(2)), (D("NaN"), D(2)), (D(1), D(-1))):
        with pytest.raises(AcceptanceError):
            r117.mpe_l(volume, least)
    assert edition_of("jjg443-2015").mpe_l(D(20)) == D("0.060")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('unit = "e"\nupto_l = 2', "line 12: limit 'mpe': unit of a limit with upto_l"),
        ('unit = "1"\nupto_l = 0', "upto_l expected a number above 0"),
    ],
)
def test_steps_of_volume_that_cannot_be_used_are_refused(more, why):
    with pytest.raises(AcceptanceError, match=why):
        parse(GOOD.replace('unit = "1"', more), "x.toml")


def test_steps_of_volume_rise():
    step = GOOD[GOOD.index("[[limit]]") :].replace("applies", "upto_l = 2\napplies")
    twice = GOOD + step.replace('"mpe"', '"a"') + step.replace('"mpe"', '"b"')
    with pytest.raises(AcceptanceError, match="upto_l expected above the 2 before it"):
        parse(twice, "x.toml")
