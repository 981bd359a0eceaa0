"""Conditions, equipment and tests of an edition: what the parser refuses, with file and line, and that the schema refuses it too."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.editions import names, text_of
from harness.plans.acceptance import STIMULI as CARRIED_OUT
from protocols.acceptance import AcceptanceError, parse
from protocols.acceptance.beginning import EXAMPLES, beginning
from protocols.acceptance.figures import clauses, figures, same
from protocols.acceptance.parser import FAMILIES
from protocols.acceptance.schema import schema
from protocols.acceptance.stimuli import INFLUENCES, LIMIT_UNITS, STIMULI

HEAD = """\
id = "test-1"
title = "Test"
family = "dispenser"
in_force = "2024"
legal_basis = "none"
use = "verification"

[[limit]]
id = "mpe"
quantity = "error"
value = 0.003
unit = "1"
clause = "5.1"
source = "print"
grade = "U"
verified = false
applies = "always"

"""
GOOD = (
    HEAD
    + """\
[[condition]]
id = "humidity"
quantity = "relative humidity"
unit = "%"
low = 20
high = 85
clause = "6.1"
source = "print"
grade = "U"
verified = false

[[equipment]]
id = "measure"
quantity = "standard measure"
most = 0.3334
of = "mpe"
clause = "6.2"
source = "print"
grade = "U"
verified = false

[[test]]
id = "error"
title = "Error"
stimulus = "delivery"
points = ["20 L", "0.5 L"]
flow = "full"
repeats = 3
judged = [{ formula = "mean-error", limit = "mpe" }]
clause = "6.3"
source = "print"
grade = "U"
verified = false

