"""The truck scale in its world: officer, trader, weighing computer, line and truth."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise

import pytest

from captures.model import Flag
from fixtures.sim.scale.truck.line import LINES, Listener
from fixtures.sim.scale.truck.scenario import TruckScenario, parse_truck_cheat
from fixtures.sim.scale.truck.software import WeighingComputer
from protocols.contract import Garbage, Role
from tests.bench.truck import Bench, S


def test_a_vehicle_is_driven_on_weighed_printed_recorded_and_driven_off() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=2))
    assert bench.weight() == 0
    assert bench.place(30_000) == 30_000
    assert abs(bench.weight() - 30_000) <= 20
    assert bench.ticket() == bench.record() == bench.weight()
    assert bench.ask("place", mass="0")["mass_kg"] == "0"
    assert bench.weight() == 0


@pytest.mark.parametrize("protocol", sorted(LINES))
def test_the_line_says_what_the_display_shows(protocol: str) -> None:
    bench = Bench(TruckScenario(kit="K1", seed=3, protocol=protocol))
    bench.place(24_000)
    bench.wait(3)
    shown = bench.weight()
    listener = Listener(LINES[protocol])
    said = listener.hear(b"".join(frame.data for frame in bench.frames))
    assert said[-1].weight == shown
    assert listener.garbage == 0
    assert said[-1].stable is (None if protocol.startswith("yaohua") else True)
    spacing = {b.t_ns - a.t_ns for a, b in pairwise(bench.frames[-20:])}
    assert spacing == {100_000_000}


@pytest.mark.parametrize("protocol", sorted(LINES))
def test_every_weight_makes_a_frame_of_one_length_and_none_is_made_of_overload(protocol: str) -> None:
    line, step = LINES[protocol], Decimal(20)
    weights = [Decimal(20 * n) for n in range(-500, 5000, 7)]
    frames = [line.wire(weight, step, 0) for weight in weights]
    out = [line.wire(Decimal(0), step, int(flag)) for flag in (Flag.OVERLOAD, Flag.UNDERLOAD)]
    assert len({len(frame) for frame in [*frames, *out]}) == 1
    listener = Listener(line)
    heard = listener.hear(b"".join(frames) + frames[0])
    assert [one.weight for one in heard][: len(weights)] == weights
    assert listener.garbage == 0
    assert all(one.weight is None for one in listener.hear(b"".join(out))[1:])


def test_kits_have_their_ports_and_people() -> None:
    assert set(Bench(TruckScenario(kit="K0")).world.ports) == {"operator"}
    assert set(Bench(TruckScenario(kit="K1")).world.ports) == {"operator", "scale"}
    laboratory = Bench(TruckScenario(kit="K3"))
    assert set(laboratory.world.ports) == {"operator", "scale"}
    assert laboratory.world.trader is None
    assert Bench(TruckScenario(kit="K1")).world.trader is not None


def test_what_cannot_be_done_is_refused_with_its_reason() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=2))
    for verb, parameters, why in (
        ("place", {"mass": "heavy"}, "expected 0 to 200000 kg"),
        ("place", {"mass": "-5"}, "expected 0 to 200000 kg"),
        ("place", {"mass": "NaN"}, "expected 0 to 200000 kg"),
        ("place", {"mass": "20000", "position": "roof"}, "expected front, middle"),
        ("place", {"mass": "100000", "position": "weights"}, "pieces"),
        ("read", {"what": "ticket"}, "not weighed"),
        ("read", {"what": "stars"}, "cannot read"),
        ("read", {"what": "cells"}, "summed"),
        ("keys", {"sequence": ["M1"]}, "expected some of"),
        ("keys", {"sequence": "zero"}, "expected some of"),
        ("press", {"what": "remote"}, "no remote was seized"),
        ("press", {"what": "luck"}, "cannot press"),
        ("dance", {}, "unknown verb"),
    ):
        answer = bench.try_ask(verb, **parameters)
        assert not answer["ok"]
        assert why in answer["why"], answer
    bench.place(0)
    assert bench.place(20_000) == 20_000  # and nothing is stuck


def test_power_off_darkens_display_and_line_and_zero_is_taken_anew() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=2))
    bench.wait(10)
    before = len(bench.frames)
    bench.ask("power_cycle", off_s="20")
    gaps = [b.t_ns - a.t_ns for a, b in pairwise(bench.frames[before - 1 :])]
    assert 25 * S < max(gaps) < 28 * S
    assert bench.weight() == 0


def test_weights_positions_keys_and_digital_cells() -> None:
    bench = Bench(TruckScenario(kit="K3", seed=5, kind="digital"))
    assert bench.place(5_000, "weights front right") == 5_000
    assert abs(bench.weight() - 5_000) <= 20
    codes = [int(code) for code in bench.ask("read", what="cells")["codes"].split()]
    assert len(codes) == 8
    assert max(codes) == codes[7]
    bench.ask("keys", sequence=["tare"])
    bench.wait(4)
    assert bench.weight() == 0
    bench.ask("keys", sequence=["clear"])
    bench.wait(2)
    assert abs(bench.weight() - 5_000) <= 20


def test_overload_and_blank_are_said_in_words() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=5, max_kg=Decimal(20_000)))
    answer = bench.try_ask("place", mass="40000", position="middle")
    assert answer["ok"]
    assert bench.ask("read", what="weighing")["weight"] == "overload"
    assert bench.try_ask("read", what="record")["ok"] is False
    heard = LINES["yaohua-continuous"].protocol.decoder(Role.DEVICE).feed(bench.frames[-1].data)
    assert [type(message) for message in heard] == [Garbage]


def test_a_customer_is_told_nothing_and_weighed_elsewhere_afterwards() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=6))
    told = bench.place(30_000, covert=True)
    weighing = bench.world.officer.weighings[-1]
    assert abs(told - weighing.true_kg) < 40
    assert abs(weighing.true_kg - 30_000) <= 600
    assert abs(bench.ticket() - told) <= 40


def test_same_seed_same_world_other_seed_another() -> None:
    def course(seed: int) -> tuple[list[tuple[int, bytes]], str]:
        bench = Bench(TruckScenario(kit="K1", seed=seed, cheat=parse_truck_cheat("truck.T07")))
        for _ in range(2):
            bench.place(30_000, covert=True)
            bench.place(0)
        return [(frame.t_ns, frame.data) for frame in bench.frames], json.dumps(bench.world.truth())

    assert course(4) == course(4)
    assert course(4) != course(5)


def test_truth_says_what_happened_as_json() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=7, cheat=parse_truck_cheat("truck.T04")))
    bench.place(30_000, covert=True)
    truth = json.loads(json.dumps(bench.world.truth()))
    assert truth["scenario"]["cheat"]["parts"][0]["mechanism"]["class"] == "offset"
    kinds = [event["kind"] for event in truth["events"]]
    assert kinds[0] == "drive_on"
    assert "press" in kinds
    assert truth["weighings"][0]["covert"] is True
    assert truth["rows"][0]["gross"]


def test_misread_digits_come_as_often_as_said() -> None:
    bench = Bench(TruckScenario(kit="K1", seed=8, reading_error_rate=0.5))
    bench.place(30_000)
    read = [bench.weight() for _ in range(40)]
    assert 8 < sum(abs(value - 30_000) > 40 for value in read) < 32


def test_the_computer_takes_only_what_rests_and_finds_tares() -> None:
    computer, line = WeighingComputer("yaohua-continuous", Decimal(20)), LINES["yaohua-continuous"]

    def say(kg: int, from_s: float, for_s: float) -> None:
        for n in range(int(for_s * 10)):
            computer.hear(line.wire(Decimal(kg), Decimal(20), 0), int((from_s + n / 10) * S))

    assert computer.weigh(0, "A") is None
    say(12_000, 0, 1)
    assert computer.weigh(S, "A") is None  # it has not rested for long enough
    say(12_000, 1, 3)
    row = computer.weigh(4 * S, "A")
    assert row is not None
    assert (row.gross, row.tare, row.net) == (12_000, 0, 12_000)
    assert computer.weigh(10 * S, "A") is None  # the line is dead
    say(30_000, 10, 4)
    second = computer.weigh(14 * S, "A", Decimal(400))
    assert second is not None
    assert (second.gross, second.net, second.heard) == (30_400, 18_400, 30_000)
    computer.edit(1, Decimal(-200))
    assert computer.rows[0].gross == 11_800
    assert computer.tickets[0].gross == 12_000
