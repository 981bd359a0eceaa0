"""Our drivers of scales and balances on independent devices, over real pseudo-terminals (protocols.md 3.1, 3.10, 8.2)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

import serial

from fixtures.bench import Bench
from fixtures.errors import InstrumentError
from protocols.contract import Garbage, Role, joined
from protocols.indication import Indication
from protocols.wire import mt_sics
from tests.peers import bench_of, bench_text, cable, instrument

SECOND = 1_000_000_000
STABLE_ONLY = 'protocol = "mt-sics"\nquestions = ["S"]\npoll_ms = 50'


def eventually(bench: Bench, fits: Callable[[Indication], bool], tries: int = 100) -> Indication:
    """The first reading of the instrument that fits: how soon it comes is the machine's business."""
    said = None
    for _ in range(tries):
        bench.idle(SECOND // 50)
        said = instrument(bench).indicated()
        if said is not None and fits(said):
            return said
    raise AssertionError(f"not said in {tries} looks; last {said}")


# --- mt-sics-emulator ---------------------------------------------------------------------------------------------------------

DEVIATIONS = {
    "SI": (b"SI S      52.30 kg\r\n", "S S      52.30 kg"),
    "TA": (b"ES\r\n", "TA A       0.00 kg: the tare memory of level 1"),
    "I0": (
        b'I0 A "Defender 5000" "B123456789" "1.00" "150.0 kg" "0.05 kg"\r\n',
        "a line for each command, I0 B ... until the last I0 A ...",
    ),
    "I1": (b'I1 A "Defender 5000"\r\n', "levels and their versions"),
    "I2": (b'I2 A "B123456789"\r\n', "the data of the balance"),
    "s": (b"S S      52.30 kg\r\n", "ES: commands are of capital letters"),
    "ZI": (b"ZI A\r\n", "ZI +: so much is out of the zero setting range; within it ZI S or ZI D"),
}
"""What release 0.1.1 answers, and what MT-SICS has it answer.  It answers `S` at once, too, while MT-SICS waits for rest.
A second opinion with these exceptions, never the judge."""


class Emulator:
    """mt-sics-emulator's own serial transport, engine and pan at the other end of the line."""

    def __init__(self, port: str, profile: str) -> None:
        transport = pytest.importorskip("mtsics.transport.serial", reason="mt-sics-emulator is not installed")
        from mtsics.core.simulator import WeightSimulator
        from mtsics.core.state import ScaleState
        from mtsics.profiles import load
        from mtsics.protocol.engine import MTSICSEngine

        state = ScaleState(config=load(profile))
        self.pan = WeightSimulator(state, seed=1)
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(transport, MTSICSEngine(state), port))
        self._thread.start()
        assert self._up.wait(10)

    def _run(self, transport: Any, engine: Any, port: str) -> None:
        async def serve() -> None:
            self._line = transport.SerialTransport(
                engine, simulator=self.pan, cfg=transport.SerialConfig(port, read_timeout=0.02)
            )
            await self._line.open()
            self._up.set()
            await self._line.serve_forever()

        self._loop.run_until_complete(serve())

    def put(self, weight: float, *, at_rest: bool = True) -> None:
        place = self.pan.snap_to if at_rest else self.pan.set_target
        self._loop.call_soon_threadsafe(place, weight)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._line.close(), self._loop).result(10)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def emulator(profile: str) -> Iterator[tuple[Emulator, str]]:
    with cable() as (ours, theirs):
        device = Emulator(theirs, profile)
        try:
            yield device, ours
        finally:
            device.close()


def test_the_host_reads_mt_sics_emulator(tmp_path: Path) -> None:
    with emulator("ohaus-defender5000") as (device, line):
        device.put(52.3)
        with bench_of(tmp_path, bench_text("scale-host", f"serial:{line}", STABLE_ONLY)) as bench:
            told = bench.open()["it"]
            host = instrument(bench)
            assert told["reading"] == "52.30 kg"
            rest = Indication(Decimal("52.30"), "kg", stable=True, overload=False, underload=False)
            assert eventually(bench, lambda said: said.stable is True) == rest
            device.put(70.0, at_rest=False)
            moving = eventually(bench, lambda said: said.stable is False)
            assert Decimal("52.30") <= moving.weight <= Decimal("70.10")
            device.put(151.0)
            over = eventually(bench, lambda said: said.weight is None)
            assert over == Indication(None, "", overload=True, underload=False)
            assert (host.counts["surplus"], host.counts["late"], host.counts["garbage_bytes"]) == (0, 0, 0)


def test_the_host_takes_no_weight_that_is_not_said_as_mt_sics_has_it(tmp_path: Path) -> None:
    """`SI` answered `SI S ...`: the first deviation of the list.  It is waited 10 s for, half a second of the wall's."""
    text = 'protocol = "mt-sics"\npoll_ms = 1000'
    with (
        emulator("ohaus-defender5000") as (_, line),
        bench_of(tmp_path, bench_text("scale-host", f"serial:{line}", text), speed=20.0) as bench,
        pytest.raises(InstrumentError, match=r"0 readings and \d+ bytes came that belong to no frame"),
    ):
        bench.open()


def test_the_balance_driver_weighs_with_mt_sics_emulator(tmp_path: Path) -> None:
    with emulator("mt-xs204") as (device, line):
        device.put(52.1873)
        with bench_of(tmp_path, bench_text("mt-sics-balance", f"serial:{line}")) as bench:
            told = bench.open()["it"]
            assert told["serial"] == "B246813579"
            assert told["tare_g"] == "None"  # `TA` is unknown to it
            weighed = instrument(bench).weigh()
            assert weighed["stable"] == "yes"
            assert abs(Decimal(weighed["mass_g"]) - Decimal("52.1873")) <= Decimal("0.0001")


