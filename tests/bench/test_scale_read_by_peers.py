"""Independent software on our simulated price scales, over real pseudo-terminals (protocols.md 3.1, 3.3, 3.9, 8.2).

What it reads is compared with what the officer reads off the scale's display, not with what the line is told to say.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

import termios

import serial

from protocols.contract import Role
from protocols.wire import digi_b
from tests.bench.scale_stand import Counter
from tests.peers import served

MS = 1_000_000
SPEED = 10.0


def asked(protocol: str, **changes: Any) -> Counter:
    """A scale with a serial line that answers and does not broadcast."""
    return Counter(protocol=protocol, broadcast=False, **changes)


@contextmanager
def line(counter: Counter, speed: float = SPEED) -> Iterator[str]:
    """The pseudo-terminal of the scale's line; between two such times orders to the officer cost no wall time."""
    with served(counter.station, speed) as ports:
        yield ports["scale"]


def shake(counter: Counter) -> None:
    """From now on the load changes so often that the scale never comes to rest."""
    station = counter.station

    def go_on(kg: float) -> None:
        station.scale.put(kg, station.now_ns)
        station.after(130 * MS, lambda: go_on(2.3 - kg))

    go_on(1.0)
    assert station.advance(station.now_ns + 1000 * MS) == []  # one that is asked says nothing by itself


# --- MT-SICS: mettler_toledo_device -------------------------------------------------------------------------------------------


