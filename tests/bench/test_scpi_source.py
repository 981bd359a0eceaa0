"""The pulse source: our driver on simulated generators of each dialect, pyvisa-py on them over a pty, hostile answers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dialect
from fixtures.benchfile import parse
from fixtures.capability import CountsOverGate, Drives, GivesPulses
from fixtures.errors import BenchError, InstrumentError, StopAsked
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.pulse_tally import PulseTally
from fixtures.sim.encoder import Edges
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.scpi_counter import Counter
from fixtures.sim.taxi.bench_scpi import MODELS, ScpiSource
from fixtures.sim.taxi.bench_siglent import SiglentSource
from fixtures.sim.taxi.pulse_output import PulseOutput
from fixtures.sim.world import World
from protocols.contract import LineSettings, ProtocolError
from tests.peers import bench_text, instrument

MS, SECOND = 1_000_000, 1_000_000_000
SPOKEN = {"agilent-33220a": "33220A", "agilent-33500": "33522B", "rigol-dg1000z": "DG1022Z", "siglent-sdg": "SDG"}
K1000 = {"pulses_per_km": "1000"}
DIALECTS = {name: dialect.find(name, 1, "test").settings for name in SPOKEN}


class PulseBench(World):
    """A generator, a counter on its output, and everything that went over the line."""

    def __init__(self, name: str, clock_ppm: float = 0.0) -> None:
        super().__init__()
        self.counter = Counter(self)
        self.edges: list[Edges] = []
        self.output = PulseOutput(self, (self.counter.hear, self.edges.append), clock_ppm)
        model = SPOKEN[name]
        self.source = SiglentSource(self, self.output) if model == "SDG" else ScpiSource(self, model, self.output)
        self.source.port = self.add_port("source", LineSettings(None), self.source.on_bytes)
        self.counter.port = self.add_port("counter", LineSettings(None), self.counter.on_bytes)
        self.add_port("operator", LineSettings(None), lambda data: None)

    @property
    def rises_ns(self) -> np.ndarray:
        return np.concatenate([np.empty(0, np.int64), *(e.times_ns[e.states == 1] for e in self.edges)])


WITH_COUNTER = """
[instruments.counter]
driver = "scpi-counter"
links = { line = "counter" }
zone = "lab"
[links.counter]
url = "sim:counter"
may_write = "our own instrument"
"""


@contextmanager
def bench_of(
    folder: Path,
    world: World | None,
    options: str,
    profile: dict[str, Any] = K1000,
    extra: str = "",
    url: str = "sim:source",
) -> Iterator[Any]:
    """The bench of a source on `world`, or on a real line at ten times the speed; the profile is a taximeter's."""
    text = bench_text("scpi-source", url, options)
    file = replace(parse(text.replace("[roles]", f"{extra}[roles]"), "bench.toml"), profile=profile)
    journal = folder / "journal"
    journal.mkdir()
    bench = open_bench(file, specs("instruments"), journal, {}, world=world, speed=1.0 if world else 10.0)
    try:
        yield bench
    finally:
        bench.close()
        bench.recorder.close("complete")


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_exactly_so_many_pulses_in_every_dialect(tmp_path: Path, name: str) -> None:
    world = PulseBench(name)
    with bench_of(tmp_path, world, f'dialect = "{name}"', extra=WITH_COUNTER) as bench:
        bench.open()
        source, counter = instrument(bench), bench.drivers["counter"]
        assert isinstance(source, GivesPulses)
        assert isinstance(source, Drives)
        assert not world.output.on
        source.rest()
        assert world.output.on
        assert world.output.given == 0
        counter.start()
        told = source.give(137, Decimal("55.5"))
        assert counter.stop() == 137
        trigger = "unseen" if name == "siglent-sdg" else "acknowledged"
        assert told == {"pulses": "137", "rate_hz": "55.5", "bursts": "1", "trigger": trigger}
        assert world.output.given == 137
        assert bench.make_safe() == []
        assert not world.output.on
    assert np.diff(world.rises_ns) == pytest.approx(1e9 / 55.5, abs=2)


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_a_steady_rate_and_a_ramp_keep_within_their_bounds(tmp_path: Path, name: str) -> None:
    world = PulseBench(name, clock_ppm=20.0)
    with bench_of(tmp_path, world, f'dialect = "{name}"') as bench:
        bench.open()
        source = instrument(bench)
        source.run(Decimal(40))
        bench.idle(5 * SECOND)
        source.ramp(Decimal(10), Decimal(3))
        told = source.off()
        after = world.output.given
        bench.idle(SECOND)
    assert world.output.given == after
    least, most = int(told["pulses_least"]), int(told["pulses_most"])
    assert least <= world.output.given <= most
    assert world.output.given == pytest.approx(5 * 40 + 3 * 25, abs=6)
    assert most - least < 40
    gaps = np.diff(world.rises_ns)
    assert gaps[:150] == pytest.approx(1e9 / 40, rel=1e-4)
    assert gaps[-1] > gaps[150] * 2


