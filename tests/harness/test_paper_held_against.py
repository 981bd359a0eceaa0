"""The table of measurements: rows that add up as printed."""

from __future__ import annotations

from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.case import Case
from fixtures.language import speaking
from harness.paper.held_against import held_against
from harness.paper.model import Table
from harness.paper.sections import runs_section
from harness.paper.source import Source
from harness.report.indicated import indicated, untouched_loads
from tests.commands import document
from tests.harness.test_judge_loads import FULL, loading
from tests.papers import inspected


def reading(
    display: str | None,
    reference: float | None,
    step: float | None,
    indicated: float | None = None,
    compared: bool = True,
) -> dict[str, Any]:
    said = indicated if display is None else float(display)
    error = said - reference if compared and said is not None and reference is not None else None
    return {"display_l": display, "indicated_l": said, "reference_l": reference, "error_l": error, "step_l": step}


@pytest.mark.parametrize(
    ("one", "cells"),
    [
        (reading("44240", 43017.0, 20.0), ("44240", "43017", "+1223", "+2.84 %")),
        (reading("1234567", 1234500.0, 1.0), ("1234567", "1234500", "+67", "+0.00543 %")),
        (reading(None, 1234567.0, None), ("-", "1234567", "-", "-")),
        (reading("1.520", 1.3725, 0.005), ("1.520", "1.3725", "+0.1475", "+10.7 %")),
        (reading("0.3", 0.1 + 0.2, None), ("0.3", "0.3", "+0", "+0 %")),  # dust of arithmetic
        (reading("0.000", -0.0, 0.005), ("0.000", "0", "+0", "-")),
        (reading("-0.000", 0.0, 0.005), ("0.000", "0", "+0", "-")),
        (reading("-0.535", 0.0, 0.005), ("-0.535", "0", "-0.535", "-")),
        (reading("20.00", 20.0123, 0.01), ("20.00", "20.012", "-0.012", "-0.06 %")),
        (reading("20.00", 20.00001, 0.01), ("20.00", "20", "+0", "+0 %")),
        (reading(None, 3.21, 0.1, indicated=3.0), ("3.0", "3.21", "-0.21", "-")),
        (reading(None, 20.0, None, indicated=20.1234), ("20.1234", "20", "+0.1234", "+0.617 %")),
        (reading("0.650", 1.19, 0.005, compared=False), ("0.650", "1.19", "-", "-")),
        (reading("0.650", None, 0.005), ("0.650", "-", "-", "-")),
        (reading(None, None, None), ("-", "-", "-", "-")),
        ({**reading(None, None, 0.01), "display_l": "0.02"}, ("0.02", "-", "-", "-")),  # a shut nozzle
    ],
)  # fmt: skip
def test_figures_are_plain_decimals_that_add_up(one: dict[str, Any], cells: tuple[str, ...]) -> None:
    assert held_against(one) == cells


@given(
    display=st.decimals(-(10**9), 10**9, places=None, allow_nan=False).map(lambda one: f"{one:f}") | st.none(),
    said=st.floats(allow_nan=False, allow_infinity=False),
    reference=st.floats(allow_nan=False, allow_infinity=False),
    step=st.sampled_from([None, 0.001, 0.005, 0.01, 0.1, 1.0, 2.0, 20.0, 50.0]),
)
def test_every_row_adds_up_to_its_last_printed_digit(
    display: str | None, said: float, reference: float, step: float | None
) -> None:
    cells = held_against(reading(display, reference, step, said))
    assert not any("e" in one.lower() or "×" in one for one in cells[:3])
    assert cells.error != "-0"
    printed, true, error = (Decimal(one) for one in cells[:3])
    assert Context(prec=1000).subtract(printed, true) == error
    tenth = Decimal(repr(step)) / 10 if step else Decimal(1)
    assert abs(true - Decimal(f"{reference:.12g}")) <= tenth / 2


def test_a_load_that_keys_changed_has_a_row_for_each_reading(tmp_path: Path) -> None:
    load = loading("M1.1", "1.19", ["1.190", "1.320"], ["unheard-of"])
    moved = loading("D", "0.53", ["0.530", "0.585"], t_s=100)
    loads = untouched_loads([load, moved], FULL)
    document = {
        "segments": [
            {
                "id": one.id, "phase": "C", "state": "power-0", "begin_s": 0.0, "end_s": 25.0, "register_l": None,
                **indicated(one, FULL, loads),
            }
            for one in (load, moved)
        ]
    }  # fmt: skip
    source = Source(Case(tmp_path), "", "", "", "", "", {}, document)
    rows = {}
    for lang in ("en", "zh"):
        with speaking(lang):
            section = runs_section(source, document, "kg")
        assert section is not None
        [table] = section.blocks
        assert isinstance(table, Table)
        rows[lang] = [(row[0], *row[3:]) for row in table.rows]
        assert len(table.rests) == len(table.rows)
    assert rows["en"] == [
        ("M1.1", "0.0", "25.0", "1.190", "1.19", "+0", "+0 %"),
        ("M1.1, after keys", "12.0", "12.0", "1.320", "1.19", "-", "-"),
        ("D", "0.0", "25.0", "0.530", "0.53", "-", "-"),
        ("D, read later", "112.0", "112.0", "0.585", "0.53", "-", "-"),
    ]
    assert [row[0] for row in rows["zh"]] == ["M1.1", "M1.1（按键后）", "D", "D（其后读数）"]


def test_a_scale_that_a_code_turns_up_is_told_so_reading_by_reading(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Digits and the like honestly change no weight: behind them a load still has its error, behind tare and unit it has none."""
    report = document(capfd, "report", inspected("price-scale-keys", tmp_path), "--lang", "en")
    [table] = [
        block
        for section in report["parts"][0]["sections"]
        for block in section["blocks"]
        if block["type"] == "table" and block["name"] == "measurements"
    ]
    rows = [(row[0], *row[5:8]) for row in table["rows"]]
    assert all(Decimal(display) - Decimal(true) == Decimal(error) for _, display, true, error in rows if error != "-")
    after = [Decimal(error) for name, _, _, error in rows if name.endswith(", after keys") and error not in ("-", "+0")]
    assert max(after) > Decimal("0.1")
    errors = {name: error for name, _, _, error in rows}
    assert Decimal(errors["K2"]) > Decimal("0.1")
    assert errors["M1.1"] == "+0"
    assert errors["T1, after keys"] == errors["T2"] == "-"
