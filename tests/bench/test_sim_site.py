"""The simulated site over its ports: codec dialogues, people, power, analyser, and direct = wire-derived."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from fixtures.link import Arrival
from fixtures.sim.build import Site, build
from fixtures.sim.cheats import CHEATS, parse_cheat
from fixtures.sim.dart_slave import ADDRESS
from fixtures.sim.direct import delivery
from fixtures.sim.mechanisms import CheatPart, CheatSpec, FirmwareGain, Reversion, Trigger, TriggerKind
from fixtures.sim.plant import Block
from fixtures.sim.scenario import AnalyserLoss, Kit, Scenario
from fixtures.sim.self_lock import EncoderFault
from protocols.contract import Garbage, Message, Role, joined
from protocols.wire import dart, lcus, sigrok_pico
from protocols.wire.dart import Control, ControlKind, Data, PumpState
from protocols.wire.dart.session import HostSale, SequenceIn, SequenceOut, acknowledge

SECOND = 1_000_000_000
POWER, REMOTE, NOZZLE, THROTTLE = 1, 2, 3, 4


class Bench:
    """A small bench on a simulated site: keeps all bytes by port, runs a DART master, asks the operator."""

    def __init__(self, scenario: Scenario) -> None:
        self.site: Site = build(scenario)
        self.bytes: dict[str, bytearray] = {name: bytearray() for name in self.site.ports}
        self.state: PumpState | None = None
        self.heard: list[tuple[int, dart.Transaction]] = []
        self.garbage: list[Garbage] = []
        self.controls: list[tuple[int, Control]] = []
        self._decoder = dart.PROTOCOL.decoder(Role.DEVICE)
        self._out, self._in = SequenceOut(), SequenceIn()
        self._asked = 0
        self.acked: set[int] = set()
        self.listen: Callable[[Arrival], None] = lambda arrival: None

    def run(self, seconds: float) -> None:
        until = self.site.now_ns + int(seconds * SECOND)
        while self.site.now_ns < until:
            for arrival in self.site.advance(until):
                self.bytes[arrival.link] += arrival.data
                self.listen(arrival)
                if arrival.link == "dart":
                    for message in self._decoder.feed(arrival.data):
                        self._hear(message)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Garbage):
            self.garbage.append(message)
        elif isinstance(message, Data):
            self.site.ports["dart"].receive(dart.PROTOCOL.encode(acknowledge(message), Role.HOST))
            if self._in.is_new(message):
                self.heard += [(self.site.now_ns, t) for t in message.transactions]
                for t in message.transactions:
                    if isinstance(t, dart.Status):
                        self.state = t.state
        elif isinstance(message, Control):
            self.controls.append((self.site.now_ns, message))
            if message.kind is ControlKind.ACK:
                self.acked.add(message.seq)

    def send(self, message: Message) -> None:
        self.site.ports["dart"].receive(dart.PROTOCOL.encode(message, Role.HOST))

    def poll(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.send(Control(ADDRESS, ControlKind.POLL))
            self.run(0.25)

    def say(self, transaction: dart.Transaction) -> None:
        frame = Data(ADDRESS, self._out.take(), (transaction,))
        self.acked.discard(frame.seq)
        self.send(frame)
        self.run(0.15)
        assert frame.seq in self.acked, transaction

    def relay(self, channel: int, on: bool) -> None:
        self.site.ports["relay"].receive(lcus.PROTOCOL.encode(lcus.Switch(channel, on), Role.HOST))

    def sale(self, preset: dart.PresetVolume | dart.PresetAmount | None) -> None:
        """Authorise, lift, deliver to the preset, hang up."""
        sale = HostSale((752,), (1,), preset)
        self.say(dart.Command(dart.CommandCode.STATUS))
        self.poll(0.25)
        while not sale.authorised:
            transaction = sale.next(self.state)
            if transaction is not None:
                self.say(transaction)
                sale.acknowledged()
            self.poll(0.25)
        self.relay(NOZZLE, True)
        self.poll_until(PumpState.LIMIT_REACHED)
        self.relay(NOZZLE, False)
        self.poll_until(PumpState.COMPLETE)

    def poll_until(self, state: PumpState) -> None:
        for _ in range(600):
            if self.state is state:
                return
            self.poll(0.5)
        raise AssertionError(f"the pump never came to {state.name}")

    def ask(self, verb: str, **what: object) -> dict[str, object]:
        """One request to the operator; the world runs until he answers."""
        self._asked += 1
        before = bytes(self.bytes["operator"])
        self.site.ports["operator"].receive(json.dumps({"id": self._asked, "verb": verb, **what}).encode() + b"\n")
        for _ in range(3000):
            self.run(1)
            fresh = bytes(self.bytes["operator"])[len(before) :]
            if fresh.endswith(b"\n"):
                answer = json.loads(fresh)
                assert isinstance(answer, dict)
                assert answer["id"] == self._asked
                return answer
        raise AssertionError(f"the operator never answered {verb}")

    def last(self, kind: type[dart.Transaction]) -> dart.Transaction:
        return next(t for _, t in reversed(self.heard) if isinstance(t, kind))

    def analyser(self, *messages: Message) -> None:
        for message in messages:
            self.site.ports["analyser"].receive(sigrok_pico.PROTOCOL.encode(message, Role.HOST))

    def start_analyser(self, channels: int) -> None:
        enable = [sigrok_pico.EnableDigital(n, True) for n in range(channels)]
        self.analyser(sigrok_pico.Reset(), sigrok_pico.Identify(), *enable, sigrok_pico.SampleRate(1_000_000))
        self.analyser(sigrok_pico.RunContinuous())

    def analysed(self) -> list[Message]:
        decoder = sigrok_pico.PROTOCOL.decoder(Role.DEVICE)
        return joined(decoder.feed(bytes(self.bytes["analyser"])) + decoder.close())


def lab(cheat: str | None = None, size: float | None = None, **changes: object) -> Scenario:
    scenario = Scenario(kit="K3", seed=11, cheat=None if cheat is None else parse_cheat(cheat, size))
    return replace(scenario, **changes)  # type: ignore[arg-type]


def test_ports_of_each_kit() -> None:
    expected: dict[Kit, set[str]] = {
        "K0": {"operator"},
        "K1": {"operator", "tap_host", "tap_device"},
        "K2": {"operator", "tap_host", "tap_device", "analyser"},
        "K3": {"operator", "dart", "analyser", "relay"},
    }
    for kit, ports in expected.items():
        assert set(build(Scenario(kit=kit)).ports) == ports


def test_dart_sale_reports_every_step() -> None:
    bench = Bench(lab())
    bench.sale(dart.PresetVolume(1370))
    states = [t.state for _, t in bench.heard if isinstance(t, dart.Status)]
    assert [s for i, s in enumerate(states) if i == 0 or s is not states[i - 1]] == [
        PumpState.RESET,
        PumpState.AUTHORISED,
        PumpState.FILLING,
        PumpState.LIMIT_REACHED,
        PumpState.COMPLETE,
    ]
    volumes = [t.volume for _, t in bench.heard if isinstance(t, dart.Filled)]
    assert len(volumes) > 40
    assert volumes == sorted(volumes)
    assert bench.last(dart.Filled) == dart.Filled(1370, bench.site.sales[0].amount_steps)
    assert bench.last(dart.NozzlePrice) == dart.NozzlePrice(752, 1, False)
    assert bench.garbage == []


def test_dart_answers_within_25_ms_and_an_idle_pump_says_eot() -> None:
    bench = Bench(lab())
    for _ in range(20):
        asked = bench.site.now_ns
        bench.send(Control(ADDRESS, ControlKind.POLL))
        bench.run(0.1)
        heard, control = bench.controls[-1]
        assert control.kind is ControlKind.EOT
        on_the_wire = 6 * dart.PROTOCOL.line.char_ns()
        assert 0 < heard - asked - on_the_wire < 25_000_000


def test_dart_repeats_data_until_acknowledged_and_ignores_a_repeated_command() -> None:
    bench = Bench(lab())
    decoder = dart.PROTOCOL.decoder(Role.DEVICE)
    frames: list[Message] = []
    bench._hear = frames.append  # type: ignore[method-assign, assignment]
    ask = Data(ADDRESS, 3, (dart.RequestTotals(1),))
    for message in (ask, ask, *[Control(ADDRESS, ControlKind.POLL)] * 3):
        bench.send(message)
        bench.run(0.1)
    data = [m for m in frames if isinstance(m, Data)]
    assert len(data) == 3
    assert data[0] == data[1] == data[2]
    assert data[0].transactions == (bench.site.dispenser.board.totals(1),)
    bench.send(acknowledge(data[0]))
    bench.send(Control(ADDRESS, ControlKind.POLL))
    bench.run(0.1)
    assert frames[-1] == Control(ADDRESS, ControlKind.EOT)
    assert decoder.close() == []


def test_totals_add_unrounded_volumes() -> None:
    bench = Bench(lab())
    before = bench.site.dispenser.board.totaliser_steps()
    for digits in (137, 251, 99):
        bench.sale(dart.PresetVolume(digits))
    bench.say(dart.RequestTotals(1))
    bench.poll(0.5)
    totals = bench.last(dart.Totals)
    assert isinstance(totals, dart.Totals)
    counts = sum(sale.board_edges for sale in bench.site.sales)
    assert totals.counters[0] - before == counts * 100 // 400


def test_amount_preset_stops_at_the_amount() -> None:
    bench = Bench(lab())
    bench.sale(dart.PresetAmount(5000))
    sale = bench.site.sales[0]
    assert 5000 <= sale.amount_steps <= 5000 + 4
    exact = Decimal(sale.board_edges) / 400 * Decimal("7.52")
    assert abs(Decimal(sale.amount_steps) / 100 - exact) <= Decimal("0.005")


def test_throttle_slows_the_flow() -> None:
    bench = Bench(lab())
    bench.relay(THROTTLE, True)
    bench.sale(dart.PresetVolume(300))
    sale = bench.site.sales[0]
    assert (sale.end_ns - sale.start_ns) / SECOND > 3 / 5.5 * 60


def test_analyser_bytes_are_the_physical_edges() -> None:
    bench = Bench(lab("fuel.C09"))
    blocks: list[Block] = []
    bench.site.dispenser.taps.append(blocks.append)
    bench.relay(REMOTE, True)
    bench.start_analyser(5)  # USB is taken as immediate: its tick 0 is the world's
    bench.sale(dart.PresetVolume(400))
    bench.analyser(sigrok_pico.Abort())
    bench.run(0.5)
    identity, *acks, samples, end = bench.analysed()
    assert identity == sigrok_pico.Identity(3, 1, 21, 2)
    assert acks == [sigrok_pico.Ack()] * 6
    assert isinstance(samples, sigrok_pico.Samples)
    assert end == sigrok_pico.End(len(samples.raw))
    reader = sigrok_pico.SampleReader(5)
    ticks, words = reader.feed(samples.raw)
    assert reader.initial is not None
    words = np.concatenate(([reader.initial], words))
    ppm = bench.site.scenario.drawn().clock_error_ppm
    for shift, mask, edges in (
        (0, 3, [b.encoder for b in blocks]),
        (2, 3, [b.board for b in blocks]),
        (4, 1, [b.reference for b in blocks]),
    ):
        mine = (words >> shift) & mask
        changed = np.flatnonzero(mine[1:] != mine[:-1])
        times = np.concatenate([e.times_ns for e in edges])
        states = np.concatenate([e.states for e in edges])
        assert np.array_equal(mine[1:][changed], states)
        assert np.array_equal(ticks[changed], np.floor(times * 1e-3 * (1 + ppm * 1e-6)))
    board, encoder = bench.site.sales[0].board_edges, bench.site.sales[0].encoder_edges
    assert board - encoder in (4 * (encoder // 80), 4 * ((encoder + 3) // 80))


# fuel.C05 is left out: its press comes at a volume, on the wire some tenths of a second later
@pytest.mark.parametrize("cheat", [None, *(name for name in CHEATS if name != "fuel.C05"), "fuel.C08+fuel.C09"])
def test_direct_and_wire_derived_edges_are_equal(cheat: str | None) -> None:
    bench = Bench(lab(cheat))
    blocks: list[Block] = []
    bench.site.dispenser.taps.append(blocks.append)
    bench.relay(REMOTE, True)
    bench.run(25)  # a message by telephone has arrived
    bench.sale(dart.PresetVolume(1234))
    start_ns = blocks[0].start_ns
    run = delivery(bench.site.scenario, "12.34", start_ns=start_ns)
    for mine, wired in (
        (run.encoder, [b.encoder for b in blocks]),
        (run.board, [b.board for b in blocks]),
        (run.reference, [b.reference for b in blocks]),
    ):
        assert np.array_equal(mine.times_ns, np.concatenate([e.times_ns for e in wired]))
        assert np.array_equal(mine.states, np.concatenate([e.states for e in wired]))
    sale = bench.site.sales[0]
    assert run.delivered_ml == pytest.approx(sale.delivered_ml, abs=1e-6)
    filled = bench.site.dispenser.board.filled()
    assert (run.register_steps, run.register_amount_steps) == (filled.volume, filled.amount)
    assert (run.display.volume_steps, run.display.amount_steps) == (sale.display_steps, sale.amount_steps)


@pytest.mark.parametrize("kind", ["overflow", "wrong_count", "silent_loss"])
def test_analyser_faults(kind: str) -> None:
    bench = Bench(lab(losses=(AnalyserLoss(kind, after_s=1.0, size=3),)))  # type: ignore[arg-type]
    bench.start_analyser(5)
    bench.run(3)
    bench.analyser(sigrok_pico.Abort())
    bench.run(0.5)
    samples, last = bench.analysed()[-2:]
    assert isinstance(samples, sigrok_pico.Samples)
    received = len(samples.raw)
    if kind == "overflow":
        assert last == sigrok_pico.Aborted(ord("!"))
    else:
        assert last == sigrok_pico.End(received + 3)


def test_power_loss_aborts_the_sale_and_reverts_the_cheat() -> None:
    bench = Bench(lab("fuel.C13"))
    bench.sale(dart.PresetVolume(500))
    bench.relay(POWER, False)
    bench.run(5)
    silent = len(bench.bytes["dart"])
    bench.poll(2)
    assert len(bench.bytes["dart"]) == silent
    bench.relay(POWER, True)
    bench.run(4)
    bench.poll(1)
    assert bench.last(dart.Status) == dart.Status(PumpState.NOT_PROGRAMMED)
    bench.sale(dart.PresetVolume(500))
    first, second = bench.site.sales
    assert first.register_steps == second.register_steps == 500
    assert first.board_edges == pytest.approx(2000 / 1.03, abs=4)
    assert second.board_edges == pytest.approx(2000, abs=4)


def test_power_cut_in_mid_delivery_stops_the_flow_and_keeps_the_totaliser() -> None:
    bench = Bench(lab())
    before = bench.site.dispenser.board.totaliser_steps()
    sale = HostSale((752,), (1,), dart.PresetVolume(2000))
    bench.poll(0.5)
    bench.say(dart.Command(dart.CommandCode.STATUS))
    bench.poll(0.5)
    while not sale.authorised:
        transaction = sale.next(bench.state)
        if transaction is not None:
            bench.say(transaction)
            sale.acknowledged()
        bench.poll(0.25)
    bench.relay(NOZZLE, True)
    bench.poll(10)
    bench.relay(POWER, False)
    bench.run(3)
    (cut,) = bench.site.sales
    assert 400 < cut.register_steps < 700
    assert bench.site.dispenser.board.totaliser_steps() - before == pytest.approx(cut.register_steps, abs=1)
    bench.run(5)
    assert len(bench.site.sales) == 1
    assert not bench.site.dispenser.delivery.flowing


def test_composed_cheat_cannot_be_armed_again_after_power_loss() -> None:
    bench = Bench(lab("fuel.C09+fuel.C13"))
    bench.relay(REMOTE, True)
    bench.relay(REMOTE, False)
    bench.sale(dart.PresetVolume(300))
    bench.relay(POWER, False)
    bench.run(2)
    bench.relay(POWER, True)
    bench.run(4)
    bench.relay(REMOTE, True)
    bench.sale(dart.PresetVolume(300))
    first, second = bench.site.sales
    assert first.board_edges > first.encoder_edges
    assert second.board_edges == second.encoder_edges


def test_same_seed_same_bytes_and_another_seed_others() -> None:
    def all_bytes(seed: int) -> dict[str, bytes]:
        bench = Bench(lab("fuel.C09", seed=seed))
        bench.start_analyser(5)
        bench.sale(dart.PresetVolume(150))
        bench.ask("read", what="display")
        return {name: bytes(data) for name, data in bench.bytes.items()}

    assert all_bytes(1) == all_bytes(1)
    assert all_bytes(1)["analyser"] != all_bytes(2)["analyser"]


def station(cheat: str | None = None, **changes: object) -> Scenario:
    scenario = Scenario(kit="K2", seed=21, cheat=None if cheat is None else parse_cheat(cheat))
    return replace(scenario, **changes)  # type: ignore[arg-type]


def test_operator_buys_reads_and_weighs() -> None:
    bench = Bench(station())
    assert bench.ask("confirm")["value"] == "yes"
    assert bench.ask("ask", label="K", kind="text")["value"] == "100"
    assert bench.ask("ask", label="shoe size", kind="text")["value"] == "not shown"
    totaliser = Decimal(str(bench.ask("read", what="totaliser")["volume_l"]))
    assert bench.ask("deliver", volume_l="13.70", amount=None, flow="full", covert=False, press_at_l=None)["ok"]
    shown = bench.ask("read", what="display")
    assert shown["volume_l"] in ("13.70", "13.71")
    assert shown["price"] == "7.52"
    sold = Decimal(str(bench.ask("read", what="totaliser")["volume_l"])) - totaliser
    assert abs(sold - Decimal(str(shown["volume_l"]))) <= Decimal("0.01")
    raw = {k: float(str(v)) for k, v in bench.ask("weigh").items() if k not in ("id", "ok")}
    litres = (raw["gross_g"] - raw["tare_g"]) / raw["density_kg_m3"]
    # uncorrected: air buoyancy takes 0.15 %, half a degree between nozzle and can 0.06 %
    assert litres == pytest.approx(bench.site.sales[0].delivered_ml / 1000, rel=0.0030)


def test_operator_says_what_he_cannot_do() -> None:
    bench = Bench(station())
    for verb, what, why in (
        ("dance", {}, "unknown verb 'dance'"),
        ("weigh", {}, "nothing was delivered"),
        ("press", {"what": "remote"}, "no remote was seized"),
        ("read", {"what": "mind"}, "cannot read"),
        ("deliver", {"volume_l": "-3"}, "expected a positive number"),
    ):
        answer = bench.ask(verb, **what)
        assert answer["ok"] is False
        assert why in str(answer["why"])
    bench.site.ports["operator"].receive(b"hello\n")
    bench.run(1)
    assert bytes(bench.bytes["operator"]).endswith(b'"why": "expected one JSON object per line"}\n')


def test_can_holds_20_litres() -> None:
    bench = Bench(station())
    bench.ask("deliver", volume_l="25.00")
    assert "can holds" in str(bench.ask("weigh")["why"])


def test_nozzle_shut_counts_nothing_and_power_cycle_comes_back() -> None:
    bench = Bench(station())
    assert bench.ask("shut", seconds=20)["ok"]
    assert bench.site.sales[-1].board_edges == 0
    assert bench.ask("power_cycle", off_s=15)["ok"]
    assert bench.ask("deliver", amount="50.00", flow="slow")["ok"]
    assert 5000 <= bench.site.sales[-1].amount_steps <= 5004


def test_free_fill_ends_by_hand() -> None:
    bench = Bench(station())
    assert bench.ask("deliver")["ok"]
    assert bench.site.sales[0].register_steps > 900


def test_till_and_pump_are_heard_on_the_taps() -> None:
    bench = Bench(station())
    bench.ask("deliver", volume_l="5.00")
    bench.run(3)
    host = dart.PROTOCOL.decoder(Role.HOST).feed(bytes(bench.bytes["tap_host"]))
    device = dart.PROTOCOL.decoder(Role.DEVICE).feed(bytes(bench.bytes["tap_device"]))
    assert not any(isinstance(m, Garbage) for m in host + device)
    asked = [t for m in host if isinstance(m, Data) for t in m.transactions]
    told = [t for m in device if isinstance(m, Data) for t in m.transactions]
    assert dart.Command(dart.CommandCode.AUTHORISE) in asked
    assert asked[-1] == dart.RequestTotals(1)
    assert [t for t in told if isinstance(t, dart.Filled)][-1].volume == bench.site.sales[0].register_steps
    assert any(isinstance(t, dart.Totals) for t in told)


def test_trader_cheats_customers_and_spares_inspectors() -> None:
    bench = Bench(station("fuel.C09"))
    for covert in (True, False, True):
        bench.ask("deliver", volume_l="6.00", covert=covert)
    added = [sale.board_edges - sale.encoder_edges for sale in bench.site.sales]
    assert added[0] > 0
    assert added[1] == 0
    assert added[2] > 0
    assert [sale.armed for sale in bench.site.sales] == [True, False, True]


def test_trader_switches_in_mid_delivery() -> None:
    bench = Bench(station("fuel.C10"))
    bench.ask("deliver", volume_l="10.00", covert=True)
    bench.ask("deliver", volume_l="10.00", covert=False)
    first, second = bench.site.sales
    share = (first.board_edges - first.encoder_edges) / first.encoder_edges
    assert 0.015 < share < 0.04
    assert second.board_edges == second.encoder_edges


def test_operator_presses_the_seized_remote_in_the_laboratory() -> None:
    bench = Bench(lab("fuel.C09"))
    assert bench.ask("press", what="remote")["ok"]
    assert bench.site.dispenser.implants.armed
    answer = bench.ask("deliver", volume_l="5.00")
    assert answer["ok"] is False
    assert "not authorised" in str(answer["why"])


def test_display_cheat_shows_only_on_the_display() -> None:
    bench = Bench(station("fuel.C14"))
    bench.ask("deliver", volume_l="10.00")
    shown = bench.ask("read", what="display")
    told = dart.PROTOCOL.decoder(Role.DEVICE).feed(bytes(bench.bytes["tap_device"]))
    filled = [t for m in told if isinstance(m, Data) for t in m.transactions if isinstance(t, dart.Filled)][-1]
    assert filled.volume in (1000, 1001)
    assert Decimal(str(shown["volume_l"])) == pytest.approx(Decimal("10.30"), abs=Decimal("0.02"))
    assert abs(Decimal(str(shown["amount"])) - Decimal("77.46")) <= Decimal("0.10")


def test_misread_digits_happen_at_their_rate() -> None:
    bench = Bench(station(reading_error_rate=1.0))
    before = bench.site.dispenser.board.totaliser_steps()
    read = str(bench.ask("read", what="totaliser")["volume_l"])
    true = str(Decimal(before) / 100)
    assert sum(a != b for a, b in zip(read.zfill(len(true)), true, strict=True)) == 1


def test_truth_is_plain_json() -> None:
    bench = Bench(station("fuel.C09"))
    bench.ask("deliver", volume_l="1.00", covert=True)
    truth = json.loads(json.dumps(bench.site.truth()))
    assert truth["scenario"]["cheat"]["id"] == "fuel.C09"
    assert truth["sales"][0]["delivered_ml"] == pytest.approx(1000, rel=0.08)
    assert truth["remote_presses"] == 1


def test_in_line_meter_alone_on_the_analyser_and_a_fixed_run() -> None:
    bench = Bench(station())
    bench.analyser(sigrok_pico.EnableDigital(0, True), sigrok_pico.SampleLimit(2_500_000), sigrok_pico.RunFixed())
    bench.run(4)
    samples, end = bench.analysed()[-2:]
    assert isinstance(samples, sigrok_pico.Samples)
    assert end == sigrok_pico.End(len(samples.raw))
    reader = sigrok_pico.SampleReader(1)
    reader.feed(samples.raw)
    assert reader.next_tick == 2_500_000
    bench.bytes["analyser"].clear()
    bench.start_analyser(1)
    bench.ask("deliver", volume_l="5.00")
    bench.analyser(sigrok_pico.Abort())
    bench.run(0.1)
    samples = bench.analysed()[-2]
    assert isinstance(samples, sigrok_pico.Samples)
    ticks, _ = sigrok_pico.SampleReader(1).feed(samples.raw)
    assert len(ticks) == bench.site.sales[0].reference_edges
    assert len(ticks) / 400 == pytest.approx(5.0, rel=0.005)


def test_a_real_switch_survives_power_loss_and_a_remote_does_not() -> None:
    for reversion, after in ((Reversion.NONE, True), (Reversion.REMOTE_OFF, False), (Reversion.POWER_LOSS, False)):
        part = CheatPart(Trigger(TriggerKind.REMOTE), FirmwareGain(0.02), reversion, armed_at_start=True)
        bench = Bench(Scenario(kit="K3", cheat=CheatSpec("test", (part,))))
        assert bench.site.dispenser.implants.armed
        bench.relay(POWER, False)
        bench.run(1)
        bench.relay(POWER, True)
        bench.run(4)
        assert bench.site.dispenser.implants.armed is after


def test_press_at_a_volume_while_the_bench_is_master() -> None:
    bench = Bench(lab("fuel.C10"))
    sale = HostSale((752,), (1,))
    bench.say(dart.Command(dart.CommandCode.STATUS))
    bench.poll(0.5)
    while not sale.authorised:
        transaction = sale.next(bench.state)
        if transaction is not None:
            bench.say(transaction)
            sale.acknowledged()
        bench.poll(0.25)
    assert bench.ask("deliver", volume_l="12.00", press_at_l="6.00")["ok"]
    (done,) = bench.site.sales
    assert done.register_steps in (1200, 1201)
    assert (done.board_edges - done.encoder_edges) / done.encoder_edges == pytest.approx(0.025, abs=0.005)


def test_a_code_of_the_self_lock_is_read_in_place_of_the_price() -> None:
    bench = Bench(station(self_lock=True))
    assert "code" not in bench.ask("read", what="display")
    bench.site.dispenser.encoder_fault(EncoderFault.DISCONNECTED)
    shown = bench.ask("read", what="display")
    assert shown["code"] == "62"
    assert "price" not in shown


def test_trader_s_hands_are_tied_when_the_operator_confirms_that_control_is_taken() -> None:
    bench = Bench(station("fuel.C09"))
    bench.ask("deliver", volume_l="4.00", covert=True)
    bench.ask("confirm", label="control")
    bench.ask("deliver", volume_l="4.00", covert=True)
    assert [sale.armed for sale in bench.site.sales] == [True, False]


@pytest.mark.parametrize(("cheat", "expected"), [(None, 0), ("fuel.C24", 5)])
def test_the_start_value_is_heard_before_anything_flows(cheat: str | None, expected: int) -> None:
    bench = Bench(lab(cheat))
    blocks: list[Block] = []
    bench.site.dispenser.taps.append(blocks.append)
    for _ in range(2):
        bench.heard.clear()
        blocks.clear()
        bench.sale(dart.PresetVolume(300))
        t_ns, first = next((t, m.volume) for t, m in bench.heard if isinstance(m, dart.Filled))
        assert first == expected
        assert t_ns < blocks[0].start_ns
