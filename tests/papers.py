"""Simulated cases of every family, and a report of hostile texts: for tests of what reports make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import harness.inspection as inspection
from harness.benches import draw_seed, find, world
from harness.paper.model import (
    Blanks,
    Bullets,
    Facts,
    Figure,
    Kind,
    Paragraph,
    Part,
    Place,
    Report,
    Section,
    Table,
    Tone,
)

CASES = {  # name -> plan, bench, cheat, seed
    "dispenser": ("dispenser-raid", "dispenser-k0", "fuel.C02", 1), "price-scale": ("price-scale-raid", "price-scale-k0", "scale.S01", 1),
    "truck-scale": ("truck-scale-raid", "truck-scale-k0", None, 1), "taximeter": ("taximeter-ride", "taximeter-k0", None, 1),
    "gas-dispenser": ("gas-raid", "gas-cng-k0", None, 1), "site": ("site-survey", "site-k0", None, 1),
    "laboratory": ("price-scale-acceptance", "price-scale-lab-k0", None, 1), "laboratory-2": ("price-scale-acceptance", "price-scale-lab-k0", None, 2),
}  # fmt: skip
CASES_WITH_TAPS = {"site-taps": ("site-survey", "site-k1", "fuel.C14@N3", 1)}
CASES_WITH_KEYS = {"price-scale-keys": ("price-scale-raid", "price-scale-k0", "scale.S04", 1)}
HOSTILE = (
    "<script>alert(1)</script>", '#panic("x") $x$ *bold* _it_ `raw` @ref <label> // no comment', "= heading\n== another\n- item", "=cmd|' /C calc'!A0",
    "\u202egnp.exe", "a\x00b\x1b[2Jc", "x" * 10_000, "王\U0002b740", "\\u{41} \\ #image(\"/etc/passwd\")", "{{ 7 * 7 }} {% raw %}",
)  # fmt: skip


def inspected(name: str, folder: Path) -> Path:
    plan, bench, cheat, seed = {**CASES, **CASES_WITH_TAPS, **CASES_WITH_KEYS}[name]
    file = find(bench)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "Progress", lambda *_, **__: lambda *step: None)
        inspection.inspect(plan, file, folder / name, world=world(file, cheat, seed), draw_seed=draw_seed(file, seed))
    return folder / name


def hostile() -> Report:
    """Every place of a report that can hold a text holds each hostile one, in both languages."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0H9"/></svg>'
    sections = tuple(
        Section(
            f"s{number}", text,
            (
                Paragraph(text), Paragraph(text, Tone.WARNING), Bullets((text, text)), Facts(((text, text),)), Table(f"t{number}", (text, "b"), ((text, text),), text),
                Figure(f"f{number}", svg, text, text), Blanks((text,)),
            ),
            ("A1",),
        )
        for number, text in enumerate(HOSTILE)
    )  # fmt: skip
    zh = Part("zh", HOSTILE[0], HOSTILE[1], sections)
    place = Place("A1", 0.0, 1.0, "0001.jsonl:1", "0001.jsonl:2")
    return Report(
        Kind.RAID,
        HOSTILE[0],
        "",
        "ab" * 32,
        "2026-03-01T09:30:00+00:00",
        "tool",
        (zh, replace(zh, lang="en")),
        (place,),
        {"note": HOSTILE[3]},
    )