def test_what_mt_sics_emulator_says_otherwise_is_what_the_list_says() -> None:
    """The list of exceptions is whole: everything else asked of level 0 and 1 is answered as our codec reads it."""
    with (
        emulator("ohaus-defender5000") as (device, line),
        serial.Serial(line, 9600, timeout=2) as port,
    ):
        device.put(52.3)

        def ask(command: str) -> bytes:
            port.write(command.encode() + b"\r\n")
            return port.read_until(b"\n")

        assert ask("@") == b'I4 A "B123456789"\r\n'
        assert {command: ask(command) for command in DEVIATIONS} == {
            command: said for command, (said, _) in DEVIATIONS.items()
        }
        device.put(1.0)
        decoder = mt_sics.PROTOCOL.decoder(Role.DEVICE)
        for command in ("S", "I3", "I4", "T", "TI", "TAC", "Z", "@", "XYZ"):
            (message,) = joined(decoder.feed(ask(command)))
            assert not isinstance(message, Garbage), message
            begins = {"@": "I4"}.get(command, command)
            if command == "XYZ":
                assert message == mt_sics.Fault("S")
            else:
                assert message.identifier == begins


# --- weighbridge-simulator ----------------------------------------------------------------------------------------------------


@contextmanager
def weighbridge(folder: Path, port: str, figures: list[str]) -> Iterator[None]:
    """weighbridge-simulator in its own process, which sends `figures` for ever, 50 a second."""
    pytest.importorskip("weighbridge_simulator", reason="weighbridge-simulator is not installed")
    file = folder / "figures.txt"
    file.write_text("".join(f"{figure}\n" for figure in figures), "ascii")
    command = [sys.executable, "-m", "weighbridge_simulator", "-p", port, "-d", str(file), "-l", "0", "-i", "0.02"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("figures", "weights"),
    [
        (["0001300", "0001234"], {Decimal(1300), Decimal(1234)}),
        (["0012.34"], {Decimal("12.34")}),
        (["-001.50", "0000.20"], {Decimal("-1.50"), Decimal("0.20")}),
    ],
)
def test_the_tap_reads_weighbridge_simulator(tmp_path: Path, figures: list[str], weights: set[Decimal]) -> None:
    """Lowest digit first, `=` behind seven characters."""
    with (
        cable() as (ours, theirs),
        weighbridge(tmp_path, theirs, figures),
        bench_of(tmp_path, bench_text("scale-tap", f"serial:{ours}", 'protocol = "yaohua-reversed"')) as bench,
    ):
        bench.open()
        for weight in weights:
            said = eventually(bench, lambda said, weight=weight: said.weight == weight)  # type: ignore[misc]
            assert (said.stable, said.net) == (None, None)  # the frame tells neither
        counts = instrument(bench).counts
        assert counts["format_changes"] == 0
        assert counts["garbage_bytes"] <= 8  # a frame that was cut when the line was opened


# --- labmcp-mettler-toledo: not installed with the tests (it brings 70 packages along), used where it is -----------------------


@contextmanager
def labmcp_balance() -> Iterator[tuple[Any, str]]:
    """Its simulated balance at the other end of the line: it answers lines, and a thread carries them."""
    peer = pytest.importorskip(
        "labmcp_mettler_toledo.simulator", reason="labmcp-mettler-toledo is not installed (docs/peers_scales.md)"
    )
    balance = peer.MTSICSSimulator()
    over = threading.Event()

    def carry(port: serial.Serial) -> None:
        while not over.is_set():
            command = port.read_until(b"\r\n")
            if command.endswith(b"\r\n"):
                said = balance.handle(command.decode("ascii").strip())
                for answer in [said] if isinstance(said, str) else said or []:
                    port.write(answer.encode("ascii") + b"\r\n")

    with cable() as (ours, theirs), serial.Serial(theirs, 9600, timeout=0.1) as port:
        carrier = threading.Thread(target=carry, args=(port,))
        carrier.start()
        try:
            yield balance, ours
        finally:
            over.set()
            carrier.join(10)


def test_our_drivers_read_the_balance_of_labmcp(tmp_path: Path) -> None:
    with labmcp_balance() as (balance, line):
        with bench_of(tmp_path, bench_text("mt-sics-balance", f"serial:{line}")) as bench:
            told = bench.open()["it"]
            assert told["serial"] == "B123456789"
            assert told["balance"] == "XS205DU Excellence 220.0000 g"
            assert told["tare_g"] == "0.0000"
            balance.handle("TA 2.0000 g")
            weighed = instrument(bench).weigh()
            assert (weighed["mass_g"], weighed["tare_g"], weighed["shown"]) == ("52.1873", "2.0000", "50.1873 g")
        (tmp_path / "host").mkdir()
        both = 'protocol = "mt-sics"\nquestions = ["SI", "S"]\npoll_ms = 50'
        with bench_of(tmp_path / "host", bench_text("scale-host", f"serial:{line}", both)) as bench:
            bench.open()
            for stable in (True, False):  # `S` and `SI` in turn
                said = eventually(bench, lambda said, stable=stable: said.stable is stable)  # type: ignore[misc]
                assert abs(said.weight - Decimal("50.1873")) < Decimal("0.001")
            balance.load_g = 240.0
            assert eventually(bench, lambda said: said.weight is None).overload is True
            assert instrument(bench).counts["garbage_bytes"] == 0
