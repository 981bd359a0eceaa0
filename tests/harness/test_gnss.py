"""Fixes of a GNSS receiver -> distance: recorded logs with known figures, made rides with known truth, bad input told."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.errors import CaptureError
from captures.model import Direction, WireChunk
from harness.derive.geodesy import MAJOR_AXIS_M, lengths_m
from harness.derive.gnss import CLOCK, NO_FIX, SILENT, Distance, distance, travelled
from harness.derive.gnss_fixes import KNOT_M_S, NS_PER_S, Track, fixes, log_fixes
from protocols.checks import xor8
from protocols.contract import Role
from protocols.wire.nmea import PROTOCOL, Gga, Rmc

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "truth.json"
FILES: dict[str, Any] = json.loads(TRUTH.read_text("utf-8"))["files"] if TRUTH.exists() else {}
recorded = pytest.mark.skipif(not FILES, reason=f"recorded logs are not at {DATA}")
PLOTTER, MODEM = "gnss/bundg_zeus_9.log", "gnss/quectel-eg25-g.log"
M_PER_DEGREE = math.pi / 180 * MAJOR_AXIS_M  # along the equator


def track_of(name: str) -> Track:
    return log_fixes((DATA / name).read_bytes())


def sentence(
    t_s: float, east_m: float, knots: float, *, day: str = "010226", status: str = "A", mode: str = "A"
) -> bytes:
    """An RMC on the equator, `t_s` of its day."""
    whole, fraction = divmod(round(t_s * 1000), 1000)
    utc = f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{fraction:03d}"
    minutes = round((10 + east_m / M_PER_DEGREE) * 60 * 100_000)  # in 1e-5 of a minute
    place = f"{minutes // 6_000_000:03d}{minutes // 100_000 % 60:02d}.{minutes % 100_000:05d}"
    fix = Rmc("GN", utc, status, "0000.00000", "N", place, "E", f"{knots:.3f}", "90.0", day, mode=mode)
    return PROTOCOL.encode(fix, Role.DEVICE)


def ride(seconds: int = 100, m_s: float = 10.0, **more: Any) -> list[bytes]:
    return [sentence(3600 + t, m_s * t, m_s / KNOT_M_S, **more) for t in range(seconds + 1)]


def driven(lines: list[bytes]) -> Distance:
    return distance(log_fixes(b"".join(lines)))


def made(
    speed_m_s: np.ndarray, rate_hz: float, noise_m: float, rng: np.random.Generator, u_speed: float = 0.0
) -> Track:
    """A ride eastwards whose reported speeds and positions carry noise; `speed_m_s` at the fixes."""
    t_ns = (np.arange(speed_m_s.size) * NS_PER_S / rate_hz).astype(np.int64)
    east = np.concatenate(([0.0], np.cumsum((speed_m_s[1:] + speed_m_s[:-1]) / 2 / rate_hz)))
    zeros = np.zeros(speed_m_s.size, np.int64)
    lon = 10 + (east + rng.normal(0, noise_m, east.size)) / M_PER_DEGREE
    lat = rng.normal(0, noise_m, east.size) / 110_574
    said = np.abs(speed_m_s + rng.normal(0, u_speed, east.size))
    return Track(t_ns, t_ns, zeros, lat, lon, said, np.full(east.size, np.nan), zeros)


# recorded logs


@recorded
@pytest.mark.parametrize("name", [PLOTTER, MODEM])
def test_recorded_logs_give_the_figures_of_an_independent_parser(name: str) -> None:
    truth, track = FILES[name], track_of(name)
    speeds, dt = track.speed_m_s, np.diff(track.utc_ns) / NS_PER_S
    repeated = track.told.get("the same fix again", 0)
    assert len(track) + repeated == truth["rmc_status"]["A"]
    assert track.told.get("no fix", 0) == truth["rmc_status"]["V"]
    assert track.sentences == truth["by_type"]
    assert not track.noise
    steps = lengths_m(track.latitude[:-1], track.longitude[:-1], track.latitude[1:], track.longitude[1:])
    assert float(steps.sum()) == pytest.approx(truth["wgs84_ellipsoid_sum_m"], abs=0.002)
    assert np.count_nonzero(steps > 30) == truth["great_circle"]["steps_over_30m"]
    # the truth's rule: the earlier fix's speed up to the next fix, gaps included
    assert float((speeds[:-1] * dt).sum()) == pytest.approx(truth["reported_speed"]["integral_m"], abs=0.001)
    assert speeds.max() * 3.6 == pytest.approx(truth["reported_speed"]["max_km_h"], abs=5e-4)
    assert (track.latitude[-1], track.longitude[-1]) == pytest.approx(truth["last_fix"], abs=1e-8)
    midnight = track.utc_ns // (86_400 * NS_PER_S) * 86_400 * NS_PER_S
    assert (track.utc_ns - midnight)[0] / NS_PER_S == truth["first_fix_utc_s"]
    assert (track.utc_ns[-1] - track.utc_ns[0]) / NS_PER_S == truth["time_span_s"]
    assert track.days == (date(2000 + int(truth["date"][4:]), int(truth["date"][2:4]), int(truth["date"][:2])),)


@recorded
def test_a_boat_s_straight_course_is_a_reference() -> None:
    found = distance(track_of(PLOTTER))
    truth = FILES[PLOTTER]
    assert found.why_not is None
    assert found.doppler_m == pytest.approx(truth["reported_speed"]["integral_m"], abs=1.0)
    assert found.bridged == 2  # two seconds without a fix, each told
    assert not found.gaps
    assert found.chords.every_fix_m == pytest.approx(truth["wgs84_ellipsoid_sum_m"], abs=0.002)
    assert truth["great_circle"]["first_to_last_m"] < found.chords.length_m < found.chords.every_fix_m
    assert abs(found.doppler_m - found.chords.length_m) < found.u_m < 0.02 * found.doppler_m


@recorded
def test_a_cold_start_among_houses_is_none() -> None:
    found = distance(track_of(MODEM))
    assert found.reference_m is None
    assert [(gap.why, round(gap.straight_m or 0)) for gap in found.gaps] == [(NO_FIX, 201)]
    assert found.measured_s == pytest.approx(30.97 - 9.0, abs=0.01)
    assert found.doppler_m < 54.258 < found.chords.length_m
    assert not found.agrees
    assert found.jumps >= 5


@recorded
@pytest.mark.skipif(
    shutil.which("gpsdecode") is None, reason="gpsd's gpsdecode is not installed (Debian: gpsd-clients)"
)
@pytest.mark.parametrize("name", [PLOTTER, MODEM])
def test_gpsdecode_agrees_on_the_fixes(name: str) -> None:
    """gpsd reports after every sentence, each time what it has by then: one of its reports of each instant is our fix."""
    told = subprocess.run(
        ["gpsdecode", "-j"], input=(DATA / name).read_bytes(), capture_output=True, timeout=60, check=True
    ).stdout.decode("utf-8", "replace")
    reports = [json.loads(line) for line in told.splitlines() if '"class":"TPV"' in line]
    theirs: dict[int, list[tuple[float, float, float]]] = {}
    for report in reports:
        if {"time", "lat", "lon", "speed"} <= set(report):
            t_ms = round(datetime.fromisoformat(report["time"]).timestamp() * 1000)
            theirs.setdefault(t_ms, []).append((report["lat"], report["lon"], report["speed"]))
    track = track_of(name)
    placed = paced = 0
    for t_ns, *place, speed in zip(
        track.utc_ns.tolist(), track.latitude, track.longitude, track.speed_m_s, strict=True
    ):
        here = [one for one in theirs.get(t_ns // 1_000_000, []) if one[:2] == pytest.approx(place, abs=1e-8)]
        placed += bool(here)
        paced += any(one[2] == pytest.approx(speed, abs=1e-3) for one in here)
    assert placed >= len(track) - 1  # gpsd has no date yet at the first fix of a cold start
    assert paced >= 0.85 * len(track)  # it also takes speeds of sentences without a time, and works out its own


# made rides


def test_noise_lengthens_the_sum_of_positions_and_not_the_distance() -> None:
    rng = np.random.default_rng(1)
    speed = np.concatenate((np.zeros(50), np.linspace(0, 12, 50), np.full(2900, 12.0), np.linspace(12, 0, 50)))
    found = distance(made(speed, 10.0, 0.5, rng, u_speed=0.05))
    true_m = float(((speed[1:] + speed[:-1]) / 20).sum())
    assert found.chords.every_fix_m > 1.1 * true_m
    assert found.chords.length_m == pytest.approx(true_m, abs=2 * found.chords.u_m)
    assert found.doppler_m == pytest.approx(true_m, abs=found.u_m)
    assert found.why_not is None


def test_a_stop_counts_nothing_and_is_told() -> None:
    rng = np.random.default_rng(2)
    found = distance(made(np.zeros(601), 1.0, 1.0, rng, u_speed=0.08))
    assert found.doppler_m == 0.0
    assert found.creep_m > 30
    assert len(found.stops) == 1
    assert 0 < found.u_m < 5
    assert found.chords.every_fix_m > 500
    assert found.reference_m is not None


def test_slow_driving_is_no_stop() -> None:
    found = distance(made(np.full(301, 0.45), 1.0, 0.5, np.random.default_rng(3)))
    assert found.doppler_m == pytest.approx(135, abs=0.1)
    assert not found.stops


def test_uncertainties_cover_what_they_say() -> None:
    """Rides with a speed that is wrong by a scale, smoothed noise and a cut last digit."""
    rng = np.random.default_rng(4)
    odd = []
    for _ in range(120):
        legs = [np.linspace(0, 0, 20)]
        for _ in range(4):
            top = rng.uniform(4, 16)
            legs += [
                np.linspace(0, top, 8),
                np.full(int(rng.integers(20, 60)), top),
                np.linspace(top, 0, 6),
                np.zeros(15),
            ]
        speed = np.concatenate(legs)
        track = made(speed, 1.0, 1.5, rng)
        noise = np.convolve(rng.normal(0, 0.1, speed.size + 4), np.full(5, 1 / math.sqrt(5)), "valid")
        said = np.floor(np.abs(speed * (1 + rng.normal(0, 0.005)) + noise) / KNOT_M_S * 10) / 10 * KNOT_M_S
        track = Track(
            track.utc_ns, track.at_ns, track.run, track.latitude, track.longitude, said, track.hdop, track.void, 0, 0.1 * KNOT_M_S
        )  # fmt: skip
        found = distance(track)
        true_m = float(((speed[1:] + speed[:-1]) / 2).sum())
        assert found.reference_m is not None
        odd.append((found.doppler_m - true_m) / found.u_m)
        assert found.u_m < 0.03 * true_m
    assert np.mean(np.abs(odd) < 2) >= 0.95
    assert np.std(odd) > 0.2


@settings(max_examples=40)
@given(st.integers(1, 99_000_000_000), st.floats(0.1, 30))
def test_parts_of_a_ride_add_up(cut_ns: int, m_s: float) -> None:
    speed = m_s + 2 + 2 * np.sin(np.arange(100))
    track = made(speed, 1.0, 0.0, np.random.default_rng(0))
    parts = [distance(track, 0, cut_ns), distance(track, cut_ns, 99_000_000_000)]
    assert sum(part.doppler_m for part in parts) == pytest.approx(distance(track).doppler_m, rel=1e-9)
    assert sum(part.measured_s for part in parts) == pytest.approx(99.0)
    assert not any(part.gaps for part in parts)


def blocks(metres: np.ndarray, side_m: float = 130.0) -> tuple[np.ndarray, np.ndarray]:
    """A way through a town: north and east by turns, round no corner."""
    leg, along = np.divmod(metres, side_m)
    north = (leg + 1) // 2 * side_m + np.where(leg % 2 == 0, along, 0)
    east = leg // 2 * side_m + np.where(leg % 2 == 1, along, 0)
    return east, north


def through_town(noise_m: float, off: Callable[[np.ndarray], np.ndarray] = np.zeros_like) -> Distance:
    """4.8 km at 8 m/s with positions that wander, and `off` metres to the east by the number of the fix."""
    rng = np.random.default_rng(8)
    speed = np.full(601, 8.0)
    east, north = blocks(8.0 * np.arange(601))
    wander = np.cumsum(rng.normal(0, noise_m, (2, 601)), axis=1)
    wander -= np.linspace(0, 1, 601) * wander[:, -1:]
    base = made(speed, 1.0, 0.0, rng)
    lon = 10 + (east + wander[0] + off(np.arange(601))) / M_PER_DEGREE
    return distance(replace(base, latitude=(north + wander[1]) / 110_574, longitude=lon))


def test_chords_round_corners_and_through_noise() -> None:
    for noise_m in (0.0, 0.3):
        found = through_town(noise_m)
        assert found.chords.length_m == pytest.approx(4800, abs=2 * found.chords.u_m)
        assert found.chords.u_m < 0.015 * 4800  # a fix every 8 m cuts corners itself
        assert found.why_not is None


def test_positions_that_jump_contradict_the_speed() -> None:
    """80 m aside for three seconds, again and again: reflections, or a receiver that somebody feeds."""
    found = through_town(0.3, lambda k: np.where(k % 60 < 3, 80.0, 0.0))
    assert found.doppler_m == pytest.approx(4800, abs=0.1)
    assert found.jumps == 20
    assert found.reference_m is None
    assert str(found.why_not).startswith("speeds tell 4800 m, positions ")


# bad input is told and counted


def test_a_tunnel_is_a_gap_and_not_bridged() -> None:
    lines = ride()
    void = [sentence(3600 + t, 0, 0, status="V", mode="N") for t in range(40, 70)]
    found = driven(lines[:40] + void + lines[70:])
    (gap,) = found.gaps
    assert (gap.why, gap.end_ns - gap.begin_ns) == (NO_FIX, 31 * NS_PER_S)
    assert gap.straight_m == pytest.approx(310, abs=0.5)
    assert found.doppler_m == pytest.approx(690, abs=0.1)
    assert found.told == {"no fix": 30}
    assert found.reference_m is None
    assert str(found.why_not) == "gaps: 1, 31.0 s together, the longest 31.0 s: the receiver had no fix"
    assert gap.most_m is not None
    assert gap.straight_m < gap.most_m < 31 * 33.3
    assert found.bounded_m is not None
    metres, u = found.bounded_m
    assert metres == pytest.approx(found.doppler_m + (gap.straight_m + gap.most_m) / 2)
    assert u > (gap.most_m - gap.straight_m) / 2 / 1.74
    (silent,) = driven(lines[:40] + lines[70:]).gaps
    assert silent.why == SILENT


def test_a_window_that_reaches_beyond_the_fixes_has_gaps_at_its_edges() -> None:
    track = log_fixes(b"".join(ride()))
    first, last = int(track.at_ns[0]), int(track.at_ns[-1])
    found = distance(track, first - 5 * NS_PER_S, last + 7 * NS_PER_S)
    assert [(gap.end_ns - gap.begin_ns) // NS_PER_S for gap in found.gaps] == [5, 7]
    assert found.reference_m is None
    near = distance(track, first - NS_PER_S // 2, last + NS_PER_S)
    assert not near.gaps
    assert near.doppler_m == pytest.approx(1015, abs=0.1)
    assert near.u_m > distance(track).u_m + 1
    (only,) = distance(log_fixes(sentence(1, 0, 0, status="V")), 0, NS_PER_S).gaps
    assert only.why == NO_FIX


def test_one_fix_that_is_missing_is_told_and_costs_certainty() -> None:
    lines = ride()
    whole, lacking = driven(lines), driven(lines[:50] + lines[51:])
    assert (whole.bridged, lacking.bridged) == (0, 1)
    assert lacking.doppler_m == pytest.approx(whole.doppler_m, abs=0.01)
    assert lacking.budget["fixes missing"] == pytest.approx(3 / math.sqrt(3))


def test_out_of_order_and_repeated_fixes_are_told() -> None:
    lines = ride()
    mixed = [*lines[:20], lines[10], lines[20], lines[20], *lines[21:]]
    found = driven(mixed)
    assert found.told == {"out of order": 1, "the same fix again": 1}
    assert found.doppler_m == pytest.approx(1000, abs=0.1)
    assert found.why_not is None
    other = sentence(3620, 900.0, 1.0)
    assert driven([*lines[:21], other, *lines[21:]]).told == {"another fix of the same instant": 1}


def test_a_clock_that_is_set_parts_the_ride() -> None:
    lines = ride()
    late = [sentence(1800 + t, 10 * t, 10 / KNOT_M_S) for t in range(50, 101)]
    found = driven(lines[:50] + late)
    assert found.told == {"the receiver's clock was set": 1}
    assert [gap.why for gap in found.gaps] == [CLOCK]
    assert found.bounded_m is None
    assert found.doppler_m == pytest.approx(490 + 500, abs=0.1)


def test_week_rollover_is_named_and_distances_stand() -> None:
    true = date(2026, 2, 1)
    back = true - timedelta(weeks=1024)
    track = log_fixes(b"".join(ride(day=back.strftime("%d%m%y"))))
    assert track.days == (back,)
    assert track.weeks_back(true) == 1024
    assert distance(track).doppler_m == pytest.approx(1000, abs=0.1)
    assert log_fixes(b"".join(ride())).weeks_back(true) == 0
    # in the middle of a log
    jumped = driven(ride()[:50] + ride(day=back.strftime("%d%m%y"))[50:])
    assert jumped.told == {"the receiver's clock was set": 1}
    assert jumped.doppler_m == pytest.approx(990, abs=0.1)


def test_midnight_is_no_gap() -> None:
    lines = [sentence(86_400 - 50 + t, 10 * t, 10 / KNOT_M_S) for t in range(50)]
    lines += [sentence(t, 500 + 10 * t, 10 / KNOT_M_S, day="020226") for t in range(51)]
    found = driven(lines)
    assert found.doppler_m == pytest.approx(1000, abs=0.1)
    assert found.why_not is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (sentence(3700, 0, 1, mode="E"), "no fix: dead reckoning"),
        (sentence(3700, 0, 1, mode="S"), "no fix: simulated"),
        (sentence(3700, 0, 1, day="290226"), "a date that no calendar has"),
        (PROTOCOL.encode(Rmc("GP", "", "A", "", "", "", "", "", "", ""), Role.DEVICE), "status A without"),
        (sentence(3700, 0, 1).replace(b"$GN", b"$II"), ""),
    ],
)
def test_what_is_no_fix_is_counted(line: bytes, why: str) -> None:
    if not why:  # the checksum with the talker
        body = line[1 : line.index(b"*")]
        line = b"$" + body + b"*%02X\r\n" % xor8(body)
        why = "RMC of a talker that is no satellite receiver"
    track = log_fixes(line)
    assert len(track) == 0
    assert [told.startswith(why) for told in track.told] == [True]
    assert distance(track).reference_m is None


@pytest.mark.parametrize("behind", [False, True])
def test_gga_of_the_same_instant_denies_a_fix(behind: bool) -> None:
    fix = sentence(3600, 0, 1)
    gga = Gga("GN", "010000.000", "", "", "", "", "0", "", "", "", "", "", "", "", "")
    denial = PROTOCOL.encode(gga, Role.DEVICE)
    track = log_fixes(fix + denial if behind else denial + fix)
    assert len(track) == 0
    assert track.told == {"status A denied by GGA: no fix": 1}


def test_a_log_of_something_else_is_refused_and_damage_counted() -> None:
    with pytest.raises(
        CaptureError, match=r"expected sentences of NMEA 0183 .* got none; the first of 2 lines: bytes outside"
    ):
        log_fixes(b"time,lat,lon\n1,2,3\n")
    with pytest.raises(CaptureError, match="it is empty"):
        log_fixes(b"# nothing\n")
    lines = ride()
    lines[30] = lines[30].replace(b"*", b"")
    track = log_fixes(b"# a remark\n" + b"".join(lines))
    assert (len(track), track.told) == (100, {"remark": 1})
    assert [noise.why for noise in track.noise] == ["no checksum"]


LINES = st.one_of(
    st.builds(
        sentence, st.sampled_from([0.0, 1.0, 2.0, 3.5, 50.0, 51.0, 52.0, 86_399.0]), st.floats(-5000, 5000), st.floats(0, 999),
        day=st.sampled_from(["010226", "020226", "290226", "170606"]), status=st.sampled_from("AAAV"), mode=st.sampled_from("AAADEN"),
    ),
    st.sampled_from([0.0, 1.0, 2.0, 50.0]).map(
        lambda t_s: PROTOCOL.encode(
            Gga("GN", f"0000{t_s:06.3f}", "", "", "", "", "0", "", "1.5", "", "", "", "", "", ""), Role.DEVICE
        )
    ),
    st.binary(max_size=20),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(LINES, min_size=1, max_size=40))
def test_every_sentence_is_used_or_told(lines: list[bytes]) -> None:
    try:
        track = log_fixes(b"\n".join(lines))
    except CaptureError:
        return
    rmc = sum(count for address, count in track.sentences.items() if address.endswith("RMC"))
    apart = ("the receiver's clock was set", "remark")
    assert rmc == len(track) + sum(count for why, count in track.told.items() if why not in apart)
    assert np.all(np.diff(track.at_ns) >= 0)
    found = distance(track)
    assert math.isfinite(found.doppler_m + found.u_m + found.chords.length_m + found.chords.u_m)
    assert found.doppler_m >= 0
    measured = found.measured_s + sum(gap.end_ns - gap.begin_ns for gap in found.gaps) / NS_PER_S
    assert measured == pytest.approx((found.end_ns - found.begin_ns) / NS_PER_S, abs=1e-6)
    assert np.all(np.diff(travelled(track).steps) >= 0)


# through the journal


def test_fixes_of_a_journal_stand_on_its_clock() -> None:
    """Bursts come late by up to 0.4 s, some two at once, and one byte is damaged."""
    rng = np.random.default_rng(6)
    chunks, lines = [], ride()
    lines[70] = lines[70].replace(b"A", b"V", 1)
    for k, line in enumerate(lines):
        stall = 1.2 if k % 25 == 24 else 0.0
        t_ns = int((1000 + k + stall + 0.1 + rng.uniform(0, 0.3)) * NS_PER_S)
        chunks.append(WireChunk(max(t_ns, chunks[-1].t_ns if chunks else 0), "gnss", Direction.RX, line))
    track = fixes([chunks])
    assert (track.at_ns - 1000 * NS_PER_S)[0] == pytest.approx(0.1 * NS_PER_S, abs=0.02 * NS_PER_S)
    assert np.array_equal(np.diff(track.at_ns), np.diff(track.utc_ns))
    assert [noise.why[:8] for noise in track.noise] == ["checksum"]
    found = distance(track)
    assert found.doppler_m == pytest.approx(1000, abs=0.1)
    assert found.bridged == 1
    trace = travelled(track)
    assert (trace.unit, trace.steps[-1] * trace.step) == ("m", pytest.approx(1000, abs=0.1))
    assert np.all(np.diff(trace.steps) >= 0)
