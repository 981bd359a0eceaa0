"""`capture decode`: the messages of a serial line that was captured as levels."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import language, mark, tell, translate
from harness.exits import UsageError, printable
from harness.output import emit

if TYPE_CHECKING:
    from captures.model import PulseTrain
    from captures.uart import Characters, UartLine
    from harness.derive.captured_line import Said
    from protocols.contract import Message, WireProtocol

BOTH = "both"
COUNTS = {
    "bytes": mark("{n} bytes"),
    "framing_errors": mark("{n} framing errors"),
    "parity_errors": mark("{n} parity errors"),
    "breaks": mark("{n} breaks"),
    "false_starts": mark("{n} false starts"),
    "characters_cut": mark("{n} characters cut"),
    "messages_read": mark("{n} messages read"),
    "bytes_of_garbage": mark("{n} bytes of garbage"),
}
SENDERS = {"device": mark("device"), "host": mark("host")}
STATES = {
    "stable": mark("stable"),
    "net": mark("net weight"),
    "zero": mark("zero"),
    "overload": mark("overload"),
    "underload": mark("underload"),
    "unstable": mark("unstable"),
}
PRICES = {"tare": mark("tare {value}"), "unit price": mark("unit price {value}"), "price": mark("price {value}")}


def decode(
    file: Annotated[Path, typer.Argument(help="a capture file (.sr, VCD, Saleae, CSV) or a folder of digital_N.bin")],
    channel: Annotated[
        str, typer.Option("--channel", help="the captured line, e.g. RX; `capture info FILE` lists them")
    ],
    protocol: Annotated[str, typer.Option("--protocol", help="e.g. kern; `shortmeasure plugins` lists them")],
    sender: Annotated[
        str, typer.Option("--sender", help="who speaks on it: device, host, or both in turns")
    ] = "device",
    baud: Annotated[str | None, typer.Option("--baud", help="as the protocol has it where not given")] = None,
    data_bits: Annotated[int | None, typer.Option("--data-bits", help="5 to 8")] = None,
    parity: Annotated[str | None, typer.Option("--parity", help="N, E, O, M or S")] = None,
    stop_bits: Annotated[int | None, typer.Option("--stop-bits", help="1 or 2")] = None,
    inverted: Annotated[bool, typer.Option("--inverted", help="idle is low, as before an RS-232 receiver")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Decode a captured serial line to messages with their times; what is no message is told as such."""
    from captures.formats import read
    from captures.uart import decode as characters_of
    from fixtures.language import in_a_row
    from fixtures.plugins import specs
    from harness.derive.captured_line import said_by, said_by_both
    from harness.report.called import evidence
    from protocols.contract import Role

    known = specs("protocols")
    if protocol not in known:
        raise UsageError(f"--protocol: expected one of {', '.join(sorted(known))}, got {protocol!r}")
    if sender not in (BOTH, *Role):
        raise UsageError(f"--sender: expected device, host or both, got {sender!r}")
    spec: WireProtocol = known[protocol]
    train = _named(read(file).trains, channel)
    try:
        line = _line(spec, baud, data_bits, parity, stop_bits, inverted)
        characters = characters_of(train, line)
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error
    said = said_by_both(spec, characters) if sender == BOTH else said_by(spec, characters, Role(sender))
    summary = _summary(characters, said)
    document = {
        "file": str(file), "channel": channel, "protocol": f"{spec.name}/{spec.version}", "verified": spec.verified,
        "evidence": str(spec.evidence), "reference": spec.reference, "line": str(line), "sender": sender,
        **summary, "messages": [_row(one) for one in said],
    }  # fmt: skip
    head = [channel, spec.name, str(line)]
    if not spec.verified:
        head.append(translate(mark("protocol unverified ({evidence})"), evidence=evidence(str(spec.evidence))))
    counts = in_a_row(translate(COUNTS[name], n=count) for name, count in summary.items())
    lines = [translate(mark("{file}: {what}"), file=file, what=in_a_row(head)), f"  {counts}"]
    lines += [_text(one) for one in said]
    emit("decode", document, "\n".join(lines), as_json)
    return 0


def _named(trains: tuple[PulseTrain, ...], channel: str) -> PulseTrain:
    found = [train for train in trains if train.channel == channel]
    if len(found) != 1:
        known = ", ".join(train.channel for train in trains)
        raise UsageError(
            f"--channel: expected one of {known}, got {channel!r}" + (" which is there twice" if found else "")
        )
    return found[0]