@contextmanager
def mettler(port: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Its client, without the 2 s it waits for a computer on the other side to reset.

    `timeout`: its own 50 ms would cut a line on a machine that is busy, and it takes a piece for the whole.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks pkg_resources for its version
        peer = pytest.importorskip("mettler_toledo_device", reason="mettler_toledo_device is not installed")
    monkeypatch.setattr(peer.MettlerToledoDevice, "_RESET_DELAY", 0)
    device = peer.MettlerToledoDevice(port=port, timeout=2)
    try:
        yield device
    finally:
        device.close()


def test_mettler_toledo_device_reads_who_the_scale_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with line(asked("mt-sics")) as port, mettler(port, monkeypatch) as device:
        assert device.get_serial_number() == "SIM0000002"
        assert device.get_balance_data() == ["SIMULATED", "SCALE", "15", "kg"]
        assert device.get_software_version() == ["1.00"]
        level, *versions = device.get_mtsics_level()
        assert level == "01"
        assert versions
        with pytest.raises(Exception, match="Syntax Error"):
            device.get_software_id()  # I5, which this scale does not have


def test_mettler_toledo_device_reads_the_weight_displayed(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = asked("mt-sics")
    for mass in ("0.531", "7.77", "0"):
        shown = float(str(counter.weigh(mass)["weight"]))
        with line(counter) as port, mettler(port, monkeypatch) as device:
            assert device.get_weight_stable() == [shown, "kg"]
            assert device.get_weight() == [shown, "kg", "S"]
    counter.done("place", mass="0.531")
    counter.done("keys", sequence=["tare"])
    counter.done("place", mass="2.531")
    with line(counter) as port, mettler(port, monkeypatch) as device:
        assert device.get_weight_stable() == [2.0, "kg"]


def test_mettler_toledo_device_hears_motion_and_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = asked("mt-sics")
    assert counter.weigh("17")["weight"] == "overload"
    with line(counter) as port, mettler(port, monkeypatch) as device:
        with pytest.raises(Exception, match="overload range"):
            device.get_weight()
        assert device.get_weight_stable() is None
    shake(counter)
    with line(counter) as port, mettler(port, monkeypatch) as device:
        weight, unit, status = device.get_weight()
        assert (unit, status) == ("kg", "D")
        assert 0 < weight < 17
        assert device.get_weight_stable() is None  # `S I` when the scale's patience is over
        assert device.zero_stable() is False


def test_mettler_toledo_device_zeroes_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = asked("mt-sics")
    counter.done("place", mass="0.1")
    with line(counter) as port, mettler(port, monkeypatch) as device:
        assert device.get_weight_stable() == [0.1, "kg"]
        assert device.zero_stable() is True
        assert device.get_weight_stable() == [0.0, "kg"]
    counter.done("place", mass="0")
    assert Decimal(str(counter.done("read", what="weighing")["weight"])) == Decimal("-0.1")
    with line(counter) as port, mettler(port, monkeypatch) as device:
        assert device.zero() == "S"
        assert device.get_weight() == [0.0, "kg", "S"]
    counter.done("place", mass="5")
    with line(counter) as port, mettler(port, monkeypatch) as device:
        assert device.zero_stable() is False  # out of the zero setting range
        with pytest.raises(Exception, match="Upper limit of zero setting range"):
            device.zero()
        assert device.get_weight_stable() == [5.0, "kg"]


# --- MT-SICS: the driver of labmcp-mettler-toledo, where it is installed (docs/peers_scales.md) --------------------------------


def test_the_driver_of_labmcp_reads_tares_and_zeroes_the_scale() -> None:
    driver = pytest.importorskip(
        "labmcp_mettler_toledo.driver", reason="labmcp-mettler-toledo is not installed: it brings 70 packages along"
    )
    from labmcp import open_transport

    counter = asked("mt-sics")
    with line(counter) as port:
        ends = {"read_termination": "\r\n", "write_termination": "\r\n", "timeout": 2.0}
        balance = driver.MTSICSBalance(open_transport(f"serial://{port}", baudrate=9600, **ends))
        told = balance.identify()
        assert (told["serial"], told["balance_data"], told["mt_sics_level"]) == (
            "SIM0000002", "SIMULATED SCALE 15 kg", "01"
        )  # fmt: skip
        assert "model" not in told  # I11 is of level 2
        balance.close()
    shown = counter.weigh("0.531")["weight"]
    with line(counter) as port:
        balance = driver.MTSICSBalance(open_transport(f"serial://{port}", baudrate=9600, **ends))
        for stable in (True, False):
            weight = balance.weight(stable=stable)
            assert (weight.value, weight.unit, weight.stable) == (float(str(shown)), "kg", True)
        assert balance.tare().value == 0.53
        assert balance.tare_value().value == 0.53
        assert balance.weight().value == 0.0
        assert balance.preset_tare(0.1, "kg").value == 0.1
        assert balance.weight().value == 0.43
        balance.clear_tare()
        assert balance.reset() == "SIM0000002"
        with pytest.raises(Exception, match="wrong"):
            balance.preset_tare(0.1, "g")
        balance.close()


# --- DIGI Type B: pydigi -------------------------------------------------------------------------------------------------------


def test_pydigi_reads_every_reading_of_the_codec() -> None:
    pydigi = pytest.importorskip("pydigi", reason="pydigi is not installed")
    reader = pydigi.TypeBProtocol()
    bases = {"$/kg": "kg", "$/100g": "100 g", "$/lb": "lb", "$/(1/4)lb": "1/4 lb"}
    for reading in digi_b.PROTOCOL.examples(Role.DEVICE):
        told, ours = reader.parse(digi_b.PROTOCOL.encode(reading, Role.DEVICE)), reading.indication()
        numbers = (told.weight_net_kg, told.weight_tare_kg, told.unit_price, told.total_price)
        assert numbers == tuple(
            None if value is None else float(value) for value in (ours.weight, ours.tare, ours.unit_price, ours.price)
        )
        flags = (told.is_stable, told.is_net, told.is_zero, told.weight_overflow, told.weight_underflow)
        assert flags == (ours.stable, ours.net, ours.zero, ours.overload, ours.underload)
        assert bases[str(told.price_base)] == reading.price_base


def pydigi_reads(counter: Counter, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What a till with pydigi gets: its program's JSON."""
    cli = pytest.importorskip("pydigi.cli", reason="pydigi is not installed")
    with line(counter) as port:
        assert cli.main(["--port", port, "--json", "read"]) == 0, capsys.readouterr().err
    return dict(json.loads(capsys.readouterr().out))


def test_pydigi_reads_net_unit_price_and_total_as_displayed(capsys: pytest.CaptureFixture[str]) -> None:
    counter = asked("digi-b")
    counter.done("keys", sequence=["1", "2", ".", "5", "0"])
    for mass, total in (("0.530", "6.63"), ("7.775", "97.19"), ("0.005", "0.06")):
        shown = counter.weigh(mass)
        assert shown["price"] == total  # half up
        told = pydigi_reads(counter, capsys)
        assert told["weight_net_kg"] == told["weight_gross_kg"] == float(str(shown["weight"])) == float(mass)
        assert told["unit_price"] == float(str(shown["unit_price"])) == 12.5
        assert told["total_price"] == float(str(shown["price"]))
        assert (told["price_base"], told["is_stable"], told["is_net"], told["weight_tare_kg"]) == (
            "$/kg",
            True,
            False,
            0,
        )


def test_pydigi_reads_tare_motion_and_overload(capsys: pytest.CaptureFixture[str]) -> None:
    counter = asked("digi-b")
    assert pydigi_reads(counter, capsys)["is_zero"] is True
    counter.done("keys", sequence=["8"])
    counter.done("place", mass="0.2")
    counter.done("keys", sequence=["tare"])
    shown = counter.weigh("1.2")
    told = pydigi_reads(counter, capsys)
    assert (told["weight_net_kg"], told["weight_tare_kg"], told["is_net"]) == (1.0, 0.2, True)
    assert told["total_price"] == float(str(shown["price"])) == 8.0
    counter.done("place", mass="0")
    told = pydigi_reads(counter, capsys)
    assert (told["weight_net_kg"], told["is_negative"], told["total_price"]) == (-0.2, True, None)
    assert counter.weigh("17")["weight"] == "overload"
    told = pydigi_reads(counter, capsys)
    assert (told["weight_net_kg"], told["weight_overflow"], told["total_price"]) == (None, True, None)
    shake(counter)
    assert pydigi_reads(counter, capsys)["is_stable"] is False


def test_pydigi_is_told_the_price_base(capsys: pytest.CaptureFixture[str]) -> None:
    counter = asked("digi-b", units=("kg", "100g"))
    counter.done("keys", sequence=["2", "unit"])
    shown = counter.weigh("0.530")
    assert (shown["weight"], shown["unit"], shown["price"]) == ("0.530", "kg", "10.60")  # 2.00 for 100 g
    told = pydigi_reads(counter, capsys)
    assert (told["weight_net_kg"], told["unit_price"], told["total_price"]) == (0.53, 2.0, 10.6)
    assert told["price_base"] == "$/100g"


# --- Toledo 8217: the dialogue of a widespread till program ------------------------------------------------------------------


@contextmanager
def seven_even(port: str) -> Iterator[serial.Serial]:
    """Plain pyserial in 7E1, not our port class: a pseudo-terminal refuses the second opening unless it was made fresh after
    the first was closed, which is seen some milliseconds later."""
    until = time.monotonic() + 5
    while True:
        try:
            link = serial.Serial(
                port, 9600, serial.SEVENBITS, serial.PARITY_EVEN, serial.STOPBITS_ONE, timeout=1, write_timeout=1
            )
            break
        except termios.error:
            assert time.monotonic() < until, "a second opening in 7E1 is refused"
            time.sleep(0.01)
    with link:
        yield link


def test_a_till_finds_a_toledo_8217_by_its_echo_and_reads_the_weight_displayed() -> None:
    """At the speed of life: `Ehello`, 0.2 s, exactly eight bytes, `F`; then, opened again, `W` every 0.5 s."""
    counter = asked("toledo-8217")
    shown = counter.weigh("1.235")["weight"]
    with line(counter, speed=1) as port:
        with seven_even(port) as link:
            link.write(b"Ehello")
            time.sleep(0.2)
            assert link.read(8) == bytes.fromhex("02 45 0D 68 65 6C 6C 6F")
            assert link.in_waiting == 0
            link.write(b"F")
            time.sleep(0.2)
            link.reset_input_buffer()
        with seven_even(port) as link:
            for _ in range(2):
                asked_s = time.monotonic()
                link.write(b"W")
                assert link.read_until(b"\r") == f"\x02{Decimal(str(shown)):06.3f}\r".encode()
                time.sleep(max(0.0, asked_s + 0.5 - time.monotonic()))
                assert link.in_waiting == 0


def test_a_till_is_told_by_an_8217_why_there_is_no_weight() -> None:
    """Status byte: 1 motion, 2 over capacity, 4 under zero, 10h centre of zero, 20h net, 40h always (protocols.md 3.3)."""
    counter = asked("toledo-8217")

    def told() -> bytes:
        with line(counter) as port, seven_even(port) as link:
            link.write(b"W")
            return link.read_until(b"\r")

    counter.done("place", mass="0")
    assert told() == b"\x0200.000\r"
    counter.done("place", mass="0.2")
    counter.done("keys", sequence=["tare"])
    counter.done("place", mass="1.2")
    assert told() == b"\x0201.000N\r"
    counter.done("place", mass="0")
    start, mark, status, end = told()
    assert (start, mark, end) == (0x02, ord("?"), 0x0D)
    assert status & 0x47 == 0x44
    counter.done("place", mass="17")
    assert told()[2] & 0x42 == 0x42
    shake(counter)
    assert told()[2] & 0x47 == 0x41
