"""`shortmeasure tariffs`: the list, what a tariff says and leaves open, its golden fares, and the fare of a trip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.exits import Exit
from protocols.tariff import folder
from tests.commands import document, shortmeasure

TOKYO = (folder() / "tokyo_2017.toml").read_text("utf-8")


def test_the_list_says_what_is_left_open_and_that_nothing_is_verified_throughout(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {row["id"]: row for row in document(capfd, "tariffs", "list")["tariffs"]}
    assert len(rows) == 18
    assert rows["beijing-2013"]["unknowns"] == 9
    assert not any(row["verified"] for row in rows.values())
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(capfd, "tariffs", "list")
    assert code == Exit.OK
    assert "北京" in out
    assert "未定项" in out


def test_unverified_stands_next_to_every_figure(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    code, out, _ = shortmeasure(capfd, "tariffs", "show", "hangzhou-2022")
    assert code == Exit.OK
    lines = out.splitlines()
    assert lines[lines.index("distance.price = 2.5") + 1].startswith("    [V] ")
    assert lines[lines.index("tier.empty-return.extra = 0.5") + 1].startswith("    [P, unverified] ")
    assert "distance.step_m: 1000 | 500 | 100 | 1" in out
    shown = document(capfd, "tariffs", "show", "hangzhou-2022")
    assert {"key": "distance.price", "text": "2.5", "source": "taximeters.md 2.5 [S44b], page of the city", "grade": "V", "verified": True} in shown["values"]  # fmt: skip


def test_a_tariff_file_of_ones_own_is_checked(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(TOKYO, "utf-8")
    assert document(capfd, "tariffs", "check", str(own)) == {
        "schema": "shortmeasure/1", "kind": "tariff-check", "id": "tokyo-2017", "golden": 5, "readings": 32, "failures": [],
    }  # fmt: skip
    own.write_text(TOKYO.replace("fare = 730", "fare = 720"), "utf-8")
    code, out, _ = shortmeasure(capfd, "tariffs", "check", str(own), "--json")
    assert code == Exit.PRECONDITION
    assert "expected 720 displayed, got 730" in json.loads(out)["failures"][0]
    own.write_text(TOKYO[: TOKYO.index("[[golden]]")], "utf-8")
    assert shortmeasure(capfd, "tariffs", "check", str(own))[0] == Exit.PRECONDITION
    own.write_text(TOKYO.replace("price = 410", "price = -410"), "utf-8")
    code, _, err = shortmeasure(capfd, "tariffs", "check", str(own))
    assert code == Exit.PRECONDITION
    assert "own.toml, line 14: start: price expected a number from 0" in err
    own.write_bytes(b"\xff\xfe")
    assert "expected UTF-8 text" in shortmeasure(capfd, "tariffs", "check", str(own))[2]


def test_published_fares_on_the_command_line(capfd: pytest.CaptureFixture[str]) -> None:
    for km, expected in (("2.0", "730"), ("2.5", "970"), ("3.5", "1290"), ("4.0", "1450"), ("7.6", "2650")):
        [only] = document(capfd, "tariffs", "fare", "tokyo-2017", "--km", km)["fares"]
        assert only["displayed"] == expected


def test_what_is_left_open_gives_several_fares_until_it_is_chosen(capfd: pytest.CaptureFixture[str]) -> None:
    asked = (
        "fare",
        "shenzhen-2024",
        "--km",
        "3.3",
        "--choose",
        "display.step=0.1",
        "--choose",
        "display.rounding=half-up",
    )
    several = document(capfd, "tariffs", *asked)
    assert [(one["displayed"], one["readings"]) for one in several["fares"]] == [
        ("12.7", 2), ("13.5", 4), ("14.1", 1), ("15.4", 1),
    ]  # fmt: skip
    [one] = document(capfd, "tariffs", *asked, "--choose", "distance.step_m=1000", "--choose", "distance.charge=begun")["fares"]  # fmt: skip
    assert one["displayed"] == "15.4"


def test_conditions_hours_and_extras(capfd: pytest.CaptureFixture[str]) -> None:
    chosen = ("--choose", "start.distance_m=321.8688", "--choose", "distance.charge=begun")
    by_day = document(capfd, "tariffs", "fare", "new-york-2025", "--km", "1.5", *chosen)["fares"][0]
    peak = document(capfd, "tariffs", "fare", "new-york-2025", "--km", "1.5", "--at", "17:00", *chosen)["fares"][0]
    sunday = document(capfd, "tariffs", "fare", "new-york-2025", "--km", "1.5", "--at", "17:00", "--day", "sun", *chosen)["fares"][0]  # fmt: skip
    twice = document(capfd, "tariffs", "fare", "new-york-2025", "--km", "1.5", "--declare", "suburb", *chosen)["fares"][0]  # fmt: skip
    assert (by_day["displayed"], by_day["paid"], peak["paid"], sunday["paid"]) == ("5.8", "7.30", "9.80", "7.30")
    assert twice["displayed"] == "8.6"


def test_a_logged_course_is_replayed_with_its_steps(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time_s,distance_m\n" + "".join(f"{t},{min(10 * t, 1500)}\n" for t in range(241)), "utf-8")
    found = document(
        capfd, "tariffs", "fare", "tokyo-2017", "--course", str(log), "--steps", "--choose", "time.accumulation=joint"
    )
    assert [(row["time_s"], row["displayed"]) for row in found["steps"][:3]] == [
        ("0.000", "410"), ("106.000", "490"), ("129.000", "570"),
    ]  # fmt: skip
    assert found["fares"][0]["slow_s"] == "90.000"
    log.write_text("time_s,distance_m\n0,0\n1,x\n", "utf-8")
    code, _, err = shortmeasure(capfd, "tariffs", "fare", "tokyo-2017", "--course", str(log))
    assert code == Exit.PRECONDITION
    assert "row 3: expected two numbers, time_s and distance_m" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fare", "atlantis", "--km", "1"], "one of the tariffs beijing-2013"),
        (["fare", "tokyo-2017"], "--km or --course"),
        (["fare", "tokyo-2017", "--km", "x"], "--km expected a number"),
        (["fare", "tokyo-2017", "--km", "-1"], "--km expected 0 to 1000"),
        (["fare", "tokyo-2017", "--km", "nan"], "--km expected a finite number"),
        (["fare", "tokyo-2017", "--km", "1", "--kmh", "0"], "--kmh expected 1 to 300"),
        (["fare", "tokyo-2017", "--km", "1", "--at", "25:00"], "--at expected HH:MM"),
        (["fare", "tokyo-2017", "--km", "1", "--day", "someday"], "--day expected one of mon"),
        (
            ["fare", "tokyo-2017", "--km", "1", "--declare", "airport"],
            "--declare expected what tariff tokyo-2017 knows",
        ),
        (["fare", "tokyo-2017", "--km", "1", "--choose", "a"], "--choose expected KEY=ALTERNATIVE"),
    ],
)
def test_what_cannot_be_asked_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    code, _, err = shortmeasure(capfd, "tariffs", *arguments)
    assert code == Exit.USAGE
    assert message in err


def explained(tmp_path: Path, k: str, *, late_s: float = 0.4) -> tuple[str, str]:
    """A metre-by-metre log of 4.5 km at 36 km/h with a stop, and photos of a display whose meter reads k times too much."""
    from fractions import Fraction

    import numpy as np

    from protocols.tariff import Meter, Trip, fare, parse

    seconds = np.arange(601)
    metres = 10.0 * np.minimum(seconds, 300) + 10.0 * np.clip(seconds - 450, 0, 150)
    trip = Trip.of_distance(seconds * 10**9, metres, 0, 600 * 10**9, 12 * 3600 * 10**9)
    course = fare(parse(TOKYO, "t").first({}).rule, trip, Meter(Fraction(k)))
    log, display = tmp_path / "log.csv", tmp_path / "display.csv"
    log.write_text("time_s,distance_m\n" + "".join(f"{s},{m}\n" for s, m in zip(seconds, metres, strict=True)), "utf-8")
    changes = [t / 1e9 for t, _ in course.changes()]
    photos = sorted(min(max(t + off_s, 0), 600) for t in changes for off_s in (-late_s, late_s))
    display.write_text(
        "time_s,fare\n" + "".join(f"{t:.3f},{course.displayed_at(int(t * 1e9))}\n" for t in photos), "utf-8"
    )
    return str(log), str(display)


def test_which_tariffs_explain_a_display(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files_ = explained(tmp_path, "1.1")
    off = ("--tolerance", "1", "--slack", "0.1")
    code, out, _ = shortmeasure(capfd, "tariffs", "explain", *files_, "--tariff", "tokyo-2022", *off, "--json")
    assert code == Exit.INCONCLUSIVE
    [answer] = json.loads(out)["answers"]
    assert (answer["explained"], answer["failure"]["reading"]) == ("no", 1)  # 410 is no start price of 2022
    joint = (*files_, *off, "--tariff", "tokyo-2017", "--choose", "time.accumulation=joint")
    [answer] = document(capfd, "tariffs", "explain", *joint)["answers"]
    assert answer["explained"] == "yes"
    low, high = answer["intervals"]["k_ratio"]
    assert low <= 1.1 <= high
    assert high - low < 0.01
    code, out, _ = shortmeasure(capfd, "tariffs", "explain", *joint, "--k", "0.96:1.01", "--json")
    assert code == Exit.INCONCLUSIVE
    assert json.loads(out)["answers"][0]["explained"] == "no"


def test_explanations_in_chinese_and_bad_displays(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, display = explained(tmp_path, "1")
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(
        capfd, "tariffs", "explain", log, display, "--tariff", "tokyo-2017", "--tariff", "tokyo-2022", "--clock",
        "1", "--k", "0.9:1.1",
    )  # fmt: skip
    assert code == Exit.OK
    assert "K 值之比" in out
    assert "不可能" in out
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    for arguments, message in (
        (("--k", "2:1"), "--k expected LOW:HIGH"),
        (
            ("--tolerance", "0.5"),
            "--tolerance expected no less than the longest step of the course in which it moves, 1 s",
        ),
        (("--choose", "a=b", "--tariff", "tokyo-2022"), "--choose expected one --tariff"),
        (("--force", "nonsense"), "--force expected a window"),
        (("--slack", "-1"), "--slack expected a number from 0"),
    ):
        code, _, err = shortmeasure(capfd, "tariffs", "explain", log, display, "--tariff", "tokyo-2017", *arguments)
        assert code == Exit.USAGE
        assert message in err
    Path(display).write_text("time_s,fare\n1,-5\n", "utf-8")
    assert "row 2: expected a fare from 0" in shortmeasure(capfd, "tariffs", "explain", log, display)[2]
    Path(display).write_text("time_s,fare\n10000,410\n", "utf-8")
    assert "expected readings between hire and end" in shortmeasure(capfd, "tariffs", "explain", log, display)[2]