def _line(
    spec: WireProtocol,
    baud: str | None,
    data_bits: int | None,
    parity: str | None,
    stop_bits: int | None,
    inverted: bool,
) -> UartLine:
    """As the protocol says where nothing else is given.  ValueError for what is no line setting."""
    from captures.uart import UartLine

    usual = spec.line
    if baud is None and usual.baud is None:
        raise ValueError(f"{spec.name} has no baud rate of its own: name it with --baud")
    if baud is not None and re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,9})?", baud) is None:
        raise ValueError(f"--baud: expected a number, got {baud!r}")
    rate = Fraction(usual.baud or 0) if baud is None else Fraction(baud)
    return UartLine(
        rate,
        usual.data_bits if data_bits is None else data_bits,
        usual.parity if parity is None else parity.upper(),
        usual.stop_bits if stop_bits is None else stop_bits,
        inverted,
    )


def _summary(characters: Characters, said: list[Said]) -> dict[str, int]:
    from captures.uart import CharFlag
    from protocols.contract import Garbage

    whole = characters.whole
    noise = [one for one in said if isinstance(one.message, Garbage)]
    breaks = int(whole.having(CharFlag.BREAK).sum())
    return {
        "bytes": int(whole.data.size),
        "framing_errors": int(whole.having(CharFlag.FRAMING).sum()) - breaks,
        "parity_errors": int(whole.having(CharFlag.PARITY).sum()),
        "breaks": breaks,
        "false_starts": characters.false_starts,
        "characters_cut": int(characters.data.size - whole.data.size),
        "messages_read": len(said) - len(noise),
        "bytes_of_garbage": sum(len(one.raw) for one in noise),
    }


def _row(one: Said) -> dict[str, Any]:
    from dataclasses import asdict

    from harness.report.document import plain
    from protocols.contract import Garbage
    from protocols.indication import Indicating

    row: dict[str, Any] = {
        "begin_ns": one.begin_ns, "end_ns": one.end_ns, "sender": None if one.sender is None else str(one.sender),
        "raw": one.raw.hex(" "), "kind": type(one.message).__name__,
    }  # fmt: skip
    if isinstance(one.message, Garbage):
        return {**row, "why": one.message.why}
    row["fields"] = plain(_bytes_as_hex(asdict(one.message)))  # type: ignore[call-overload]  # messages are dataclasses
    if isinstance(one.message, Indicating) and (told := one.message.indication()) is not None:
        row["indication"] = plain(asdict(told))
    return row


def _bytes_as_hex(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, dict):
        return {key: _bytes_as_hex(item) for key, item in value.items()}
    return [_bytes_as_hex(item) for item in value] if isinstance(value, list | tuple) else value


def _text(one: Said) -> str:
    from harness.report.columns import column
    from harness.report.errors import error_said
    from protocols.contract import Garbage

    seconds, rest = divmod(one.begin_ns, 10**9)
    who = "?" if one.sender is None else tell(SENDERS[str(one.sender)])
    if isinstance(one.message, Garbage):
        garbage = mark("garbage, {n} bytes: {why}: {bytes}")
        told = translate(garbage, n=len(one.raw), why=error_said(one.message.why), bytes=one.raw[:24].hex(" "))
    else:
        told = _meaning(one.message)
    return printable(f"  {seconds:>6}.{rest:09d} s  {column(who, 6)}  {told}")


def _meaning(message: Message) -> str:
    from fixtures.language import in_a_row
    from protocols.indication import Indicating

    told = message.indication() if isinstance(message, Indicating) else None
    if told is None:
        return str(message)
    weight = translate(mark("out of range")) if told.weight is None else f"{told.weight} {told.unit}".rstrip()
    states = {
        "stable": told.stable,
        "net": told.net,
        "zero": told.zero,
        "overload": told.overload,
        "underload": told.underload,
    }
    words = [name for name, holds in states.items() if holds] + (["unstable"] if told.stable is False else [])
    prices = [
        translate(PRICES[name], value=value)
        for name, value in (("tare", told.tare), ("unit price", told.unit_price), ("price", told.price))
        if value is not None
    ]
    states_said = [name if language() == "en" else tell(STATES[name]) for name in words]
    return in_a_row([weight, *states_said, *prices])
