"""What errors say in the reader's language: every sentence of the source is there, is known again, and nothing is lost."""

from __future__ import annotations

import io
import string
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.benchfile import parse
from fixtures.binding import check
from fixtures.errors import BenchError
from fixtures.language import speaking
from fixtures.plugins import specs
from harness.benches import find
from harness.report.errors import error_said, error_sentence
from harness.report.forms import fields_of
from tests.commands import shortmeasure
from tests.error_texts import CATALOGUE, templates, texts

SOURCE = '''
class LineError(Exception):
    """A line cannot be read."""

def read(where, found, expected):
    what = f"a line of {expected}" if expected else "a line that ends"
    if not found:
        raise LineError(f"{where}: expected {what}, got none")
    raise (LineError if expected else ValueError)("the file " + ("is damaged" if found else "is empty"))

def ask(where):
    return LineError(f"{where}: " + _why(where))

def _why(where):
    return "nothing came in time" if where else f"its unit is {where!r}, expected {{}}"

read("a", "b", "whole words")

class Key:
    meaning: str

class Sizes:
    @property
    def expected(self):
        return f"a size above {self.least}"

def need(where, keys):
    raise ValueError(f"{where}: expected {keys[where].kind.expected} ({keys[where].meaning})")

SIZE = Key("how long it is")
'''


def catalogue() -> dict[str, str]:
    return {str(one.id): str(one.string) for one in read_po(io.BytesIO(CATALOGUE.read_bytes())) if one.id}


def names(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_the_sentences_of_a_source_are_found_with_what_stands_in_their_fields(tmp_path: Path) -> None:
    (tmp_path / "captures").mkdir()
    (tmp_path / "captures" / "lines.py").write_text(SOURCE, "utf-8")
    assert templates(tmp_path) == sorted(
        {
            "a line of {expected}",
            "a line that ends",
            "a size above {least}",
            "how long it is",
            "its unit is {where}, expected {{}}",
            "nothing came in time",
            "the file is damaged",
            "the file is empty",
            "whole words",
            "{where}: expected {expected} ({meaning})",
            "{where}: expected {what}, got none",
        }
    )


def test_every_sentence_is_translated_with_its_fields_and_none_is_stale() -> None:
    known = catalogue()
    assert set(known) == set(texts()), "bring the list up to date: python tests/error_texts.py"
    for source, target in known.items():
        assert target, source
        assert names(source) == names(target), source


def test_the_compiled_catalogue_is_the_text_catalogue() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(CATALOGUE.read_bytes())))
    assert compiled.getvalue() == CATALOGUE.with_suffix(".mo").read_bytes(), (
        "compile the .po again: pybabel compile -D errors -d fixtures/locale"
    )


def test_every_sentence_is_known_again_by_its_form() -> None:
    with speaking("zh"):
        for source, target in catalogue().items():
            shown = {name: f"<{number}>" for number, name in enumerate(names(source))}
            assert error_said(source.format(**shown)) == target.format(**shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "/dev/ttyUSB9 (link tap): there is no such port; ports here: /dev/ttyS0",
            "/dev/ttyUSB9 (link tap)：没有这个串口；本机串口：/dev/ttyS0",
        ),
        (
            "raid.toml: line mass: scale expected a place \"0\" where nothing lies on the scale, got 5",
            "raid.toml：line mass: scale 应为一个秤上无物的位置 \"0\"，实为 5",
        ),
        (
            "c1/0001.jsonl line 93: not as written: expected a chain, got two lines",
            "c1/0001.jsonl line 93: not as written：应为 a chain，实为 two lines",
        ),
        (
            "c0: No such file or directory",
            "c0：没有该文件或文件夹",
        ),
        (
            "fleet check: expected openpyxl, got none; pip install 'shortmeasure[fleet]'",
            "fleet check：需要 openpyxl 库，尚未安装；请执行 pip install 'shortmeasure[fleet]'",
        ),
        (
            "raid.toml: role record names 'x', which is no instrument of this bench; there are master, operator",
            "raid.toml：角色 record 指定了 'x'，而本套设备没有该仪器；现有 master、operator",
        ),
        (
            "my.toml, line 5: limit 'a': expected the keys id, unit, got unknown key 'z'",
            "my.toml 第 5 行：limit 'a'：应有键 id、unit，实为未知的键 'z'",
        ),
        (
            "my.toml, line 7: time: per_s expected a number from 0 to below 10^9 with at most 6 decimals, got -5",
            "my.toml 第 7 行：time：per_s 应为 0 至小于 10^9、最多 6 位小数的数，实为 -5",
        ),
        ("line up: so", "line up: so"),
        ("a plugin: something of its own; 12 bytes", "a plugin: something of its own; 12 bytes"),
        ("it says that the operator, {x} and {y} came: no", "it says that the operator, {x} and {y} came: no"),
    ],
)  # fmt: skip
def test_what_is_known_is_said_and_the_rest_stays(text: str, expected: str) -> None:
    with speaking("zh"):
        assert error_said(text) == expected
    with speaking("en"):
        assert error_said(text) == text


