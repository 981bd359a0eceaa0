"""Answers from a file: order is kept, what is missing or wrong is named with its line, time is virtual."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.answers_file import ANSWER_NS, AnswersLink, AnswersSource, Given, lines, load, nobody, parse
from fixtures.clock import VirtualClock
from fixtures.errors import AnswerError
from fixtures.questions import ANSWERS, key

FILE = """
# before
ask legal_basis = order 2026-017 = second
  read-display  C1   volume_l = 13.70
read-display C1 code =
confirm safety = no, the extinguisher is missing
photo board = board.jpg
photo till = none
"""


def told(tmp_path: Path, text: str = FILE) -> tuple[AnswersLink, AnswersSource]:
    path = tmp_path / "raid.answers"
    path.write_text(text, "utf-8")
    source = AnswersSource(VirtualClock())
    return AnswersLink(load(path), "operator", True, lambda data: source.put("operator", data)), source


def ask(link: AnswersLink, source: AnswersSource, verb: str, **fields: str) -> dict[str, object]:
    link.write(json.dumps({"id": 1, "verb": verb, "fields": fields}).encode())
    [arrival] = source.wait(source.clock.now_ns() + ANSWER_NS)
    return dict(json.loads(arrival.data))


def test_answers_come_in_order_a_second_later_each(tmp_path: Path) -> None:
    link, source = told(tmp_path)
    said = ask(link, source, "ask", value="ask legal_basis")
    assert said == {"id": 1, "ok": True, "value": "order 2026-017 = second"}
    assert source.clock.now_ns() == ANSWER_NS
    shown = ask(link, source, "read", volume_l="read-display C1 volume_l", code="read-display C1 code")
    assert shown == {"id": 1, "ok": True, "volume_l": "13.70", "code": ""}
    assert ask(link, source, "confirm", **{"": "confirm safety"})["why"] == "no, the extinguisher is missing"
    assert ask(link, source, "photo", file="photo board")["file"] == str(tmp_path / "board.jpg")
    assert ask(link, source, "photo", file="photo till")["file"] == "none"
    assert source.clock.now_ns() == 5 * ANSWER_NS
    assert source.wait(60 * ANSWER_NS) == []
    assert source.clock.now_ns() == 60 * ANSWER_NS


def test_a_line_at_the_wrong_place_is_named(tmp_path: Path) -> None:
    link, source = told(tmp_path)
    with pytest.raises(AnswerError, match=r"line 3: expected 'confirm safety', got 'ask legal_basis'.*line 6") as wrong:
        ask(link, source, "confirm", **{"": "confirm safety"})
    assert wrong.value.key == "confirm safety"
    with pytest.raises(AnswerError, match=r"add a line `ask officers = \.\.\.` before it"):
        ask(link, source, "ask", value="ask officers")


def test_a_missing_answer_names_the_line_to_add(tmp_path: Path) -> None:
    link, source = told(tmp_path, "ask K = 100\n")
    ask(link, source, "ask", value="ask K")
    with pytest.raises(AnswerError, match=r"add a line `ask software = \.\.\.` after line 1 \(ask K\)"):
        ask(link, source, "ask", value="ask software")
    with pytest.raises(AnswerError, match="--no-input: no answer to 'ask K'"):
        nobody().take("ask K")


def test_the_empty_line_of_a_template_confirms_nothing(tmp_path: Path) -> None:
    link, source = told(tmp_path, "confirm safety =\n")
    with pytest.raises(AnswerError, match="line 1: confirm safety: expected `done`, or `no` and why, got nothing"):
        ask(link, source, "confirm", **{"": "confirm safety"})


def test_an_answer_that_is_refused_is_named_with_its_line(tmp_path: Path) -> None:
    link, source = told(tmp_path, "\nread-start A1 volume_l = 13,70\n")
    ask(link, source, "read", volume_l="read-start A1 volume_l")
    again = {"id": 2, "verb": "read", "fields": {"volume_l": "read-start A1 volume_l"}, "why": "expected a number"}
    with pytest.raises(AnswerError, match="line 2: expected a number") as wrong:
        link.write(json.dumps(again).encode())
    assert wrong.value.key == "read-start A1 volume_l"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ask K", "line 1: expected KEY = ANSWER, got 'ask K'"),
        ("\n= 7", "line 2: expected KEY = ANSWER"),
        ("ask K = \x1b[2J", "line 1: expected printable text"),
        ("ask K = 1\n" * 20_001, "at most 20000 answers"),
    ],
)
def test_what_is_no_answers_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(AnswerError, match=message):
        parse(text, "raid.answers")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xfe", "expected UTF-8 text, got byte 0xff at offset 0"),
        (b"#" * ((1 << 20) + 1), "at most 1048576 bytes"),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "raid.answers").write_bytes(raw)
    with pytest.raises(AnswerError, match=message):
        load(tmp_path / "raid.answers")
    with pytest.raises(AnswerError, match="cannot be read"):
        load(tmp_path / "nothing")


def test_prompts_of_a_terminal_are_refused(tmp_path: Path) -> None:
    link, _ = told(tmp_path)
    with pytest.raises(AnswerError, match="leave out `console = true`"):
        link.write(b"Lane closed?\n  Enter when done: ")


labels = st.text("ABCDEF0123456789/_", min_size=1, max_size=6)
said = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Co", "Cn")), max_size=30
)


@given(st.lists(st.tuples(st.sampled_from(sorted(ANSWERS)), labels, said), max_size=20))
def test_what_is_written_is_read_back(answers: list[tuple[str, str, str]]) -> None:
    written = [(key(verb, label, next(iter(ANSWERS[verb]))), answer) for verb, label, answer in answers]
    read = parse("\n".join(lines(written)), "x")
    assert read == [Given(n, one, answer) for n, (one, answer) in enumerate(written, 1)]