def test_more_than_a_burst_holds_is_given_in_several(tmp_path: Path) -> None:
    world = PulseBench("agilent-33220a")
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        told = instrument(bench).give(100_001, Decimal(20_000))
    assert told["bursts"] == "3"
    assert world.output.given == 100_001


def test_metres_are_pulses_by_the_constant_of_the_profile(tmp_path: Path) -> None:
    world = PulseBench("agilent-33500")
    with bench_of(tmp_path, world, 'dialect = "agilent-33500"', {"pulses_per_km": "2485"}) as bench:
        bench.open()
        told = instrument(bench).drive(Decimal("100.5"), Decimal(120))
    assert told["pulses"] == "250"  # 249.74
    assert Decimal(told["distance_m"]) == pytest.approx(Decimal("100.6036"), abs=Decimal("0.0001"))
    assert told["rate_hz"] == "82.83333"  # 2485 x 120 / 3600 in the seven digits that are sent
    assert world.output.given == 250


def test_a_gate_counts_one_more_or_less(tmp_path: Path) -> None:
    world = PulseBench("agilent-33500")
    with bench_of(tmp_path, world, 'dialect = "agilent-33500"', extra=WITH_COUNTER) as bench:
        bench.open()
        counter = bench.drivers["counter"]
        assert isinstance(counter, CountsOverGate)
        instrument(bench).run(Decimal("333.3"))
        counter.open_gate(Decimal("2.5"))
        told = counter.gate_count()
        with pytest.raises(BenchError, match="a gate that was opened"):
            counter.gate_count()
        with pytest.raises(BenchError, match="gate expected"):
            counter.open_gate(Decimal(2000))
    assert int(told["pulses_least"]) <= 2.5 * 333.3 <= int(told["pulses_most"])
    assert int(told["pulses_most"]) - int(told["pulses_least"]) == 2
    assert told["gate_s"] == "2.5"


def test_a_stop_inside_a_burst_ends_it(tmp_path: Path) -> None:
    """The instrument is not blocked by a question while it gives: off is heard at once."""
    world = PulseBench("agilent-33220a")
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        source = instrument(bench)

        def ask_to_stop() -> None:
            bench.stop = StopAsked("enough", resumable=False)

        world.after(2 * SECOND, ask_to_stop)
        with pytest.raises(StopAsked):
            source.give(1000, Decimal(10))
        assert bench.make_safe() == []
        assert not world.output.on
        assert world.output.given < 30
        assert source.give(5, Decimal(100))["pulses"] == "5"


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda s: s.give(0, Decimal(10)), "at least one pulse"),
        (lambda s: s.give(5, Decimal(10**9)), "rate expected 0.002 to 20000000 Hz"),
        (lambda s: s.run(Decimal(0)), "rate expected 0.002"),
        (lambda s: s.ramp(Decimal(10), Decimal(3)), "a rate to begin a ramp from"),
        (lambda s: (s.run(Decimal(5)), s.ramp(Decimal(10), Decimal(-1))), "ramp expected above 0"),
        (lambda s: s.drive(Decimal("0.1"), Decimal(60)), "at least one pulse"),
        (lambda s: s.drive(Decimal(100), Decimal(0)), "rate expected"),
    ],
)
def test_what_cannot_be_given_is_refused(tmp_path: Path, act: Callable[[Any], object], why: str) -> None:
    with bench_of(tmp_path, PulseBench("rigol-dg1000z"), 'dialect = "rigol-dg1000z"') as bench:
        bench.open()
        with pytest.raises(BenchError, match=why):
            act(instrument(bench))


