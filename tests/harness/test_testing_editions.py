"""Every edition of the tree against the public kit, and the kit against editions with a slip of one kind each."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.plugins import specs
from harness import testing
from harness.testing import Broken, NotRun
from protocols.acceptance import EditionSpec
from protocols.acceptance.beginning import beginning

EDITIONS: dict[str, EditionSpec] = dict(specs("acceptance"))
Made = Callable[[str], EditionSpec]

GAS = """\
id = "own-gas"
title = "Own regulation of a gas dispenser"
family = "gas-dispenser"
in_force = "2026"
legal_basis = "house rule 7"
use = "verification"

[[limit]]
id = "mpe"
quantity = "relative error of indication"
value = 0.01
unit = "1"
clause = "5.1"
source = "house rule 7, page 2"
grade = "U"
verified = false
applies = "all flows"

[[limit]]
id = "repeatability"
quantity = "greatest less least error"
value = 0.005
unit = "1"
clause = "5.2"
source = "house rule 7, page 2"
grade = "U"
verified = false
applies = "all flows"

[[equipment]]
id = "standard"
quantity = "expanded uncertainty of the standard"
most = 0.3334
of = "mpe"
clause = "6.1"
source = "house rule 7, page 3"
grade = "U"
verified = false

[[test]]
id = "error"
title = "Error of indication"
stimulus = "delivery"
points = ["5 kg"]
repeats = 3
judged = [{ formula = "mean-error", limit = "mpe" }, { formula = "repeatability", limit = "repeatability" }]
clause = "7.1"
source = "house rule 7, page 4"
grade = "U"
verified = false
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A stranger's package with that text as its edition; nothing of it is installed."""

    def of(text: str) -> EditionSpec:
        package = tmp_path / "own_editions"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "own.toml").write_text(text, "utf-8")
        found = re.search(r'(?m)^id = "([^"]*)"', text)
        return EditionSpec(found[1] if found else "own-gas", "own_editions", "own.toml")

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_editions", raising=False)
    return of


@pytest.mark.parametrize("name", sorted(EDITIONS))
def test_every_edition_of_the_tree(name: str) -> None:
    assert EDITIONS[name].id == name
    testing.check_edition(EDITIONS[name])


@pytest.mark.parametrize("name", ["jjg539-2016", "jjg996-2012"])
def test_editions_of_the_tree_are_carried_out(name: str) -> None:
    run = testing.check_dry_run(EDITIONS[name])
    assert (run.honest.decision, run.beyond.decision) == ("pass", "fail")
    assert all("limits" in one for one in run.beyond.failed)


def test_an_edition_of_a_stranger_is_checked_and_carried_out(made: Made) -> None:
    spec = made(GAS)
    testing.check_edition(spec)
    run = testing.check_dry_run(spec)
    assert (run.edition, run.bench, run.limit) == ("own-gas", "gas-cng-k0", "the limit mpe = 0.01")
    assert (run.honest.decision, run.beyond.decision, run.beyond.error_rel) == ("pass", "fail", 0.015)


SLIPS = (
    ('clause = "5.1"\n', "", r"own\.toml, line 8: limit.*: expected the key 'clause', got none"),
    ("value = 0.01\n", "value = -0.01\n", r"own\.toml, line 11: limit.*: value expected a number above 0"),
    ("value = 0.01\n", "value = 1.0\n", r"limit mpe: value expected a fraction .*got '1\.0, which is 100\.0 %'"),
    ("value = 0.01\n", "value = 0.0001\n", r"limit mpe: value expected a fraction .*divided by 100 twice"),
    ("value = 0.005\n", "value = 0.5\n", r"limit repeatability: value expected a fraction .*which is 50\.0 %"),
    ("value = 0.005\n", "value = 0.02\n", r"limit repeatability: repeatability expected at most mpe = 0\.01"),
    ("value = 0.005\n", "value = 0.0003\n", r"limit repeatability: value expected within 20 times of mpe"),
    ("most = 0.3334\n", "most = 33.34\n", r"equipment standard: most expected a share of the limit"),
    ("source = \"house rule 7, page 2\"", 'source = "what was read, with its page"', r"limit mpe: source expected to be filled in"),
    ('clause = "7.1"', 'clause = "clause of the print"', r"test error: clause expected to be filled in"),
    ('grade = "U"\nverified = false\napplies', 'grade = "U"\nverified = true\napplies', r"own\.toml, line 16: .*verified expected false unless grade is V"),
    ("verified = false\napplies", 'verified = false\ncompared = "Li Wei, 2026"\napplies', r"limit mpe: compared expected only where verified = true"),
    ('id = "mpe"\n', 'id = "error"\n', r"own\.toml, line 34: equipment 'standard': of expected the id of a \[\[limit\]\]"),
    ('limit = "repeatability"', 'limit = "spread"', r"limit expected the id of a \[\[limit\]\] of this file"),
)  # fmt: skip


