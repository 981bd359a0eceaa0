"""Arguments that cannot be meant: told before anything is touched, with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.exits import Exit
from tests.commands import shortmeasure

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.parametrize(
    ("arguments", "code", "next_"),
    [
        (("plan", "show", "dispenser-riad"), Exit.USAGE, "did you mean dispenser-raid? `shortmeasure plan list`"),
        (("plan", "show", "zzz"), Exit.USAGE, "what next: `shortmeasure plan list` lists what there is"),
        (("bench", "show", "dispenser-k9"), Exit.PRECONDITION, "`shortmeasure bench list`"),
        (("bench", "show", "none.toml"), Exit.PRECONDITION, "check the path; `shortmeasure bench list`"),
        (("acceptance", "show", "foo"), Exit.PRECONDITION, "`shortmeasure acceptance list`"),
        (("detectors", "splitt"), Exit.USAGE, "did you mean split? `shortmeasure detectors`"),
        (("bench", "sim", "dispenser-k3", "--cheat", "fuel.C99"), Exit.USAGE, "`shortmeasure cheats`"),
    ],
)
def test_an_unknown_name_has_its_own_list(
    capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: Exit, next_: str
) -> None:
    got, _, err = shortmeasure(capfd, *arguments)
    assert got == code
    assert next_ in err


@pytest.mark.parametrize(
    "arguments",
    [
        *(("bench", "sim", "--speed", speed) for speed in ("-1", "0", "nan", "inf")),
        ("bench", "sim", "--size", "nan"),
        ("bench", "sim", "--seed", "-1"),
        ("run", "--resume", "absent", "--speed", "-1"),
        ("bench", "clock-check", "pulse-lab", "--speed", "nan"),
    ],
)
def test_a_number_that_is_none_is_refused(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, out, err = shortmeasure(capfd, *arguments)
    assert (code, out) == (Exit.USAGE, "")
    assert arguments[-2] in err


def test_a_kit_may_be_written_small(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = shortmeasure(capfd, "demo", "taximeter", "--kit", "k9")
    assert (code, "got 'K9'" in err) == (Exit.USAGE, True)
    code, _, err = shortmeasure(capfd, "demo", "dispenser", "--kit", "k2", "--honest", "--cheat", "fuel.C01")
    assert "exclude each other" in err


def test_the_list_of_plugins_stands_before_the_command(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    code, _, err = shortmeasure(capfd, "plugins", "--plugins", "list.toml")
    assert code == Exit.USAGE
    assert "--plugins FILE stands before the command" in err


def test_a_bad_list_of_plugins_says_how_to_make_one(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text("x = 1")
    code, _, err = shortmeasure(capfd, "--plugins", tmp_path / "list.toml", "plugins")
    assert code == Exit.PLUGIN
    assert "without --plugins and SHORTMEASURE_PLUGINS `shortmeasure plugins --allow`" in err


def test_another_plan_s_answers_are_refused_at_once(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong, case = tmp_path / "wrong.answers", tmp_path / "case"
    wrong.write_text("ask legal_basis = x\nask colour = red\n")
    code, out, err = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", "dispenser-k0-prover", "--case", case, "--answers", wrong
    )
    assert (code, out, case.exists()) == (Exit.PRECONDITION, "", False)
    assert len(err.splitlines()) == 2
    assert "line 2: expected 'ask officers', got 'ask colour'" in err


def test_an_answer_missing_later_is_not_drowned(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    few, case = tmp_path / "few.answers", tmp_path / "case"
    asked = shortmeasure(capfd, "plan", "show", "dispenser-raid", "--bench", "dispenser-k0-prover", "--answers")[1]
    keys = [line.removesuffix(" =") for line in asked.splitlines() if line.endswith(" =")]
    at = next(i for i, key in enumerate(keys) if key.startswith("deliver "))
    few.write_text("".join(f"{key} = {'done' if key.startswith('confirm') else 'x'}\n" for key in keys[:at]))
    code, out, err = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", "dispenser-k0-prover", "--case", case, "--answers", few
    )
    assert (code, out) == (Exit.PRECONDITION, "")
    assert f"no answer to {keys[at]!r}" in err.splitlines()[-2]
    assert f"`shortmeasure judge {case}` shows what was found by then" in err


def test_an_officer_who_does_not_confirm_has_decided_and_nothing_is_broken(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    refused, case = tmp_path / "refused.answers", tmp_path / "case"
    refused.write_text(
        "ask legal_basis = x\nask officers = A, B\nconfirm recording = done\nconfirm safety = no, lane open\n"
    )
    code, out, _ = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", "dispenser-k0-prover", "--case", case, "--answers", refused
    )
    assert code == Exit.STOPPED
    assert "RUN STOPPED: the operator did not confirm" in out
    assert "no, lane open" in out


def test_a_search_that_stops_says_how_the_run_is_complete_again(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    case, none = tmp_path / "case", tmp_path / "none.answers"
    none.write_text("")
    bench = ("--bench", "dispenser-k0-prover")
    code, _, _ = shortmeasure(
        capfd, "run", "dispenser-raid", *bench, "--case", case, "--answers", EXAMPLES / "k0-honest.answers"
    )
    assert code in (Exit.OK, Exit.INCONCLUSIVE)
    code, _, err = shortmeasure(
        capfd, "run", "--resume", case, *bench, "--search", "code 1", "--answers", none, "--accept-change"
    )
    assert code == Exit.PRECONDITION
    assert "--give-up REASON" in err
