"""The operator's language: which of option, environment, configuration and system counts, and what a broken file does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from captures.keys import default_folder
from fixtures.language import language
from harness.exits import Exit
from harness.operator_language import ENVIRONMENT, FILE, configuration_file, on_command_line, settled, spoken
from tests.commands import shortmeasure

ROOT = Path(__file__).parents[2]


@pytest.fixture
def system_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


def configured(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / FILE
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("arguments", "environment", "file", "expected"),
    [
        (["--lang", "en", "demo"], {ENVIRONMENT: "zh"}, 'lang = "zh"', "en"),
        (["demo"], {ENVIRONMENT: "en"}, 'lang = "zh"', None),  # None: as the environment has it
        (["demo"], {ENVIRONMENT: ""}, 'lang = "zh"', "zh"),
        (["demo"], {}, 'lang = "en"', "en"),
        (["demo"], {}, "# nothing chosen\n", None),
        (["demo"], {}, None, None),
    ],
)
def test_the_option_counts_before_the_environment_before_the_file(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], file: str | None, expected: str | None
) -> None:
    path = tmp_path / FILE if file is None else configured(tmp_path, file)
    found = settled(arguments, environment, path)
    assert (found.language, found.warning) == (expected, None)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--lang", "zh", "demo"], "zh"),
        (["--lang=zh", "demo"], "zh"),
        (["--lang", "zh", "--lang", "en"], "en"),
        (["--help", "--lang", "zh"], "zh"),
        (["report", "CASE", "--lang", "zh"], None),  # of the command, which has such an option of its own
        (["--", "--lang", "zh"], None),
        (["--lang", "fr"], None),
        (["--lang"], None),
        ([], None),
    ],
)
def test_the_option_stands_before_the_command(arguments: list[str], expected: str | None) -> None:
    assert on_command_line(arguments) == expected


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ('lang = "fr"', "lang = 'fr'"),
        ("lang = 1", "lang = '1'"),
        ("lang = ['zh']", "lang ="),
        ('lang = "zh"\nlanguage = "zh"', "unknown key 'language'"),
        ("lang zh", "no TOML"),
        (b"lang = '\xff'", "byte 0xff"),
        ("#" * 5000, "more"),
    ],
)
def test_a_broken_file_is_named_with_what_was_expected(tmp_path: Path, text: str | bytes, got: str) -> None:
    path = configured(tmp_path, text)
    found = settled(["demo"], {}, path)
    assert found.language is None
    assert found.warning is not None
    assert str(path) in found.warning
    assert 'expected a configuration file with lang = "zh" or lang = "en"' in found.warning
    assert got in found.warning


def test_what_is_no_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    found = settled(["demo"], {}, tmp_path)
    assert found.warning is not None
    assert "no ordinary file" in found.warning
    assert settled(["demo"], {}, configured(tmp_path, "") / "below") == settled(["demo"], {}, None)


@pytest.mark.usefixtures("system_in_english")
def test_a_broken_file_breaks_no_command(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = configured(tmp_path, "lang = zh")
    monkeypatch.setenv("SHORTMEASURE_CONFIG", str(path))
    code, out, err = shortmeasure(capfd, "plan", "list", "--json")
    assert code == Exit.OK
    assert json.loads(out)["kind"] == "plans"
    assert len(err.splitlines()) == 2
    assert str(path) in err
    assert "what next: mend or delete the file" in err
    code, out, err = shortmeasure(capfd, "--lang", "zh", "plan", "list")
    assert code == Exit.OK
    assert err == ""
    assert "加油机" in out


@pytest.mark.usefixtures("system_in_english")
def test_the_file_chooses_the_language_of_commands(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHORTMEASURE_CONFIG", str(configured(tmp_path, 'lang = "zh"\n')))
    assert "加油机" in shortmeasure(capfd, "plan", "list")[1]
    assert "加油机" not in shortmeasure(capfd, "--lang", "en", "plan", "list")[1]
    assert ENVIRONMENT not in os.environ
    monkeypatch.setenv(ENVIRONMENT, "en")
    assert "加油机" not in shortmeasure(capfd, "plan", "list")[1]
    assert os.environ[ENVIRONMENT] == "en"


@pytest.mark.parametrize("value", ["fr", "", "zh,en"])
def test_another_language_is_a_wrong_usage(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "en")
    code, out, err = shortmeasure(capfd, "--lang", value, "plan", "list", "--json")
    assert code == Exit.USAGE
    assert f"--lang expected one of zh, en, got {value!r}" in err
    assert json.loads(out)["exit"] == Exit.USAGE


def test_a_report_keeps_its_own_option(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "en")
    code, _, err = shortmeasure(capfd, "report", "CASE", "--lang", "fr")
    assert code == Exit.USAGE
    assert "--lang expected zh, en or both" in err


@pytest.mark.usefixtures("system_in_english")
def test_children_speak_the_same_language() -> None:
    code = "from fixtures.language import language; print(language())"
    with spoken("zh"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        assert language() == "zh_CN"
    assert done.stdout.strip() == "zh_CN"
    assert language() == "en"


def test_the_file_lies_beside_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert configuration_file(environment) == default_folder(environment, sys.platform, tmp_path).parent / FILE
    assert configuration_file({"SHORTMEASURE_CONFIG": "other.toml"}) == Path("other.toml")


def test_a_user_without_a_home_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert configuration_file({}) is None