def test_metres_without_a_constant_are_refused(tmp_path: Path) -> None:
    with bench_of(tmp_path, PulseBench("rigol-dg1000z"), 'dialect = "rigol-dg1000z"', {}) as bench:
        bench.open()
        with pytest.raises(BenchError, match="pulses_per_km in \\[profile\\]"):
            instrument(bench).drive(Decimal(100), Decimal(60))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("", "dialect is missing; expected one of agilent-33220a, agilent-33500, rigol-dg1000z, siglent-sdg"),
        ('dialect = "agilent"', "dialect expected agilent-33220a"),
        ('dialect = "nothing.toml"', "cannot be read"),
        ('dialect = "agilent-33220a"\nchannel = 2', "a channel from 1 to 1"),
        ('dialect = "siglent-sdg"\nhigh_v = 12.5', "high_v expected -10 to 10"),
        ('dialect = "siglent-sdg"\nlow_v = 5.5', "low below high"),
    ],
)
def test_what_is_wrong_at_the_source_is_named(tmp_path: Path, options: str, why: str) -> None:
    with pytest.raises(BenchError, match=why), bench_of(tmp_path, PulseBench("siglent-sdg"), options):
        pass


# --- instruments that are not what they should be -----------------------------------------------------------------------


def test_nothing_is_set_at_another_instrument(tmp_path: Path) -> None:
    world = PulseBench("rigol-dg1000z")
    heard: list[bytes] = []
    world.ports["source"].on_bytes = lambda data: (heard.append(data), world.source.on_bytes(data))  # type: ignore[func-returns-value]
    with bench_of(tmp_path, world, 'dialect = "agilent-33500"') as bench:
        with pytest.raises(InstrumentError, match=r"dialect agilent-33500 .*, got Simulated DG1022Z: nothing was set"):
            bench.open()
        assert bench.make_safe() == []
    assert heard == [b"*IDN?\n"]


class Spoiled(PulseBench):
    """A 33220A that answers one question by `answer`; None: not at all."""

    def __init__(self, question: bytes, answer: bytes | None) -> None:
        super().__init__("agilent-33220a")
        self.spoil = True
        port = self.ports["source"]

        def hear(data: bytes) -> None:
            if self.spoil and data == question:
                if answer is not None:
                    self.after(5 * MS, lambda: port.send(answer))
                return
            self.source.on_bytes(data)

        port.on_bytes = hear


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        (b"FREQ?\n", b"+1.0000000000000E+01\n", "expected rate_hz as set by 'FREQ 50', but FREQ\\? says"),
        (b"FREQ?\n", b"50S\n", "expected a number in UHZ, MHZ, KHZ, HZ, got '50S'"),
        (b"FREQ?\n", b"+5.00\x00\n", "expected an answer to FREQ"),
        (b"FREQ?\n", b"+9.91E37\n", "no valid reading"),
        (b"FREQ?\n", b"\n", "expected a number such as"),
        (b"FREQ?\n", b"+5.0000000000000E+\n", "expected a number such as"),
        (b"FREQ?\n", b"+5\n", "expected rate_hz as set by 'FREQ 50'"),
        (b"FREQ?\n", None, "expected an answer to FREQ\\? within 3 s"),
        (b"BURS:NCYC?\n", b"+9.9E+37\n", "out of the instrument's range"),
        (b"BURS:NCYC?\n", b"+8.0000000000000E+00\n", "expected cycles as set by 'BURS:NCYC 7'"),
        (b"OUTP?\n", b"0\n", "expected output as set by 'OUTP ON'"),
        (b"SYST:ERR?\n", b'-222,"Data out of range"\n', "error queue says -222"),
        (b"SYST:ERR?\n", b"what?\n", "expected an error entry"),
        (b"*OPC?\n", b"0\n", r"expected 1 in answer to \*OPC\?"),
        (b"*OPC?\n", None, "a burst of 7 pulses at 50 Hz should be over"),
    ],
)
def test_a_setting_that_did_not_take_is_an_error(
    tmp_path: Path, question: bytes, answer: bytes | None, why: str
) -> None:
    world = Spoiled(question, answer)
    world.spoil = False
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        world.spoil = True
        with pytest.raises(InstrumentError, match=why):
            instrument(bench).give(7, Decimal(50))
        world.spoil = False
        assert bench.make_safe() == []
        assert not world.output.on
        assert instrument(bench).give(7, Decimal(50))["pulses"] == "7"