[[test]]
id = "burst"
title = "Bursts"
stimulus = "delivery"
points = ["20 L"]
repeats = 3
influence = "burst"
severity = "2 kV on q2"
against = "error"
judged = [
    { formula = "fault", limit = "mpe" },
]
clause = "6.4"
source = "print"
grade = "U"
verified = false
"""
)
CONDITION, EQUIPMENT, FIRST, SECOND = (
    next(n for n, line in enumerate(GOOD.splitlines(), 1) if line == text)
    for text in ("[[condition]]", "[[equipment]]", 'id = "error"', 'id = "burst"')
)
FIRST, SECOND = FIRST - 1, SECOND - 1  # lines of [[test]]
LABORATORY = (Path(__file__).parents[2] / "docs" / "laboratory.md").read_text("utf-8")
VALIDATOR = jsonschema.Draft202012Validator(schema())
STATED_TEST = 'stimulus = "stated"\nprompt = "how many"'
POINT = "a point of this stimulus expected"
ONCE = "id expected to be used once"

# what, instead of it, line after the change, complaint, whether the schema sees it too
WRONG = [
    ("low = 20\nhigh = 85\n", "", CONDITION + 1, "a condition expected one of low, high, change, got none", True),
    ("low = 20", "low = 85", CONDITION + 5, "high expected above low = 85, got 85", False),
    ("low = 20", "low = nan", CONDITION + 4, "low expected a number without quotes", False),
    ("low = 20", 'low = "20"', CONDITION + 4, "low expected a number without quotes", True),
    ("low = 20", "lowest = 20", CONDITION + 4, "unknown key 'lowest'", True),
    ('unit = "%"\n', "", CONDITION, "expected the key 'unit'", True),
    ("most = 0.3334", "most = 0", EQUIPMENT + 3, "most expected a number above 0", True),
    ('of = "mpe"', 'of = "mpf"', EQUIPMENT + 4, "of expected the id of a [[limit]] of this file, got 'mpf'", False),
    ('of = "mpe"', 'with = "mpe"', EQUIPMENT + 4, "unknown key 'with'", True),
    ('"delivery"', '"pouring"', FIRST + 3, "stimulus expected one of delivery, loading", True),
    ('"delivery"', '"loading"', FIRST + 5, "unknown key 'flow'", True),
    ('stimulus = "delivery"\n', "", FIRST + 4, "unknown key 'flow'", True),
    ('flow = "full"\n', "flow = 3\n", FIRST + 5, "flow expected printable text", True),
    ('flow = "full"\n', 'flow = "fast"\n', FIRST + 5, "flow expected one of full, slow, got 'fast'", True),
    ('flow = "full"\n', 'speed_km_h = "40"\n', FIRST + 5, "unknown key 'speed_km_h'", True),
    ('"mean-error", limit', '"spread", limit', FIRST + 7, "formula of this stimulus expected one of error, ", True),
    ('"mean-error", limit = "mpe"', '"mean-error", limit = "mpf"', FIRST + 7, "limit expected the id of a [[limit]]", False),
    ('unit = "1"', 'unit = "m"', FIRST + 7, "mean-error expected a limit in 1 or L, got one in m", False),
    ('"mean-error", limit', '"mean-error", limits', FIRST + 7, "unknown key 'limits'", True),
    ('[{ formula = "mean-error", limit = "mpe" }]', "[]", FIRST + 7, "judged expected a list such as", True),
    ('[{ formula = "mean-error", limit = "mpe" }]', '"mpe"', FIRST + 7, "judged expected a list such as", True),
    ('"0.5 L"', '"0.5 m"', FIRST + 4, POINT, True),
    ('"0.5 L"', '"0.5L"', FIRST + 4, POINT, True),
    ('"0.5 L"', '"0.00 L"', FIRST + 4, POINT, True),
    ('"0.5 L"', "5", FIRST + 4, POINT, True),
    ('["20 L", "0.5 L"]', "[]", FIRST + 4, "points expected 1 to 30 texts", True),
    ('points = ["20 L", "0.5 L"]\n', "", FIRST, "points expected 1 to 30 texts", True),
    ("repeats = 3", "repeats = 2.5", FIRST + 6, "repeats expected a whole number from 1 to 50", True),
    ("repeats = 3", "repeats = 51", FIRST + 6, "repeats expected a whole number from 1 to 50", True),
    ("repeats = 3", "repeats = 0", FIRST + 6, "repeats expected a number above 0", True),
    ('severity = "2 kV on q2"\n', "", SECOND + 6, "influence and severity expected together", True),
    ('influence = "burst"\n', "", SECOND, "influence and severity expected together", True),
    ('influence = "burst"', 'influence = "thunder"', SECOND + 6, "influence expected one of temperature", True),
    ('against = "error"\n', "", SECOND, "against and the formula fault expected together", True),
    ('"fault"', '"error"', SECOND + 8, "against and the formula fault expected together", True),
    ('against = "error"', 'against = "errors"', SECOND + 8, "expected the id of a test before this one, got 'errors'", False),
    ('against = "error"', 'against = "burst"', SECOND + 8, "expected the id of a test before this one, got 'burst'", False),
    ('id = "burst"', 'id = "error"', SECOND + 1, ONCE, False),
    ('clause = "6.3"\n', "", FIRST, "expected the key 'clause'", True),
    ('clause = "6.3"', 'clause = "6.3"\nhonest = true', FIRST + 9, "unknown key 'honest'", True),
    ('clause = "6.3"', 'clause = "6.3"\ncompared = 1', FIRST + 9, "compared expected printable text", True),
]  # fmt: skip


def complaint(text: str) -> str:
    with pytest.raises(AcceptanceError) as caught:
        parse(text, "test.toml")
    return str(caught.value)


@pytest.mark.parametrize(("before", "after", "line", "text", "seen"), WRONG)
def test_every_complaint_names_file_and_line(before: str, after: str, line: int, text: str, seen: bool) -> None:
    assert before in GOOD
    wrong = GOOD.replace(before, after, 1)
    told = complaint(wrong)
    assert told.startswith(f"test.toml, line {line}: "), told
    assert text in told
    assert VALIDATOR.is_valid(tomllib.loads(wrong)) is not seen, "the parser is what decides"


@pytest.mark.parametrize("clause", ["6.1", "6.2", "6.3", "6.4"])
def test_nothing_is_verified_that_nobody_saw_in_a_primary_document(clause: str) -> None:
    own = f'clause = "{clause}"\nsource = "print"\ngrade = "U"\nverified = '
    wrong = GOOD.replace(own + "false", own + "true")
    line = wrong[: wrong.index(own)].count("\n") + 4
    told = complaint(wrong)
    assert told.startswith(f"test.toml, line {line}: ")
    assert "verified expected false unless grade is V" in told
    assert not VALIDATOR.is_valid(tomllib.loads(wrong))
    seen = wrong.replace(own, own.replace('"U"', '"V"'))
    VALIDATOR.validate(tomllib.loads(seen))
    edition = parse(seen, "test.toml")
    assert [one.stated.clause for own in clauses(edition).values() for one in own.values() if one.stated.verified] == [clause]  # fmt: skip


@pytest.mark.parametrize("key", ["condition", "equipment", "test"])
def test_an_id_is_used_once_of_each_kind_and_there_is_an_end_to_them(key: str) -> None:
    first = GOOD.index(f"[[{key}]]")
    one = GOOD[first : GOOD.index("\n\n", first) + 2]
    twice = GOOD[:first] + one + GOOD[first:]
    line = twice[: first + len(one)].count("\n") + 2
    assert complaint(twice).startswith(f"test.toml, line {line}: {key} ")
    assert ONCE in complaint(twice)
    assert f"of {key} tables" not in complaint(twice)
    many = GOOD[:first] + "".join(one.replace('id = "', f'id = "a{n}-') for n in range(101)) + GOOD[first:]
    assert f"{key} tables, got 10" in complaint(many)
    for none in (f"{key} = []\n", f"{key} = 1\n", f"{key} = [1]\n"):
        assert key in complaint(none + HEAD)
        assert not VALIDATOR.is_valid(tomllib.loads(none + HEAD))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", STIMULI)
def test_a_stimulus_of_another_family_is_refused(family: str, name: str) -> None:
    stimulus = STIMULI[name]
    point = {"quantity": "20 L", "load": "0.5 Max", "distance": "1000 m", "time": "300 s", "": ""}[stimulus.point]
    text = HEAD.replace("dispenser", family) + GOOD[GOOD.index("[[test]]") : GOOD.rindex("[[test]]")]
    text = text.replace('flow = "full"\n', "").replace('"delivery"', f'"{name}"')
    text = text.replace('points = ["20 L", "0.5 L"]', f'points = ["{point}"]' if point else "points = []")
    text = text.replace('"mean-error"', f'"{stimulus.formulas[0]}"')
    text = text.replace('unit = "1"', f'unit = "{LIMIT_UNITS.get(stimulus.formulas[0], ("1",))[0]}"')
    assert VALIDATOR.is_valid(tomllib.loads(text)) is (family in stimulus.families)
    if family in stimulus.families:
        [test] = parse(text, "test.toml").tests
        assert (test.stimulus, test.points) == (name, (point,) if point else ())
    else:
        told = complaint(text)
        assert told.startswith("test.toml, line 22: test 'error': stimulus of a " + family + " expected one of "), told
        assert told.endswith(f"got '{name}'")


def test_a_stimulus_without_points_takes_none() -> None:
    text = GOOD.replace('stimulus = "delivery"', STATED_TEST, 1).replace('flow = "full"\n', "")
    assert "this stimulus expected no points" in complaint(text.replace('"mean-error"', '"stated-exactly"'))


def test_a_speed_is_a_number() -> None:
    text, _ = text_of("jjg517-2016")
    for wrong in ('"fast"', '"40"', "0", "-40", "true"):
        assert "speed_km_h expected a number" in complaint(text.replace("speed_km_h = 40", f"speed_km_h = {wrong}"))


def test_what_an_edition_may_ask_for_somebody_carries_out() -> None:
    assert set(CARRIED_OUT) == set(STIMULI)
    assert len(set(INFLUENCES)) == len(INFLUENCES)


@pytest.mark.parametrize(("family", "edition"), [("dispenser", "jjg443-2023"), ("scale", "oiml-r76-2006")])
def test_the_examples_of_the_documentation_can_be_copied(family: str, edition: str) -> None:
    [example] = re.findall(rf"```toml\n# for a {family}\n(.*?)```", LABORATORY, re.DOTALL)
    text, _ = text_of(edition)
    added = parse(f"{text}\n{example}", "ours.toml").tests[-2:]
    assert added[1].influence
    assert all(not test.stated.verified for test in added)


def test_the_documentation_has_every_stimulus_formula_and_influence() -> None:
    for name, stimulus in STIMULI.items():
        assert re.search(rf"^\| `{name}` \|", LABORATORY, re.MULTILINE), name
        assert all(f"`{key}`" in LABORATORY for key in stimulus.settings)
        for formula in stimulus.formulas:
            assert re.search(rf"`(stated)?{formula.removeprefix('stated')}`", LABORATORY), formula
    assert f"Influences: {', '.join(INFLUENCES)}." in LABORATORY


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_new_edition_begins_with_is_right_whatever_is_uncommented(family: str) -> None:
    text = beginning("ours", family, "title", "ours.toml")
    assert set(EXAMPLES) == set(FAMILIES)
    VALIDATOR.validate(tomllib.loads(text))
    lines, inside = [], False
    for line in text.splitlines():
        inside = (inside and line.startswith("# ")) or line in ("# [[condition]]", "# [[equipment]]")
        lines.append(line.removeprefix("# ") if inside else line)
    own = parse("\n".join(lines), "ours.toml")
    VALIDATOR.validate(tomllib.loads("\n".join(lines)))
    assert (len(own.conditions), len(own.equipment), len(own.tests)) == (1, 1, 1)
    for name, stimulus in STIMULI.items():
        assert (f"#   {name}: {', '.join(stimulus.formulas)}" in text) is (family in stimulus.families)
    for key in STIMULI[own.tests[0].stimulus].settings:
        [line] = [line for line in text.splitlines() if line.startswith(f"# {key} = ")]
        asked = text.replace(line, line.removeprefix("# "))
        assert key in parse(asked, "ours.toml").tests[0].settings


def test_the_figures_of_a_clause_stand_in_one_line() -> None:
    edition = parse(GOOD, "test.toml")
    known = {f"{kind}:{id}": figures(one) for kind, own in clauses(edition).items() for id, one in own.items()}
    assert known == {
        "condition:humidity": "20 85 -", "equipment:measure": "0.3334", "test:error": "20 L, 0.5 L x3", "test:burst": "20 L x3; 2",
    }  # fmt: skip
    own = parse(*text_of("jjg517-2016")).tests[0]
    assert figures(own) == "20000 m x3; 40"
    assert [figures(test) for test in parse(*text_of("oiml-r76-2006")).tests][:1] == [
        "1 Min, 1 step, 0.5 Max, 2 step, 1 Max x1",
    ]


@pytest.mark.parametrize(
    ("typed", "is_it"),
    [("20 L, 0.5 L x3", True), ("20.0L 0.50 L x 3", True), ("0.5 L, 20 L x3", False), ("20 L, 0.5 L x4", False), ("20 L x3", False), ("20 µL, 0.5 L x3", False),
     ("20 L, .5 L x3", False), ("20 l, 0.5 L x3", False), ("", False), ("-20 L, 0.5 L x3", False)],
)  # fmt: skip
def test_figures_are_the_same_however_they_are_spaced(typed: str, is_it: bool) -> None:
    assert same("20 L, 0.5 L x3", typed) is is_it


TEXTS = [text_of(name)[0] for name in names()]
PARTS = [
    "=", "[", "]", "[[test]]", "[[condition]]\n", "[[equipment]]\n", '"', "'", "\n", "#", "{", "}", ",", "-", "0", "1e9", "nan", "true", "[]", "\x00", "\ud7ff", "\u202e",
    'id = "mpe"\n', 'stimulus = "creep"\n', "points = [1]\n", "judged = [[]]\n", 'judged = [{ formula = 1, limit = "mpe" }]\n', "repeats = 1e99\n", "low = inf\n",
]  # fmt: skip


VALUES = [*PARTS, '"x"', "5", "[{}]", "{ a = 1 }", '["1 Max"]', "2024-01-01"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """An edition with some of its lines cut, doubled, swapped or written into."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at, to = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cut", "double", "swap", "write", "value"])):
            case "cut":
                lines[at] = ""
            case "double":
                lines.insert(to, lines[at])
            case "swap":
                lines[at], lines[to] = lines[to], lines[at]
            case "write":
                column = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:column] + draw(st.sampled_from(PARTS)) + lines[at][column:]
            case _:
                key, equals, _ = lines[at].partition("=")
                lines[at] = f"{key}= {draw(st.sampled_from(VALUES))}" if equals else lines[at]
    return "\n".join(lines)


@given(mutated())
@example(GOOD.replace("repeats = 3", "repeats = 1e999999999"))
@example(GOOD.replace("low = 20", "low = 1e999999999"))
@example(GOOD.replace("[[test]]", "[[test.x]]"))
@example(GOOD.replace('points = ["20 L"]', "points = { a = 1 }"))
def test_whatever_becomes_of_an_edition_it_parses_or_is_refused_as_one(text: str) -> None:
    try:
        edition = parse(text, "test.toml")
    except AcceptanceError as error:
        assert str(error).startswith("test.toml, l")  # noqa: PT017
    else:
        VALIDATOR.validate(tomllib.loads(text))
        for own in clauses(edition).values():
            assert all(same(figures(one), figures(one)) for one in own.values())
