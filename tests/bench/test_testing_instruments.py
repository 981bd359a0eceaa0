"""Instruments of the tree against the public kit (harness/testing), each with its simulated device."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.benchfile import parse
from fixtures.capability import Counts, Indicates, Meters, Switches, TellsSpeed, Weighs
from fixtures.instruments import balance_sics, counter_scpi, dart_tap, meter_modbus, obd_elm327, relay, scale_host
from fixtures.plugins import plugins
from fixtures.registermap import find
from fixtures.sim.balance import Balance
from fixtures.sim.modbus_slave import MappedRegisters, Slave
from fixtures.sim.relay import Relay
from fixtures.sim.scpi_counter import Counter
from fixtures.sim.taxi.obd import DiagnosisReader
from harness import testing
from harness.testing import Place, Setting
from protocols.contract import Role
from protocols.wire import dart, yaohua

PAGE = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text("utf-8")
HEAD = "".join(re.findall(r"^```toml head\n(.*?)^```$", PAGE, re.S | re.M))
TYPICAL = {
    entry.driver: (entry.options, bench.profile)
    for text in re.findall(r"^```toml\n(.*?)^```$", PAGE, re.S | re.M)
    for bench in (parse(HEAD + text, "a snippet"),)
    for entry in bench.instruments.values()
}
IN_TREE = [
    plugin for plugin in plugins("instruments") if plugin.value.startswith("fixtures.instruments.")
]  # other distributions hold theirs to it themselves
SECOND = 1_000_000_000
MS = 1_000_000


@pytest.mark.parametrize("plugin", IN_TREE, ids=lambda plugin: plugin.name)
def test_specification(plugin: Any) -> None:
    options, profile = TYPICAL[plugin.name]
    assert plugin.spec.name == plugin.name
    testing.check_instrument(plugin.spec, options=options, profile=profile)


# --- some of them at work -------------------------------------------------------------------------------------------------


class Pan(Balance):
    """The simulated balance, with something on it."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.world, np.random.default_rng(1))
        self.port = place.port
        self.load_g = 12_345.6
        self.put(self.load_g)

    def more(self) -> Decimal:
        self.load_g += 100
        self.put(self.load_g)
        return Decimal(round(self.load_g * 10)) / 10


def gross(driver: Weighs) -> Decimal:
    return Decimal(driver.weigh()["mass_g"])


class Flowing(Slave):
    """A simulated MASS 6000 whose total goes up."""

    def __init__(self, place: Place) -> None:
        self.held = {"mass_flow_kg_s": 0.5, "mass_total_kg": 1000.0, "density_kg_m3": 745.25, "temperature_c": -3.5}
        registers = MappedRegisters(find("siemens-mass6000", {}, "simulated meter"), lambda: self.held)
        super().__init__(place.world, 1, registers, {}, port=place.port)

    def more(self) -> dict[str, str]:
        self.held["mass_total_kg"] += 1.5
        self.held["mass_flow_kg_s"] += 0.25
        return self.shown()

    def shown(self) -> dict[str, str]:
        return {name: f"{Decimal(repr(value)).normalize():f}" for name, value in self.held.items()}


METERED = {"mass_flow_kg_s": "0.5", "mass_total_kg": "1000", "density_kg_m3": "745.25", "temperature_c": "-3.5"}


def metered(driver: Meters) -> dict[str, str]:
    return {name: f"{Decimal(value).normalize():f}" for name, value in driver.read().items()}


class Wired(Relay):
    """The simulated relay board; its contacts lead nowhere."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.world, Nowhere())  # type: ignore[arg-type]


class Nowhere:
    def power(self, on: bool) -> None: ...
    def lift(self) -> None: ...
    def open_nozzle(self) -> None: ...
    def close_nozzle(self) -> None: ...
    def hang(self) -> None: ...


def switched(driver: Switches) -> None:
    driver.switch("power", False)
    driver.switch("nozzle", True)


class Indicator:
    """A truck-scale indicator in command mode, which answers for gross weight and says that it is ready."""

    def __init__(self, place: Place) -> None:
        self.place, self.grams = place, 530
        self.decoder = yaohua.COMMAND.decoder(Role.HOST)

    def on_bytes(self, data: bytes) -> None:
        for message in self.decoder.feed(data):
            if isinstance(message, yaohua.Request):
                said = self.answer(message)
                self.place.after(30 * MS, lambda said=said: self.place.send(said))  # type: ignore[misc]

    def answer(self, request: yaohua.Request) -> bytes:
        if request.command is yaohua.Command.HANDSHAKE:
            return yaohua.COMMAND.encode(yaohua.Ready(request.address), Role.DEVICE)
        figures = (f"{self.grams:06d}", 3)
        return yaohua.COMMAND.encode(yaohua.Answer(request.address, request.command, *figures), Role.DEVICE)

    def more(self) -> Decimal:
        self.grams += 10
        return Decimal(self.grams) / 1000


def indicated(driver: Indicates) -> Decimal | None:
    told = driver.indicated()
    return None if told is None else told.weight


class Car(DiagnosisReader):
    """A simulated reader in a car that goes faster and faster."""

    def __init__(self, place: Place) -> None:
        self.kmh = 50
        super().__init__(place.world, place.port, lambda t_ns: self.kmh, True)

    def more(self) -> Decimal:
        self.kmh += 1
        return Decimal(self.kmh)


def speed(driver: TellsSpeed) -> Decimal | None:
    return driver.speed_kmh()


class Open(Counter):
    """The simulated counter with nothing at its input."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.world)
        self.port = place.port