def test_off_is_said_even_to_one_that_no_longer_answers(tmp_path: Path) -> None:
    world = PulseBench("agilent-33220a")
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        instrument(bench).run(Decimal(50))
        world.ports["source"].outward = lambda data: None
        with pytest.raises(InstrumentError, match="within 3 s"):
            instrument(bench).ramp(Decimal(60), Decimal(1))
        assert world.output.on
        failed = bench.make_safe()
        assert len(failed) == 1
        assert not world.output.on


def test_a_queue_is_read_empty_and_told(tmp_path: Path) -> None:
    world = PulseBench("agilent-33220a")
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        for _ in range(3):
            world.source.error(-113)
        with pytest.raises(InstrumentError, match=r'-113,"Undefined header", -113.*, -113'):
            instrument(bench).give(5, Decimal(50))
        assert instrument(bench).give(5, Decimal(50))["pulses"] == "5"


@pytest.mark.parametrize("name", ["agilent-33500", "rigol-dg1000z"])
@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.REPEAT, FaultKind.FLIP, FaultKind.INSERT])
def test_on_a_disturbed_line_it_gives_what_it_says_or_says_why_not(tmp_path: Path, name: str, kind: FaultKind) -> None:
    done = failed = 0
    world = PulseBench(name)
    with bench_of(tmp_path, world, f'dialect = "{name}"') as bench:
        bench.open()
        faults = {kind: 0.002}
        inject(world.ports["source"], to_bench=FaultScript(7, faults), to_device=FaultScript(8, faults))
        for _ in range(40):
            bench.idle(100 * MS)  # what a burst that failed left is over
            before = world.output.given
            try:
                told = instrument(bench).give(20, Decimal(2000))
            except InstrumentError:
                failed += 1
                continue
            assert world.output.given - before == int(told["pulses"]) == 20
            done += 1
    assert done
    assert failed


def test_what_is_left_of_a_burst_that_failed_does_not_count_for_the_next(tmp_path: Path) -> None:
    world = Spoiled(b"SYST:ERR?\n", b'-100,"Command error"\n')
    world.spoil = False
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        source = instrument(bench)
        trigger = source._burst

        def spoiled(cycles: int, rate: Decimal) -> None:
            world.spoil = True
            trigger(cycles, rate)

        source._burst = spoiled
        with pytest.raises(InstrumentError, match="-100"):
            source.give(1000, Decimal(10))
        source._burst, world.spoil = trigger, False
        assert world.output.over_s > 50
        bench.idle(SECOND)
        before = world.output.given
        source.rest()
        assert world.output.given - before <= 1
        before = world.output.given
        source.give(5, Decimal(100))
        assert world.output.given - before == 5


