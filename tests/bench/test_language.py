"""Every operator text exists in both languages, with the same fields, and the compiled catalogue is not stale."""

from __future__ import annotations

import io
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from fixtures.language import LOCALE, tell, translate, translated

ROOT = Path(__file__).parents[2]
FOLDER = LOCALE / "zh_CN" / "LC_MESSAGES"


def marked() -> set[str]:
    texts = set()
    for package in ("fixtures", "harness"):
        for _, _, message, _, _ in extract_from_dir(ROOT / package, keywords={"mark": None}):
            texts.add(str(message))
    return texts


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_marked_text_is_translated_with_its_fields() -> None:
    catalogue = read_po(io.BytesIO((FOLDER / "shortmeasure.po").read_bytes()))
    translated = {str(m.id): str(m.string) for m in catalogue if m.id}
    assert set(translated) == marked()
    for source, target in translated.items():
        assert target, source
        assert fields(source) == fields(target), source


def test_the_compiled_catalogue_is_the_text_catalogue() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO((FOLDER / "shortmeasure.po").read_bytes())))
    assert compiled.getvalue() == (FOLDER / "shortmeasure.mo").read_bytes(), (
        "compile the .po again: pybabel compile -D shortmeasure -d fixtures/locale"
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [("zh_CN.UTF-8", "恢复流量"), ("en_US.UTF-8", "Open the throttle"), ("", "Open the throttle")],
)
def test_the_operator_s_language_decides(monkeypatch: pytest.MonkeyPatch, language: str, expected: str) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", language)
    monkeypatch.setenv("LANG", "")
    assert translate("Open the throttle") == expected


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_translated_as_nothing(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", lang)
    assert (translate(""), translated(""), tell("")) == ("", None, "")


def test_the_catalogue_says_what_the_glossary_says() -> None:
    catalogue = read_po(io.BytesIO((FOLDER / "shortmeasure.po").read_bytes()))
    known = {str(m.id): str(m.string) for m in catalogue if m.id}
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    terms = {cells[1]: cells[2] for line in lines if len(cells := [cell.strip() for cell in line.split("|")]) == 5}
    shared = terms.keys() & known.keys()
    assert len(shared) > 40
    assert {term: known[term] for term in shared} == {term: terms[term] for term in shared}
