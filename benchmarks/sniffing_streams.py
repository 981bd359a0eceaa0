"""Recordings for the measure of `capture sniff`: what known protocols say, and what nothing in this tree speaks.

Known: dialogues of the simulated benches and scales (their drivers and devices choose the words), and messages drawn from each
protocol's vectors and examples.  Foreign: built here from the published rule of each format, with values drawn at random.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np

from captures.model import Direction
from fixtures.benchfile import BenchFile, parse
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.scale_lines import asked_protocols
from fixtures.sim.scale.lines import LINES
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import build_scale
from harness.bench_runs import burst
from harness.benches import built_in, find, world
from harness.learning.fit import Stream
from harness.learning.recording import Chunk, bursts_of, wire_chunks
from protocols.contract import Role, WireProtocol
from protocols.wire import kern

SECOND_NS = 1_000_000_000
LISTENED_S = 20
SPOKEN = {
    "mt-sics-balance": "mt-sics", "modbus-coriolis": "modbus-rtu", "dart-tap": "dart", "dart-master": "dart", "sigrok-pico": "sigrok-pico",
    "lcus": "lcus", "grbl-loader": "grbl", "ticc": "ticc", "sump": "sump", "gnss-nmea": "nmea", "taximeter-tap": "jt905",
    "azt-master": "azt", "taximeter-host": "jt905", "obd-elm327": "elm327", "scpi-source": "scpi", "scpi-counter": "scpi",
}  # fmt: skip
LEAST_SAID = 40  # bytes of a dialogue, below which nobody can say what it is
Recording = tuple[str, str, tuple[Stream, ...]]
"""Where it is from, what it speaks, and its streams."""


def _dispensers() -> list[BenchFile]:
    """The laboratory bench of a dispenser that speaks another protocol; an idle two-wire line is one byte each way, for ever."""
    text = find("dispenser-k3").text.replace("address = 0x50\n", "")
    return [parse(text.replace("dart-master", "azt-master").replace("sim:dart", "sim:azt"), "with AZT 2.0")]


def benches() -> list[Recording]:
    """What the drivers of the built-in benches and their simulated devices say to each other in the first seconds."""
    found: dict[str, Recording] = {}
    for bench in (*map(find, built_in()), *_dispensers()):
        with tempfile.TemporaryDirectory() as folder:
            opened = open_bench(
                bench, specs("instruments"), Path(folder), {"tool": "sniffing"}, world=world(bench, None, 1)
            )
            heard: dict[tuple[str, Role], list[Chunk]] = {}
            for entry in bench.instruments.values():
                heard.update({(link, role): [] for link in entry.links.values() for role in Role})

            def take(
                t_ns: int, link: str, way: object, data: bytes, heard: dict[tuple[str, Role], list[Chunk]] = heard
            ) -> None:
                heard[link, Role.DEVICE if way == "rx" else Role.HOST].append(Chunk(t_ns, data))

            opened.on_wire = take
            opened.open()
            opened.idle(LISTENED_S * SECOND_NS)
            opened.recorder.close("complete")
            opened.close()
        for entry in bench.instruments.values():
            spoken = SPOKEN.get(entry.driver) or entry.options.get("protocol")
            if not isinstance(spoken, str):
                continue
            if entry.driver in ("dart-tap", "taximeter-tap"):  # two listening lines: host or ISU, and device
                sides = {
                    Role.HOST: "host" if "host" in entry.links else "isu",
                    Role.DEVICE: "device" if "device" in entry.links else "meter",
                }
                chunks = {role: heard[entry.links[side], Role.DEVICE] for role, side in sides.items()}
            else:
                [link] = entry.links.values()
                chunks = {role: heard[link, role] for role in Role}
            streams = tuple(Stream(str(role), bursts_of(said), role) for role, said in chunks.items() if said)
            if sum(len(stream.data) for stream in streams) >= LEAST_SAID:
                found.setdefault(f"{spoken} {entry.driver}", (f"bench {bench.where}, {entry.name}", spoken, streams))
    del found["sump sump"]  # it says nothing before it is asked for a burst
    return [*found.values(), _burst()]


def _burst() -> Recording:
    """What an analyser is told for some bursts, and its samples."""
    said: dict[Role, list[Chunk]] = {role: [] for role in Role}
    for number in range(3):
        with tempfile.TemporaryDirectory() as folder:
            bench = find("pulse-lab")
            burst(bench, "sump", 1_000_000 << number, 256, Path(folder), world=world(bench, None, 1))
            for chunk in wire_chunks(Path(folder)):
                if chunk.link == "sump":
                    at_ns = chunk.t_ns + number * 60 * SECOND_NS
                    said[Role.DEVICE if chunk.direction is Direction.RX else Role.HOST].append(Chunk(at_ns, chunk.data))
    streams = tuple(Stream(str(role), bursts_of(chunks), role) for role, chunks in said.items())
    return "bench pulse-lab, sump, three bursts", "sump", streams


def scales() -> list[Recording]:
    """Every protocol of the simulated price scale: broadcast, or asked with what a driver may ask."""
    found = []
    for name, language in LINES.items():
        asked = name in asked_protocols()
        station = build_scale(ScaleScenario(seed=3, protocol=name, broadcast=not asked))
        said: dict[Role, list[Chunk]] = {role: [] for role in Role}
        questions = [q.request for q in asked_protocols()[name]("A").questions.values()] if asked else []
        for turn in range(40):
            until_ns = station.now_ns + SECOND_NS // 2
            if turn == 8:
                order = {"id": 1, "verb": "place", "mass": "1.234", "covert": False}
                station.ports["operator"].receive(json.dumps(order).encode() + b"\n")
            if questions:
                wire = language.protocol.encode(questions[turn % len(questions)], Role.HOST)
                said[Role.HOST].append(Chunk(station.now_ns, wire))
                station.ports["scale"].receive(wire)
            while station.now_ns < until_ns:
                for arrival in station.advance(until_ns):
                    if arrival.link == "scale":
                        said[Role.DEVICE].append(Chunk(arrival.t_ns, arrival.data))
        streams = tuple(Stream(str(role), bursts_of(chunks), role) for role, chunks in said.items() if chunks)
        found.append((f"simulated scale, {'asked' if asked else 'broadcast'}", name, streams))
    return found


def drawn(seed: int, messages: int = 60) -> list[Recording]:
    """Messages of each protocol's vectors and examples in random order, each in its turn; first those of both sides apart."""
    rng = np.random.default_rng(seed)
    found = []
    for name, protocol in specs("protocols").items():
        said = {role: wires(protocol, role) for role in Role}
        streams = tuple(
            Stream(str(role), tuple(known[k] for k in rng.integers(len(known), size=messages)), role)
            for role, known in said.items()
            if known
        )
        found.append((f"vectors and examples, seed {seed}", name, streams))
    return found


