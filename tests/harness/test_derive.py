"""From journal bytes to streams: what a weighing says, where an analyser's ticks lie, when a register held its value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from captures.errors import IntegrityError
from captures.journal import JournalWriter
from captures.model import Direction, WireChunk
from harness.derive import read_recorded
from harness.derive.pulses import capture_runs
from harness.derive.sales import Poll, Reports, dispenser_reports
from harness.derive.weighing import litres
from protocols.contract import Role
from protocols.dispensing import SaleState
from protocols.wire import dart, sigrok_pico

MS = 1_000_000


def test_a_weighed_can_is_corrected_for_air() -> None:
    """10 L of 745 kg/m3 read (745 - 1.2) x 10 / (1 - 1.2/8000) = 7439.12 g on a balance."""
    volume, u = litres(
        {
            "gross_g": Decimal("10639.12"),
            "tare_g": Decimal(3200),
            "density_kg_m3": Decimal(745),
            "t_c": Decimal(15),
            "t_meter_c": Decimal(15),
        }
    )
    assert volume == pytest.approx(10.0, abs=1e-5)
    assert 0.005 < u < 0.012
    without = 7439.12 / 745  # without it a third of the permissible error would be invented
    assert without == pytest.approx(9.985, abs=1e-3)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("density_kg_m3", "0.745", "600 to 1000"),
        ("tare_g", "12000", "tare_g < gross_g"),
        ("gross_g", "-1", "tare_g < gross_g"),
    ],
)
def test_readings_that_cannot_be_true(key: str, value: str, message: str) -> None:
    good = {"gross_g": Decimal(10600), "tare_g": Decimal(3200), "density_kg_m3": Decimal(745), "t_c": Decimal(15)}
    with pytest.raises(ValueError, match=message):
        litres({**good, key: Decimal(value)})


def chunk(t_ns: int, data: bytes, way: Direction = Direction.RX) -> WireChunk:
    return WireChunk(t_ns, "line", way, data)


def analyser_chunks(late_ns: list[int], count: int | None) -> list[WireChunk]:
    """A run of 1 MHz samples: D0 rises at every 10 ms, one chunk a 20 ms, chunk i arriving late_ns[i] late."""
    tx = [sigrok_pico.SampleRate(1_000_000), sigrok_pico.RunContinuous()]
    chunks = [chunk(5, b"".join(sigrok_pico.PROTOCOL.encode(m, Role.HOST) for m in tx), Direction.TX)]
    total, previous = 0, None
    for i, late in enumerate(late_ns):
        start = i * 20_000
        ticks = np.arange(start, start + 20_000, 5_000, dtype=np.int64)
        values = np.array([0, 1, 0, 1], dtype=np.uint32)
        raw = sigrok_pico.encode_samples(
            ticks, values, start_tick=start, end_tick=start + 20_000, previous=previous, digital_channels=1
        )
        previous = 1
        total += len(raw)
        chunks.append(chunk(1_000 * MS + (i + 1) * 20 * MS + late, raw))
    end = sigrok_pico.PROTOCOL.encode(sigrok_pico.End(total if count is None else count), Role.DEVICE)
    return [*chunks, chunk(2_000 * MS, end)]


def test_the_clock_map_is_the_lower_envelope_of_arrivals() -> None:
    [run] = capture_runs("analyser", ["reference.P"], analyser_chunks([9 * MS, 0, 3 * MS, 7 * MS], None), "x", 1.0)
    assert run.complete
    assert run.clock.offset_ns == 1_000 * MS  # the one chunk that was not late fixes it
    train = run.trains["reference.P"]
    assert train.window == (0, 79_999)
    assert list(run.clock.to_ns(train.rising[:2])) == [1_005 * MS, 1_015 * MS]
    assert not train.gaps


@pytest.mark.parametrize("count", [3, 10**6])
def test_a_wrong_closing_count_is_a_gap(count: int) -> None:
    [run] = capture_runs("analyser", ["reference.P"], analyser_chunks([0, 0], count), "x", 1.0)
    assert not run.complete
    assert run.trains["reference.P"].gaps == ((0, 39_999),)
    assert "counted" in run.why


def sale_frame(seq: int, volume: int) -> bytes:
    return dart.PROTOCOL.encode(dart.Data(0x50, seq, (dart.Filled(volume, 0),)), Role.DEVICE)


def test_a_repeated_frame_is_no_new_reading() -> None:
    frames = [chunk(100 * MS, sale_frame(1, 5)), chunk(300 * MS, sale_frame(1, 5)), chunk(500 * MS, sale_frame(2, 9))]
    polls = dispenser_reports(frames, "line", dart.DartDialogue(dart.PROTOCOL), 1.0).polls
    assert [p.volume for p in polls] == [5, 9]


def test_a_register_held_before_its_frame_was_sent() -> None:
    frame = sale_frame(1, 5)
    [poll] = dispenser_reports([chunk(100 * MS, frame)], "line", dart.DartDialogue(dart.PROTOCOL), 1.0).polls
    line_ns = len(frame) * dart.PROTOCOL.line.char_ns()
    assert poll.t_ns + poll.u_ns <= 100 * MS
    assert poll.t_ns - poll.u_ns <= 100 * MS - line_ns - 25 * MS


def test_a_journal_that_no_run_wrote_is_refused(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header", "tool": "other"}) as writer:
        writer.append({"kind": "wire", "link": "a", "dir": "rx", "reads": [[1, "x"]]})
        writer.sync()
    with pytest.raises(IntegrityError, match="no header with a bench"):
        read_recorded(tmp_path)


def test_a_record_that_lacks_what_it_promises_is_named(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header", "bench": "x"}) as writer:
        writer.append({"kind": "wire", "link": "a", "dir": "sideways", "reads": []})
        writer.sync()
    with pytest.raises(IntegrityError, match="line 2"):
        read_recorded(tmp_path)


def test_a_start_value_is_what_the_pump_confirms_before_anything_flows() -> None:
    def reports(polls: list[tuple[int, int]], quiet: list[int]) -> Reports:
        states = [(1000, SaleState.DELIVERING)]
        return Reports([Poll(t, 5, v, 0) for t, v in polls], states=states, quiet_ns=quiet)

    carried = reports([(500, 1370), (1000, 5), (1600, 40)], [1200])
    heard = carried.start_value(900, 9000)
    assert heard is not None
    assert heard.volume == 5
    # nobody said that it stood still: it may have been counting already
    assert reports([(500, 1370), (1000, 5), (1600, 40)], [1700]).start_value(900, 9000) is None
    # the sale before, not zeroed yet
    assert reports([(500, 1370), (1000, 1370)], [1200]).start_value(900, 9000) is None
    zeroed = reports([(500, 1370), (1000, 0), (1100, 3)], []).start_value(900, 9000)
    assert zeroed is not None
    assert zeroed.volume == 0