@pytest.mark.parametrize(
    ("line", "wrong", "expected"),
    [
        ('pulses_per_litre = "100"', "pulses_per_litre = 0", "[profile] pulses_per_litre 应为大于 0、不大于 100000 的数，实为 0"),
        ("sealed_k = true", 'sealed_k = "true"', "[profile] sealed_k 应为 true 或 false，不加引号，实为 'true'"),
        ('volume_resolution_l = "0.01"', 'volume_resolution_l = "0.03"',
         "[profile] volume_resolution_l 应为 0.0001 至 1 之间的 10 的幂，例如 0.01，实为 '0.03'"),
        ("[roles]", '[standards.x]\ndue = "2026-13-01"\n[roles]', "[standards.x] due 应为 YYYY-MM-DD 形式的日期，实为 '2026-13-01'"),
        ("[roles]", "[rolls]", "设备文件中有未知的键 'rolls'；是否指 roles？应为 bench、instrument、"),
        ("channels = [", 'channels = "x" # [', "仪器 analyser：channels 应为方括号中的列表，如 [\"a\", \"b\"]，实为 'x'"),
        ('kit = "K3"', 'kit = "K9"', "[bench] kit 应为 K0、K1、K2、K3 之一，实为 'K9'"),
        ("[roles]", "[roles", "应为 TOML：表名后应有右方括号（]）（第 "),
    ],
)  # fmt: skip
def test_what_a_bench_file_must_hold_is_said_in_chinese(line: str, wrong: str, expected: str) -> None:
    text = find("dispenser-k3").text
    assert line in text
    with pytest.raises(BenchError) as found:
        check(parse(text.replace(line, wrong, 1), "my.toml"), specs("instruments"))
    with speaking("zh"):
        assert expected in error_said(str(found.value))


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_stands_in_a_field_is_shown_whatever_it_is(where: str, got: str) -> None:
    with speaking("zh"):
        told = error_said(f"{where}<: expected whole numbers, got >{got}")
        assert where.split(": ")[-1] + "<" in told
        assert f">{got}" in told


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["x: expected ", "; ", "\n", ", got none", ": ", "a", "{", "%s"]), max_size=400))
def test_pieces_of_sentences_in_any_order_lose_no_figure(parts: list[str]) -> None:
    text = "7".join(parts)
    with speaking("zh"):
        assert error_said(text).count("7") >= text.count("7")
        assert error_sentence("x" * 100_000 + text) is None


@pytest.mark.parametrize(
    ("text", "template", "fields"),
    [
        ("ab", "ab", {}),
        ("ab", "a", None),
        ("a{b", "a{{{x}", {"x": "b"}),
        ("x: expected a, got b, got c", "{where}: expected {what}, got {got}", {"where": "x", "what": "a", "got": "b, got c"}),
        ("no answer to K;", "no answer to {key};{after}", {"key": "K", "after": ""}),
        ("got none", "{a} got none", None),
        ("abab", "ab{x}bab", None),
    ],
)  # fmt: skip
def test_a_text_is_known_by_its_template(text: str, template: str, fields: dict[str, str] | None) -> None:
    assert fields_of(text, template) == fields


@pytest.mark.parametrize(
    "arguments",
    [
        ("bench", "check", "nosuch.toml"),
        ("plan", "show", "nosuch"),
        ("demo", "--kit", "K9"),
        ("demo", "--cheat", "fuel.C99"),
        ("case", "verify", "nosuch"),
        ("plugin", "check", "nosuch"),
        ("run", "dispenser-raid", "--bench", "dispenser-k0", "--case", "c", "--answers", "nofile"),
    ],
    ids=" ".join,
)
def test_a_refusal_is_told_in_chinese_and_stored_in_english(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = shortmeasure(capfd, "--lang", "zh", *arguments, "--json")
    assert code > 1
    assert "expected" not in err
    assert any("应" in line or "未" in line for line in err.splitlines())
    assert '"message": ' in out
    assert not any("\u4e00" <= one <= "\u9fff" for one in out)