def wires(protocol: WireProtocol, role: Role) -> list[bytes]:
    return [v.wire for v in protocol.vectors if v.sender is role] + [
        protocol.encode(m, role) for m in protocol.examples(role)
    ]


def mixed(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    """What a single tap hears of a dialogue: the bursts of both sides, in turns."""
    most = max(len(stream.bursts) for stream in streams)
    turns = [burst for k in range(most) for stream in streams for burst in stream.bursts[k : k + 1]]
    return (Stream("tap", tuple(turns), None, mixed=True),)


def _crc_x25(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    return crc ^ 0xFFFF


def _hdlc(rng: np.random.Generator, k: int) -> bytes:
    """DLMS/COSEM over HDLC (IEC 62056-46): 7E, format and length, addresses, control, HCS, LLC and payload, FCS, 7E."""
    payload = b"\xe6\xe6\x00\xc4\x01\xc1\x00\x06" + rng.bytes(int(rng.integers(4, 30)))
    head = struct.pack(">H", 0xA000 | (len(payload) + 9)) + b"\x03\x21" + bytes((0x10 | (k % 8) << 5,))
    head += struct.pack("<H", _crc_x25(head))
    return b"\x7e" + head + payload + struct.pack("<H", _crc_x25(head + payload)) + b"\x7e"


def _dialog06(rng: np.random.Generator, k: int) -> bytes:
    """Record 02 of Dialog 06: STX, number, ESC, status, ESC, weight, ESC, unit price, ESC, total, ETX (7O1)."""
    weight, price = int(rng.integers(0, 15000)), int(rng.integers(100, 99999))
    return b"\x0202\x1b3\x1b%05d\x1b%06d\x1b%06d\x03" % (weight, price, weight * price // 1000)


def _sbi(rng: np.random.Generator, k: int) -> bytes:
    """Sartorius SBI, 22 characters with identification."""
    return b"N     + %8.4f g  \r\n" % rng.uniform(0, 200)


def _sbi16(rng: np.random.Generator, k: int) -> bytes:
    return b"+ %8.2f g  \r\n" % rng.uniform(0, 3000)


def _ubx(rng: np.random.Generator, k: int) -> bytes:
    """u-blox binary: B5 62, class, id, length, payload, Fletcher-8."""
    body = b"\x01\x07" + struct.pack("<H", 92) + struct.pack("<I", 1000 * k) + rng.bytes(88)
    a = b = 0
    for byte in body:
        a = (a + byte) & 0xFF
        b = (b + a) & 0xFF
    return b"\xb5\x62" + body + bytes((a, b))


_WORDS = b"the pump started request timeout connection from user session closed value sensor temperature retry after error reading file not found ok done".split()


def _log(rng: np.random.Generator, k: int) -> bytes:
    level = (b"INFO", b"WARN", b"ERROR", b"DEBUG")[int(rng.integers(4))]
    words = b" ".join(_WORDS[i] for i in rng.integers(len(_WORDS), size=int(rng.integers(3, 9))))
    return b"2026-03-01 12:%02d:%02d %s: %s\n" % (k // 60 % 60, k % 60, level, words)


def _console(rng: np.random.Generator, k: int) -> bytes:
    words = b" ".join(_WORDS[i] for i in rng.integers(len(_WORDS), size=int(rng.integers(2, 7))))
    return words.capitalize() + b".\r\n"


def _iec62056(rng: np.random.Generator, k: int) -> bytes:
    return b"1-0:%d.8.0(%09.3f*kWh)\r\n" % (k % 9 + 1, rng.uniform(0, 99999))


def _json(rng: np.random.Generator, k: int) -> bytes:
    return (
        json.dumps(
            {"t": k, "weight": round(rng.uniform(0, 30), 3), "unit": "kg", "stable": bool(rng.integers(2))}
        ).encode()
        + b"\n"
    )


def _modem(rng: np.random.Generator, k: int) -> bytes:
    return (
        b"AT+CSQ\r",
        b"\r\n+CSQ: %d,99\r\n\r\nOK\r\n" % rng.integers(32),
        b"AT+CREG?\r",
        b"\r\n+CREG: 0,%d\r\n\r\nOK\r\n" % rng.integers(6),
    )[k % 4]


def _modbus_ascii(rng: np.random.Generator, k: int) -> bytes:
    body = bytes((1, 3, 4)) + rng.bytes(4)
    return b":" + (body + bytes((-sum(body) & 0xFF,))).hex().upper().encode() + b"\r\n"


def _mbus(rng: np.random.Generator, k: int) -> bytes:
    body = b"\x08\x01\x72" + rng.bytes(12)
    return b"\x68" + bytes((len(body),)) * 2 + b"\x68" + body + bytes((sum(body) & 0xFF, 0x16))


def _gilbarco(rng: np.random.Generator, k: int) -> bytes:
    """As a two-wire data block, but that FBh is not in the sum of its check."""
    body = bytes([0xFF, 0xF8] + [0xE0 | int(n) for n in rng.integers(0, 10, size=12)])
    return body + bytes((0xFB, 0xE0 | (-sum(byte & 15 for byte in body) & 15), 0xF0))


def _tatsuno(rng: np.random.Generator, k: int) -> bytes:
    body = b"@A65%06d%06d" % (rng.integers(0, 999999), rng.integers(0, 999999))
    return b"\x02" + body + b"\x03" + bytes((reduce(xor, body, 3),))


def _nci(rng: np.random.Generator, k: int) -> bytes:
    return b"\n%06.3fKG\r\nS00\r\x03" % rng.uniform(0, 15)


def _can_slcan(rng: np.random.Generator, k: int) -> bytes:
    return b"t%03X8" % rng.integers(0, 0x7FF) + rng.bytes(8).hex().upper().encode() + b"\r"


def _csv(rng: np.random.Generator, k: int) -> bytes:
    return b"%d,%.2f,%.2f,%.3f\r\n" % (k, rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(0, 5))


def _numbers(rng: np.random.Generator, k: int) -> bytes:
    return b"%.3f\r\n" % rng.uniform(0, 15)


def _random(rng: np.random.Generator, k: int) -> bytes:
    return rng.bytes(40)


def _printable(rng: np.random.Generator, k: int) -> bytes:
    return bytes(rng.integers(0x20, 0x7F, size=30).astype(np.uint8)) + b"\r\n"


def _zeros(rng: np.random.Generator, k: int) -> bytes:
    return bytes(20)


def _wrong_baud(rng: np.random.Generator, k: int) -> bytes:
    """A Kern balance at 1200 baud, sampled at 9600: every bit is eight bits long."""
    line = kern.PROTOCOL.encode(kern.PROTOCOL.examples(Role.DEVICE)[k % 5], Role.DEVICE)
    bits = "".join("0" + f"{byte:08b}"[::-1] + "11" for byte in line)
    sampled = "".join(bit * 8 for bit in bits)
    found, at = bytearray(), 0
    while (at := sampled.find("0", at)) >= 0 and at + 9 <= len(sampled):
        found.append(int(sampled[at + 1 : at + 9][::-1], 2))
        at = (at := at + 10)
    return bytes(found)


def _framed(rng: np.random.Generator, k: int) -> bytes:
    """A device of no standard: AA 55, counter, length, BCD weight, sum."""
    body = bytes((k & 0xFF, 6)) + bytes.fromhex(f"{rng.integers(0, 10**12):012d}")
    return b"\xaa\x55" + body + bytes((sum(body) & 0xFF,))


FOREIGN: Mapping[str, Callable[[np.random.Generator, int], bytes]] = {
    "DLMS over HDLC": _hdlc, "Dialog 06": _dialog06, "Sartorius SBI, 22 characters": _sbi, "Sartorius SBI, 16 characters": _sbi16,
    "UBX": _ubx, "log file": _log, "console text": _console, "IEC 62056-21": _iec62056, "JSON lines": _json, "modem": _modem,
    "Modbus ASCII": _modbus_ascii, "M-Bus": _mbus, "two-wire, its check one short": _gilbarco, "Tatsuno": _tatsuno, "NCI ECR": _nci,
    "CAN by SLCAN": _can_slcan, "CSV": _csv, "bare numbers": _numbers, "random bytes": _random, "random printable lines": _printable,
    "zero bytes": _zeros, "Kern at a wrong baud rate": _wrong_baud, "a device of no standard": _framed,
}  # fmt: skip


def foreign(seed: int, bursts: int = 40, one_tap: bool = False) -> list[Recording]:
    """Every foreign format, `bursts` frames each."""
    found = []
    for number, (name, make) in enumerate(FOREIGN.items()):
        rng = np.random.default_rng([seed, number])
        said = tuple(make(rng, k) for k in range(bursts))
        stream = Stream("tap", said, None, True) if one_tap else Stream("device", said, None)
        found.append((f"foreign, seed {seed}", name, (stream,)))
    return found