def counted(driver: Counts) -> int:
    driver.start()
    return driver.stop()


BALANCE: Setting = {"change": Pan.more, "same": lambda got, wanted: abs(got - wanted) <= Decimal("0.5")}
METER: Setting = {"options": {"map": "siemens-mass6000"}, "change": Flowing.more, "echo": {"echo": True}}
RELAY: Setting = {
    "options": {"contacts": {"power": 1, "nozzle": 3}, "closed_at_rest": ["power"]},
    "settle_ns": 100 * MS,
}
HOST: Setting = {
    "options": {"protocol": "yaohua-command"},
    "change": Indicator.more,
    "settle_ns": 4 * SECOND,
    "speed": 20.0,
}


def test_a_balance_at_work() -> None:
    testing.check_driver(balance_sics.INSTRUMENT, Pan, does=gross, value=Decimal("12345.6"), **BALANCE)


def test_a_balance_on_a_disturbed_line() -> None:
    testing.check_faults(balance_sics.INSTRUMENT, Pan, does=gross, value=Decimal("12345.6"), **BALANCE)


def test_a_meter_at_work() -> None:
    testing.check_driver(meter_modbus.CORIOLIS, Flowing, does=metered, value=METERED, **METER)


def test_a_meter_on_a_disturbed_line() -> None:
    testing.check_faults(meter_modbus.CORIOLIS, Flowing, does=metered, value=METERED, **METER)


def test_a_relay_board_at_work() -> None:
    on = {1: False, 2: False, 3: True, 4: False}
    testing.check_driver(relay.INSTRUMENT, Wired, does=switched, value=on, shows=lambda wired: wired.on, **RELAY)


def test_a_relay_board_on_a_disturbed_line() -> None:
    """It acknowledges nothing, so that nothing is told and nothing can be wrong but the time and the error."""
    testing.check_faults(relay.INSTRUMENT, Wired, does=switched, value=None, **RELAY)


def test_an_asked_scale_at_work() -> None:
    testing.check_driver(scale_host.INSTRUMENT, Indicator, does=indicated, value=Decimal("0.530"), **HOST)


def test_an_asked_scale_on_a_disturbed_line() -> None:
    testing.check_faults(scale_host.INSTRUMENT, Indicator, does=indicated, value=Decimal("0.530"), **HOST)


def test_a_diagnosis_reader_at_work() -> None:
    testing.check_driver(
        obd_elm327.INSTRUMENT, Car, does=speed, value=Decimal(50), change=Car.more, settle_ns=2 * SECOND, speed=20.0
    )


def test_a_counter_at_work() -> None:
    testing.check_driver(counter_scpi.INSTRUMENT, Open, does=counted, value=0)


def test_a_counter_on_a_disturbed_line() -> None:
    testing.check_faults(
        counter_scpi.INSTRUMENT, Open, does=counted, value=0, detects=False, unchanging="nothing is at its input"
    )


class Side:
    """One side of a DART bus, which says the same again and again."""

    def __init__(self, place: Place, role: Role) -> None:
        self.place, self.wire = place, dart.PROTOCOL.encode(dart.PROTOCOL.examples(role)[0], role)
        self.go_on()

    def go_on(self) -> None:
        self.place.send(self.wire)
        self.place.after(300 * MS, self.go_on)

    def on_bytes(self, data: bytes) -> None:
        raise AssertionError("a tap says nothing")


def test_a_tap_on_two_lines_at_work() -> None:
    sides = {"host": lambda place: Side(place, Role.HOST), "device": lambda place: Side(place, Role.DEVICE)}
    testing.check_driver(
        dart_tap.INSTRUMENT, sides, does=lambda tap: min(tap.frames.values()) > 0, value=True, settle_ns=2 * SECOND
    )
