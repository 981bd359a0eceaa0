"""Pages of help in the operator's language: every text is there, nothing is stale, and lines fit the terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from fixtures.language import LOCALE
from harness.commands import build_app
from harness.commands.help_layout import wrapped
from harness.commands.help_pages import first_sentence, texts, tree
from harness.exits import Exit
from harness.report.columns import cells
from tests.commands import shortmeasure

FOLDER = LOCALE / "zh_CN" / "LC_MESSAGES"
ROOT = Path(__file__).parents[2]
WIDTH = 78  # of the parser's pages


def commands() -> Any:
    return typer.main.get_command(build_app())


def paths(command: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield way
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, (*way, name))


def test_every_command_option_and_argument_has_a_help() -> None:
    for one in tree(commands()):
        assert one.help, one.name
        assert all(own.help for own in one.params), one.name


def test_every_text_is_translated_and_none_is_stale() -> None:
    catalogue = read_po(io.BytesIO((FOLDER / "help.po").read_bytes()))
    translated = {str(m.id): str(m.string) for m in catalogue if m.id}
    assert set(translated) == set(texts(commands()))
    for source, target in translated.items():
        assert target, source
        assert any("\u4e00" <= one <= "\u9fff" for one in target) or not any(map(str.isalpha, source)), source
        assert len(target.split("\n\n")) == len(source.split("\n\n")), source


def test_the_compiled_catalogue_is_the_text_catalogue() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO((FOLDER / "help.po").read_bytes())))
    assert compiled.getvalue() == (FOLDER / "help.mo").read_bytes(), (
        "compile the .po again: pybabel compile -D help -d fixtures/locale"
    )


@pytest.mark.parametrize("way", list(paths(commands())), ids=lambda way: " ".join(way) or "shortmeasure")
def test_every_page_is_chinese_and_fits_the_terminal(capfd: pytest.CaptureFixture[str], way: tuple[str, ...]) -> None:
    code, out, err = shortmeasure(capfd, "--lang", "zh", *way, "--help")
    assert (code, err) == (Exit.OK, "")
    assert out.startswith("用法：shortmeasure")
    assert "\n选项：\n" in out
    assert "显示本说明后退出。" in out
    assert not any(
        english in out for english in ("Usage:", "Options:", "Arguments:", "Commands:", "[default", "[required")
    )
    for line in out.splitlines():
        assert cells(line) <= WIDTH or " " not in line.strip(), line
        assert line == line.rstrip()


def test_a_page_in_english_is_the_parser_s_own(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shortmeasure(capfd, "--lang", "en", "case", "--help")
    assert code == Exit.OK
    assert out.startswith("Usage: shortmeasure case")
    assert "Seal a case: manifests, signature, digest." in out


def test_a_group_without_a_command_shows_its_page(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = shortmeasure(capfd, "--lang", "zh", "case")
    assert code == Exit.USAGE
    assert "已存的案件。" in err
    assert "封存案件：清单、签名、摘要。\n" in err


def test_pages_in_chinese_import_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']; import cli\n"
        "try: cli.main()\n"
        "except SystemExit: print(sorted({'numpy','scipy','pandas','cryptography','serial'} & set(sys.modules)))"
    )
    environment = {**os.environ, "SHORTMEASURE_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=ROOT, env=environment
    )
    assert "用法：" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["demo", "--bogus"], "错误：没有这个选项：--bogus"),
        (["report", "--csvv", "x"], "--csv"),
        (["report"], "错误：缺少参数 "),
        (["fleet", "check", "trips.csv"], "错误：缺少选项 "),
        (["nonsense"], "错误：没有这个命令：'nonsense'"),
        (["repot"], "是否指 'report'"),
        (["demo", "a", "b"], "错误：多出参数：b"),
        (["demo", "--seed"], "错误：选项 '--seed' 后须给出值。"),
        (["demo", "--honest=1"], "错误：选项 '--honest' 不带值。"),
        (["demo", "--seed", "x"], "错误：'--seed' 的值无效："),
        (["--version", "--lang"], "错误：选项 '--lang' 后须给出值。"),
    ],
)
def test_what_the_parser_complains_of_is_said_in_chinese(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, err = shortmeasure(capfd, *arguments)
    assert (code, out) == (Exit.USAGE, "")
    assert expected in err
    assert "Error:" not in err


def test_a_document_knows_no_language(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = shortmeasure(capfd, "--lang", "zh", "demo", "--bogus", "--json")
    assert code == Exit.USAGE
    assert json.loads(out)["message"] == "No such option: --bogus"
    assert "没有这个选项" in err


def test_a_list_shows_the_first_sentence() -> None:
    assert first_sentence("封存案件：清单。此后不再写入。\n\n其他。") == "封存案件：清单。"
    assert first_sentence("没有句号\n\n其他。") == "没有句号"


@given(st.text(alphabet="测量，。（）“”ab- \n", max_size=120), st.integers(10, 40))
def test_lines_are_broken_where_chinese_breaks(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    plain = " ".join(text.split())
    for before, line in pairwise(lines):
        assert not before or line[:1] not in set("，。）”") or f" {line[:1]}" in plain, "begins with what closes"
    words = max((len(word) for word in text.split()), default=0)
    assert all(cells(line) <= max(width, 2 * words) for line in lines)