@pytest.mark.parametrize(("was", "becomes", "message"), SLIPS, ids=lambda value: value[:30])
def test_a_slip_is_named_with_its_place(made: Made, was: str, becomes: str, message: str) -> None:
    assert was in GAS
    with pytest.raises(Broken, match=message):
        testing.check_edition(made(GAS.replace(was, becomes, 1)))


def test_an_edition_that_is_begun_and_not_filled_in_is_told(made: Made) -> None:
    with pytest.raises(Broken, match="expected to be filled in"):
        testing.check_edition(made(beginning("own-gas", "gas-dispenser", "own", "own.toml")))


CONDITION = """
[[condition]]
id = "humidity"
quantity = "relative humidity"
unit = "%"
low = {low}
high = {high}
clause = "6.2"
source = "house rule 7, page 3"
grade = "U"
verified = false
"""


def test_a_condition_that_cannot_be_is_told(made: Made) -> None:
    testing.check_edition(made(GAS + CONDITION.format(low=10, high=85)))
    with pytest.raises(Broken, match="condition humidity: low expected from 0 to 100 %"):
        testing.check_edition(made(GAS + CONDITION.format(low=-10, high=85)))
    with pytest.raises(Broken, match=r"own\.toml, line \d+: .*high expected above low"):
        testing.check_edition(made(GAS + CONDITION.format(low=85, high=10)))


def test_limits_of_a_scale_are_of_the_size_of_an_interval(made: Made) -> None:
    spec = EDITIONS["jjg539-2016"]
    text = (Path(testing.__file__).parents[2] / "protocols" / "acceptance" / spec.resource).read_text("utf-8")
    with pytest.raises(Broken, match=r"value expected a limit in e from 0\.1 to 5; got Decimal\('50'\)"):
        testing.check_edition(made(re.sub(r"(?m)^value = 0\.5$", "value = 50", text, count=1)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"api": 2}, "api: expected 1"),
        (
            {"resource": "other.toml"},
            r"expected other\.toml in the package own_editions, as UTF-8; got FileNotFoundError",
        ),
        ({"package": "no_such_package"}, "expected own.toml in the package no_such_package.*ModuleNotFoundError"),
        ({"id": "other"}, "id expected that of the specification, 'other'"),
    ],
)
def test_a_specification_that_names_nothing_is_told(made: Made, changed: dict[str, str], message: str) -> None:
    with pytest.raises(Broken, match=message):
        testing.check_edition(replace(made(GAS), **changed))


def test_another_s_edition_is_not_carried_out(made: Made) -> None:
    with pytest.raises(Broken, match="id expected that of the specification, 'other'"):
        testing.check_dry_run(replace(made(GAS), id="other"))


def test_what_cannot_be_carried_out_says_why(made: Made) -> None:
    with pytest.raises(NotRun, match="jjf2184-2025: expected tests to carry out; got limits alone"):
        testing.check_dry_run(EDITIONS["jjf2184-2025"])
    with pytest.raises(NotRun, match="expected a bench of a scale; got gas-cng-k0, of a gas-dispenser"):
        testing.check_dry_run(EDITIONS["jjg539-2016"], bench="gas-cng-k0")
    with pytest.raises(NotRun, match=r"on dispenser-k0-prover: expected tests that this bench can do; got .*300 L"):
        testing.check_dry_run(
            made(GAS.replace("gas-dispenser", "dispenser").replace("5 kg", "300 L")), "dispenser-k0-prover"
        )


def test_a_test_that_judges_no_error_passes_everything_and_is_told(made: Made) -> None:
    judged = '{ formula = "mean-error", limit = "mpe" }, '
    with pytest.raises(
        Broken,
        match=r"own-gas on gas-cng-k0: an instrument off by \+1\.500%, 1\.5 times the limit mpe = 0\.01, expected not to pass",
    ):
        testing.check_dry_run(made(GAS.replace(judged, "")))


def test_a_limit_that_honest_instruments_break_is_told(made: Made) -> None:
    narrow = GAS.replace("value = 0.005\n", "value = 0.0000001\n")
    with pytest.raises(
        Broken, match="an honest instrument expected not to fail; got 'test error, repeatability at 5 kg: "
    ):
        testing.check_dry_run(made(narrow))
