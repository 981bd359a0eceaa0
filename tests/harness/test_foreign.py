"""Recordings made elsewhere: mapped to stations they are judged by the laws of the chain, and never prove anything."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import HONEST, Tamper, delivery, instrument
from captures.case import Case
from captures.errors import CaptureError, IntegrityError
from captures.formats import read, write
from captures.journal import JournalWriter
from captures.model import Capture, EdgeKind, MarkSource, Origin, PulseTrain
from harness.derive.foreign import Declaration, foreign_segments, from_body
from harness.derive.foreign_marks import read_marks
from harness.exits import Exit, UsageError
from harness.imported import import_recording, imports, is_case
from harness.judge.contract import SegmentKind
from harness.judge.foreign import AT_MOST_SUSPECT
from harness.judging import judge_path, judge_recording
from tests.commands import parsed, shortmeasure

STATIONS = {"D0": "encoder.A", "D1": "encoder.B", "D2": "board.A", "D3": "board.B", "D4": "reference.P"}
DECLARED = Declaration(
    stations=STATIONS,
    profile={
        "pulses_per_litre": "100", "reference_pulses_per_litre": "200", "decoding": "x4", "topology": "direct", "blending": False,
    },
)  # fmt: skip


TAMPERED = Tamper(insert_random=0.05)


def recorded(tamper: Tamper = HONEST, litres: float = 60.0, seed: int = 1) -> Capture:
    """A delivery of the detectors' generator as a logic analyser's file would hold it."""
    rng = np.random.default_rng(seed)
    segment = delivery(rng, instrument(rng, "nominal"), litres, tamper=tamper, emi=0.0)
    trains = tuple(
        replace(segment.trains[name], station="tap", channel=channel, clock="file")
        for channel, name in STATIONS.items()
    )
    return Capture(header={"format": "test"}, trains=trains)


def train(channel: str, ticks: list[int], window: tuple[int, int] = (0, 100_000_000), tick: int = 10**6) -> PulseTrain:
    levels = (np.arange(len(ticks)) % 2 == 0).astype(np.uint8)
    return PulseTrain(
        station="tap", channel=channel, ticks=np.array(ticks, np.int64), tick_s=Fraction(1, tick), edge=EdgeKind.BOTH, window=window,
        origin=Origin("test", ""), clock="file", levels=levels,
    )  # fmt: skip


def test_mapped_channels_are_one_segment_on_one_clock() -> None:
    capture = Capture(header={}, trains=(train("D0", [5, 9]), train("D1", [7]), train("x", [8]), train("idle", [])))
    declared = Declaration({"D0": "encoder.A", "D1": "board.A"})
    own, tap = foreign_segments(capture, "f", declared)
    assert (own.kind, sorted(own.trains)) == (SegmentKind.DELIVERY, ["board.A", "encoder.A"])
    assert {t.clock for t in own.trains.values()} == set(own.clocks) == {"file"}
    assert own.trains["board.A"].ticks.tolist() == [7]
    assert own.window_ns == (0, 100_000_000_000)
    assert (tap.id, tap.kind, list(tap.trains)) == ("f:x", SegmentKind.TAP, ["tap.x"])
    assert own.context["foreign"] is True


def test_ticks_of_another_length_are_another_clock() -> None:
    capture = Capture(header={}, trains=(train("D0", [5]), train("D1", [7], tick=10**7)))
    [own] = foreign_segments(capture, "f", Declaration({"D0": "encoder.A", "D1": "board.A"}))
    assert len({t.clock for t in own.trains.values()}) == 2


@pytest.mark.parametrize(
    ("stations", "message"),
    [
        ({"D9": "encoder.A"}, r"expected a channel of the file \(D0, D1\), got 'D9'"),
        ({"D0": "display.A"}, r"expected a station \(encoder.A, .*reference.P\), got 'display.A'"),
        ({"D0": "encoder.A", "D1": "encoder.A"}, "each station once"),
    ],
)
def test_a_wrong_mapping_is_refused(stations: dict[str, str], message: str) -> None:
    capture = Capture(header={}, trains=(train("D0", [5]), train("D1", [7])))
    with pytest.raises(UsageError, match=message):
        foreign_segments(capture, "f", Declaration(stations))


def test_pauses_part_deliveries_and_a_window_cuts() -> None:
    ticks = [
        *range(1_000_000, 2_000_000, 5_000),
        *range(8_000_000, 9_000_000, 5_000),
        *range(30_000_000, 31_000_000, 5_000),
    ]
    capture = Capture(header={}, trains=(train("D0", ticks), train("D1", [tick + 7 for tick in ticks])))
    declared = Declaration({"D0": "encoder.A", "D1": "board.A"}, pause_s=Decimal("5"))
    parts = foreign_segments(capture, "f", declared)
    assert [part.id for part in parts] == ["f#1", "f#2", "f#3"]
    bounds = [part.window_ns for part in parts]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 100_000_000_000
    assert all(a[1] + 1 == b[0] for a, b in pairwise(bounds))
    assert 2e9 < bounds[0][1] < 8e9
    [one] = foreign_segments(capture, "f", replace(declared, window_s=(Decimal("7.5"), Decimal("9.5"))))
    assert one.window_ns == (7_500_000_000, 9_500_000_000)
    with pytest.raises(UsageError, match=r"at least 0\.1 s"):
        foreign_segments(capture, "f", replace(declared, pause_s=Decimal("0.01")))
    with pytest.raises(UsageError, match=r"expected a part of 0\.000000 to 100\.000000 s"):
        foreign_segments(capture, "f", replace(declared, window_s=(Decimal("200"), None)))


def test_without_a_sample_rate_there_are_no_times() -> None:
    capture = Capture(
        header={}, trains=(replace(train("D0", [5]), tick_s=None), replace(train("D1", [7]), tick_s=None))
    )
    declared = Declaration({"D0": "encoder.A", "D1": "board.A"})
    [own] = foreign_segments(capture, "f", declared)
    assert (own.window_ns, own.clocks) == ((0, 0), {})
    with pytest.raises(UsageError, match="no sample rate"):
        foreign_segments(capture, "f", replace(declared, pause_s=Decimal(1)))
    assert judge_recording(capture, "f", declared)["integrity"] == "inconclusive"


def test_an_honest_recording_is_not_accused_and_says_what_was_asked() -> None:
    document = judge_recording(recorded(), "f", DECLARED)
    assert document["findings"] == []
    assert document["integrity"] in ("no_evidence", "inconclusive")
    asked = {question["text"] for question in document["coverage"]}
    assert "do more pulses enter the board than leave the encoder" in asked
    assert "do the channels move as one shaft moves them (board)" in asked
    shown = [q for q in document["coverage"] if q["text"] == "does what is shown follow what was delivered"]
    assert [(q["answered"], q["required"]) for q in shown] == [(False, False)]


def test_pulses_put_in_are_suspect_and_never_proven() -> None:
    document = judge_recording(recorded(TAMPERED), "f", DECLARED)
    assert document["integrity"] == "suspect"
    heads = [finding for finding in document["findings"] if finding["link"] == "encoder>board"]
    assert heads
    assert all(
        finding["level"] == "suspect" and AT_MOST_SUSPECT in finding["limits"] for finding in document["findings"]
    )


def test_many_suspect_deliveries_together_are_no_proof_either() -> None:
    """The cap is not a matter of evidence: enough for proof in a case of our own, still suspect here."""
    one = recorded(TAMPERED)
    length = one.trains[0].window[1] + 20_000_000
    trains = []
    for t in one.trains:
        assert t.levels is not None
        ticks = np.concatenate([t.ticks + k * length for k in range(6)])
        trains.append(replace(t, ticks=ticks, levels=np.tile(t.levels, 6), window=(0, 6 * length)))
    capture = Capture(header={}, trains=tuple(trains))
    document = judge_recording(capture, "f", replace(DECLARED, pause_s=Decimal(10)))
    found = [finding for finding in document["findings"] if finding["link"] == "encoder>board"]
    assert found[0]["evidence"] > found[0]["threshold"]
    assert found[0]["conditions"]["reproduced_or_two_stations"]
    assert {finding["level"] for finding in document["findings"]} == {"suspect"}


def test_a_case_keeps_what_was_declared_and_gives_the_same_verdict(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.vcd"
    write(recorded(TAMPERED, 20.0), file, "vcd")
    marks_file = tmp_path / "marks.csv"
    marks_file.write_text("time_s,kind,payload\n2.5,press remote,seized remote\n")
    capture = read(file)
    marks = read_marks(marks_file, capture)
    declared = replace(DECLARED, marks=marks)
    before = judge_recording(capture, file.name, declared)
    import_recording(file, tmp_path / "case", declared, marks_file)
    assert is_case(tmp_path / "case")
    [again] = imports(Case.open(tmp_path / "case"))
    assert again.declared == declared
    after = judge_path(tmp_path / "case")
    strip = lambda document: json.dumps({**document, "instrument": ""}, sort_keys=True)  # noqa: E731
    assert strip(after) == strip(before)
    assert (tmp_path / "case" / "data" / "originals" / "marks.csv").read_bytes() == marks_file.read_bytes()
    assert any(segment["context"].get("events") == ["press remote"] for segment in after["segments"])


def test_a_folder_of_channel_files_is_imported_whole(tmp_path: Path) -> None:
    write(recorded(litres=8.0), tmp_path / "bins", "saleae-bin")
    capture = read(tmp_path / "bins")
    declared = Declaration({"D0": "encoder.A", "D2": "board.A"}, {"pulses_per_litre": "100"})
    before = judge_recording(capture, "bins", declared)
    import_recording(tmp_path / "bins", tmp_path / "case", declared)
    after = judge_path(tmp_path / "case")
    assert after["readings"] == before["readings"]


def test_a_declaration_survives_its_journal_body() -> None:
    declared = replace(DECLARED, window_s=(None, Decimal("3.50")), pause_s=Decimal("2"))
    body: dict[str, Any] = json.loads(json.dumps(declared.body()))
    assert from_body(body, "here") == declared
    for key in body:
        with pytest.raises(IntegrityError, match="here: an import record lacks"):
            from_body({**body, key: [[1]]}, "here")


def test_an_import_record_names_recorded_originals_only(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("tick,channel,level\n1,A,1\n")
    import_recording(file, tmp_path / "case", Declaration())
    case = Case.open(tmp_path / "case")
    with JournalWriter.resume(case.journal) as writer:
        writer.append({"kind": "import", "name": "x", "originals": ["../../etc/passwd"], **Declaration().body()})
    with pytest.raises(IntegrityError, match="expected an import of originals recorded before it"):
        imports(case)


# --- marks ---


def test_marks_are_exact_and_say_how_well_they_are_known(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    capture = Capture(header={}, trains=(train("D0", [5], tick=4_000_000),))
    path.write_text('time_s,kind,payload\n12.30,press remote,\n1.5,note,"{""by"": ""officer""}"\n-0.25,note,before\n')
    marks = read_marks(path, capture)
    assert [(m.t_ns, m.u_ns, m.kind, dict(m.payload)) for m in marks] == [
        (-250_000_000, 5_000_000, "note", {"text": "before"}),
        (1_500_000_000, 50_000_000, "note", {"by": "officer"}),
        (12_300_000_000, 5_000_000, "press remote", {}),
    ]
    assert {m.source for m in marks} == {MarkSource.IMPORT}
    path.write_text("tick,kind,payload,u_s\n10,key,5,0.2\n")
    [mark] = read_marks(path, capture)
    assert (mark.t_ns, mark.u_ns, mark.payload) == (2_500, 200_000_000, {"text": "5"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_s,kind\n1,x\n", "expected columns time_s or tick, kind, payload"),
        ("time_s,kind,payload\n1e3,x,\n", "mark 1: expected plain decimal times, got '1e3'"),
        ("time_s,kind,payload\n1,\x1b[2J,\n", "expected a kind of letters"),
        ("time_s,kind,payload\n1,x,{oops\n", "expected text or a JSON object"),
        ("time_s,kind,payload,u_s\n1,x,,-3\n", "expected plain decimal times"),
        ("time_s,kind,payload\n1,x,a,b\n", "expected columns"),
        ("time_s,kind,payload\n1,x\n", "expected columns"),
    ],
)
def test_bad_marks_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(CaptureError, match=message):
        read_marks(path, Capture(header={}, trains=(train("D0", [5]),)))


def test_what_no_law_was_asked_about_is_undecided_and_names_the_channels(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "taps.vcd"
    write(recorded(HONEST, 5.0), file, "vcd")
    code, out, err = shortmeasure(capfd, "judge", file, "--json")
    assert (code, parsed(out)["integrity"]) == (Exit.INCONCLUSIVE, "inconclusive")
    assert "--map CHANNEL=STATION" in err
    assert "channels of the file: D0, D1, D2, D3, D4" in err
