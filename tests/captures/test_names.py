"""Names of files that a case may hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.names import checked_name, checked_path, folded, shown


@pytest.mark.parametrize("name", ["脉冲 1.sr", "a-b_c.d", "é.txt", "com.csv", "console"])
def test_plain_names(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["e\u0301.txt", "lpt1.sr", "conout$", "\udcff", "a\x1b[2J", "a%0Ab", "\u202ea"])
def test_names_that_change_their_meaning_elsewhere(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        checked_name(name)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "data/../x",
        "data//x",
        "./data/x",
        "data/x/",
        "..",
        "C:/x",
        "data\\x",
        "a/" * 16 + "x",
        "a" * 1001,
    ],
)
def test_paths_that_leave_or_confuse(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        checked_path(path)


@given(st.text(max_size=60))
def test_any_text_is_a_plain_path_or_refused(text: str) -> None:
    try:
        path = checked_path(text)
    except ValueError:
        return
    assert path == text
    assert ".." not in path.split("/")
    assert not path.startswith("/")
    assert "\\" not in path


def test_names_that_one_file_system_takes_for_one() -> None:
    assert folded("Straße.SR") == folded("STRASSE.sr")
    assert folded("e\u0301") == folded("\u00c9")
    assert folded("a") != folded("b")


def test_terminal_sequences_are_shown_not_sent() -> None:
    assert shown("a\x1b]0;PASS\x07\udcff") == "a\\x1b]0;PASS\\x07\\xdcff"