@pytest.mark.parametrize("question", [b"BURS:STAT?\n", b"FREQ?\n", b"OUTP?\n"])
@pytest.mark.parametrize("verb", ["run", "give"])
def test_after_an_error_it_is_set_up_anew(tmp_path: Path, question: bytes, verb: str) -> None:
    """Neither endless pulses nor levels of 0.1 V: what went wrong may have been a power cut."""
    world = Spoiled(question, b"what?\n")
    world.spoil = False
    with bench_of(tmp_path, world, 'dialect = "agilent-33220a"') as bench:
        bench.open()
        source = instrument(bench)
        if question == b"BURS:STAT?\n":
            source.run(Decimal(50))  # so that the next one changes whether it bursts
        world.spoil = True
        with pytest.raises(InstrumentError, match="what"):
            source.run(Decimal(50)) if verb == "run" else source.give(9, Decimal(50))
        world.spoil = False
        world.source.reset()
        before = world.output.given
        source.give(9, Decimal(50))
        bench.idle(SECOND)
        assert world.output.given - before == 9
        assert world.source._high_v == 5.0  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_what_somebody_else_changed_is_an_error_once(tmp_path: Path, name: str) -> None:
    world = PulseBench(name)
    with bench_of(tmp_path, world, f'dialect = "{name}"') as bench:
        bench.open()
        source = instrument(bench)
        source.give(3, Decimal(50))
        world.source.reset()  # a power cut nobody saw, or a key of the front panel
        with pytest.raises(InstrumentError, match="expected shape as set up"):
            source.give(9, Decimal(50))
        assert world.output.given == 3
        source.give(9, Decimal(50))
        assert world.output.given == 12


# --- dialects -----------------------------------------------------------------------------------------------------------

ONE = """
device = "a generator"
models = "G[0-9]"
source = "this test"
grade = "U"
verified = false
channels = 1
lowest_hz = "0.1"
highest_hz = "1000"
lowest_v = "0"
highest_v = "5"
most_cycles = 100
error_queue = true
waits = false
phase_continuous = true
trigger = "*TRG"
""" + "".join(
    f'[settings.{name}]\nset = "{name} {value}"\nask = "{name}?"\ngrade = "U"\n{answers}\n'
    for names, value, answers in (
        (("high_v", "low_v", "rate_hz", "cycles"), "{value}", ""),
        (("output", "burst"), "{value}", 'on = ["1"]\noff = ["0"]'),
        (("shape", "load", "mode", "trigger_source"), "X", 'is = ["X"]'),
    )
    for name in names
)


@pytest.mark.parametrize("name", dialect.built_in())
def test_built_in_dialects_say_what_they_rest_on(name: str) -> None:
    found = dialect.find(name, 1, "test")
    assert not found.verified  # nobody has compared one with its instrument yet
    assert found.source
    described = found.describe()
    assert set(described["settings"]) == set(found.settings)
    assert not any("{" in s["set"].replace("{value}", "") for s in described["settings"].values())


