"""What confirms, what refuses, and what is asked again: a word that only begins like one of them is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.answers_file import AnswerError, confirmed, load
from fixtures.language import mark
from fixtures.questions import Choice, Done, NotDone, Slip
from harness.exits import Exit
from tests.commands import shortmeasure

CONFIRMS = [
    "",
    "done",
    "Done.",
    "yes",
    "y",
    "OK",
    "ok 12:30",
    "ｄｏｎｅ",
    "完成",
    "已完成。",
    "是",
    "好的，录像正常",
    "已开启",
    "done, at 12:30",
]
REFUSES = [
    "no", "No, leak", "ｎｏ, leak", "n", "not done", "no!", "never", "不", "不行", "不，漏油", "否", "没有", "没做", "未完成", "未开启：没电", "cannot now",
]  # fmt: skip
NEITHER = [
    "取消", "拒绝", "refused", "还没完成", "'no'", "13.70", "完不成", "完全没有", "对不起，没有做到", "好像不行", "行不通", "已拒绝", "已取消", "是否完成？",
    "yet to do", "okay no", "ok, not done", "没问题", "不错", "nozzle leaks", "...", "done?! no", "完成，没有",
]  # fmt: skip


@pytest.mark.parametrize("said", CONFIRMS)
def test_what_confirms(said: str) -> None:
    assert Done().read(said) is True


@pytest.mark.parametrize("said", REFUSES)
def test_what_refuses_is_kept_as_it_was_said(said: str) -> None:
    with pytest.raises(NotDone) as refusal:
        Done().read(said)
    assert str(refusal.value) == said


@pytest.mark.parametrize("said", NEITHER)
def test_what_is_neither_is_asked_again(said: str) -> None:
    with pytest.raises(Slip, match="expected Enter or `done`"):
        Done().read(said)


@pytest.mark.parametrize("said", ["取消", "refused", "13.70", "完不成"])
def test_a_file_confirms_by_the_same_words(said: str, tmp_path: Path) -> None:
    path = tmp_path / "raid.answers"
    path.write_text(f"confirm safety = {said}\nconfirm recording = ｎｏ, leak\n", "utf-8")
    answers = load(path)
    with pytest.raises(AnswerError, match=r"raid.answers: line 1: confirm safety: expected Enter or `done`"):
        confirmed(answers, "confirm safety", answers.take("confirm safety"))
    assert confirmed(answers, "confirm recording", answers.take("confirm recording")) is False


def test_a_choice_is_taken_as_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the wide comma of its text, and with that of another keyboard."""
    choice = Choice((("accept", mark("on record, the loss of volatile state is accepted")), ("keep", "B")))
    shown = choice.menu().partition(" = ")[2].partition(", 2 = ")[0]
    assert choice.read(shown) == "accept"
    wide = Choice((("one", "略过这一次，另提一次"), ("two", "B")))
    assert wide.read("略过这一次，另提一次") == "one"
    assert wide.read("略过这一次,另提一次") == "one"


def test_answers_for_another_family_are_refused_in_words(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "any.answers").write_text("confirm safety = done\n")
    code, _, err = shortmeasure(
        capfd, "run", "taximeter-raid", "--bench", "dispenser-k0-prover", "--answers", tmp_path / "any.answers", "--case", tmp_path / "c"
    )  # fmt: skip
    assert code == Exit.PRECONDITION
    assert "internal error" not in err
    assert not (tmp_path / "c").exists()