def test_a_dialect_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(ONE)
    found = dialect.find(str(tmp_path / "own.toml"), 1, "test")
    assert found.name == "own"
    assert found.fits("G7")
    assert not found.fits("G77")
    assert found.settings["rate_hz"].set(Decimal("1E+2")) == "rate_hz 100"
    assert found.settings["output"].set(False) == "output OFF"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('models = "G[0-9]"', 'models = "G["', "models expected a regular expression"),
        ("most_cycles = 100", "most_cycles = 0", "most_cycles expected a whole number from 1"),
        ('lowest_hz = "0.1"', "lowest_hz = 0.1", "lowest_hz expected decimal text"),
        ("waits = false", "waits = 0", "waits expected true or false"),
        ("[settings.cycles]", "[settings.wheels]", "unknown key 'wheels'"),
        ('[settings.load]\nset = "load X"\nask = "load?"\ngrade = "U"\nis = ["X"]', "", r"\[settings.load\] is missing"),
        ('set = "high_v {value}"', 'set = "high_v 5"', "expected ASCII with {value} once"),
        ('set = "shape X"', 'set = "shape {value}"', "no {value}"),
        ('set = "shape X"', 'set = "shape {size}"', "no {value}"),
        ('ask = "mode?"', 'ask = "mode"', "a question that ends with"),
        ('on = ["1"]', 'on = "1"', "a list of answers"),
        ('on = ["1"]\n', "", "on expected a list of answers"),
        ('ask = "cycles?"', 'ask = "cycles?"\nis = ["1"]', "is expected not here"),
        ('verified = false', "verified = false\ncolour = 1", "unknown key 'colour'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_dialect_is_named(old: str, new: str, why: str) -> None:
    assert old in ONE
    with pytest.raises(BenchError, match=why):
        dialect.parse(ONE.replace(old, new, 1), "one", 1, "one.toml")


def test_answers_in_other_spellings_are_the_same_answer() -> None:
    rigol = dialect.find("rigol-dg1000z", 1, "test").settings
    assert rigol["load"].took("9.900000E+37", None)
    assert rigol["output"].took("ON", True)
    assert not rigol["output"].took("OFF", True)
    assert rigol["rate_hz"].took("1.666667E+01", Decimal("16.66667"))
    assert not rigol["rate_hz"].took("1.666700E+01", Decimal("16.66667"))
    siglent = dialect.find("siglent-sdg", 2, "test").settings
    assert siglent["burst_rate_hz"].took("C2:BTWV STATE,ON,FRQ,5HZ,CARR,FRQ,0.1KHZ", Decimal(100))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_any_answer_is_yes_no_or_no_answer(text: str) -> None:
    """Bytes of a hostile instrument raise nothing else than ProtocolError."""
    for name in ("agilent-33220a", "siglent-sdg"):
        for setting in DIALECTS[name].values():
            value = (
                Decimal(5) if setting.name in dialect.NUMBERS else True if setting.name in dialect.SWITCHES else None
            )
            for answer in (
                text,
                f"{setting.question.removesuffix('?')} {setting.key.split()[-1] if setting.key else ''},{text}",
            ):
                with contextlib.suppress(ProtocolError):
                    assert setting.took(answer, value) in (True, False)


# --- counting what was given by commands --------------------------------------------------------------------------------


def test_the_bounds_hold_what_may_have_happened() -> None:
    tally = PulseTally(phase_continuous=True)
    tally.change(100.0, 0, 10 * MS)  # began within 10 ms
    tally.change(0.0, 1000 * MS, 1020 * MS)
    assert tally.bounds() == (97, 104)  # 99 to 102, one more or less, and 150 ppm


@given(st.lists(st.tuples(st.floats(0.5, 500), st.floats(0.02, 2.0), st.floats(0, 1)), min_size=1, max_size=8))
def test_no_true_count_lies_outside(steps: list[tuple[float, float, float]]) -> None:
    """Each rate takes at a random instant between its command and its answer, 10 ms apart."""
    tally, now_ns, true, last_ns, rate = PulseTally(True), 0, 0.0, 0.0, 0.0
    for hz, hold_s, share in [*steps, (0.0, 0.0, 0.5)]:
        took_ns = now_ns + share * 10 * MS
        true += rate * (took_ns - last_ns) / 1e9
        tally.change(hz, now_ns, now_ns + 10 * MS)
        rate, last_ns, now_ns = hz, took_ns, now_ns + 10 * MS + int(hold_s * SECOND)
    least, most = tally.bounds()
    assert least <= int(true) <= most
    assert least <= int(true) + 1 <= most


# --- real lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")
@pytest.mark.parametrize("tcp", [False, True], ids=["serial", "socket"])
def test_our_driver_on_real_lines(tmp_path: Path, tcp: bool) -> None:
    """A Rigol on a pty, and the same behind TCP as on its LAN."""
    from tests.peers import over_tcp, served

    world = PulseBench("rigol-dg1000z")
    with ExitStack() as stack:
        path = stack.enter_context(served(world, speed=10))["source"]
        url = f"socket:127.0.0.1:{stack.enter_context(over_tcp(path))}" if tcp else f"serial:{path}"
        bench = stack.enter_context(bench_of(tmp_path, None, 'dialect = "rigol-dg1000z"', url=url))
        bench.open()
        assert instrument(bench).give(50, Decimal(200))["pulses"] == "50"
        assert bench.make_safe() == []
    assert world.output.given == 50
    assert not world.output.on


# --- independent software -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")
def test_pyvisa_works_the_simulated_generators() -> None:
    """What an independent client gets, with the commands of the makers' own examples in their long forms."""
    pyvisa = pytest.importorskip("pyvisa", reason="needs pyvisa with pyvisa-py")
    pytest.importorskip("pyvisa_py", reason="needs pyvisa with pyvisa-py")
    from tests.peers import served

    world = PulseBench("agilent-33220a")
    with served(world) as ports:
        manager = pyvisa.ResourceManager("@py")
        try:
            visa = manager.open_resource(
                f"ASRL{ports['source']}::INSTR", read_termination="\n", write_termination="\n", timeout=5000
            )
            assert visa.query("*IDN?") == MODELS["33220A"].identity
            for line in (
                "*RST",
                "FUNCtion SQUare",
                "OUTPut:LOAD INFinity",
                "VOLTage:HIGH 5;LOW 0",
                "FREQuency 2000",
                "BURSt:STATe ON",
            ):
                visa.write(line)
            visa.write("BURS:MODE TRIG;NCYC 40;:TRIG:SOUR BUS;:OUTP ON")
            assert visa.query_ascii_values("FREQ?;BURS:NCYC?;:OUTP:LOAD?", separator=";") == [2000.0, 40.0, 9.9e37]
            assert visa.query("*TRG;*OPC?;SYST:ERR?") == '1;+0,"No error"'
            assert world.output.given == 40
            visa.write("VOLT:LOW 6;:FREQ 1E12;NONSENSE")
            errors = [visa.query("SYST:ERR?") for _ in range(4)]
            assert errors == [
                '-221,"Settings conflict"',
                '-222,"Data out of range"',
                '-113,"Undefined header"',
                '+0,"No error"',
            ]
            assert visa.query("OUTP OFF;OUTP?") == "0"
        finally:
            manager.close()
    assert np.diff(world.rises_ns) == pytest.approx(500_000, abs=1)


# --- the simulated output by itself -------------------------------------------------------------------------------------


def test_no_edge_is_late_or_out_of_order_whatever_is_set() -> None:
    """Levels alternate, instants rise, every edge is out before it happens; a rate changes with its phase."""
    world = World()
    edges: list[Edges] = []
    early: list[int] = []

    def sink(made: Edges) -> None:
        edges.append(made)
        early.append(int(made.times_ns[0]) - world.now_ns)

    output, random = PulseOutput(world, (sink,)), np.random.default_rng(4)
    for _ in range(400):
        match int(random.integers(6)):
            case 0:
                output.rate(float(random.uniform(0.5, 2000)))
            case 1:
                output.switch(bool(random.integers(2)))
            case 2:
                output.burst_mode(bool(random.integers(2)))
            case 3:
                output.cycles = int(random.integers(1, 200))
            case 4 if random.integers(4) == 0:
                output.reset()
            case _:
                output.trigger()
        world.advance(world.now_ns + int(random.uniform(0, 50 * MS)))
    times = np.concatenate([made.times_ns for made in edges])
    states = np.concatenate([made.states for made in edges])
    assert len(times) > 1000
    assert (np.diff(times) > 0).all()
    assert (states[1:] != states[:-1]).all()
    assert states[0] == 1
    assert min(early) >= 0
    assert output.given == states.sum()


def test_a_new_rate_goes_on_from_the_phase() -> None:
    world = World()
    edges: list[Edges] = []
    output = PulseOutput(world, (edges.append,))
    output.rate(10)
    output.switch(True)  # rises at 0, falls at 50 ms, would rise at 100
    world.advance(75 * MS)
    output.rate(5)  # half of the low time is left, now twice as long: rises at 75 + 50
    world.advance(SECOND)
    times = np.concatenate([made.times_ns for made in edges])
    assert list(times[:5] // MS) == [0, 50, 125, 225, 325]
