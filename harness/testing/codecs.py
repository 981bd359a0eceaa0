"""Checks of a wire protocol's codec against its contract (protocols/contract.py).

`check_specification`, `check_vectors`, `check_round_trip` and `check_silence_and_close` need nothing but the `WireProtocol`;
`check_split_invariance` and `check_hostile` take streams, best drawn at random (Hypothesis or the like).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise

from harness.testing.filled_in import check_filled_in
from harness.testing.wanted import want
from protocols.contract import (
    API_VERSION,
    Decoder,
    EvidenceClass,
    Garbage,
    Message,
    ProtocolError,
    Role,
    Vector,
    WireProtocol,
    joined,
)

LONG_SILENCE_CHARS = 1e9
_OVERHEAD_BYTES = 2048
_PROVING = (EvidenceClass.STANDARD, EvidenceClass.VENDOR, EvidenceClass.CAPTURE)
_CARRIED = (
    EvidenceClass.STANDARD,
    EvidenceClass.CAPTURE,
)  # they have bytes of their own; a vendor's page may have a layout alone


class _Foreign:
    """A message of no protocol."""


def check_specification(protocol: WireProtocol) -> None:
    """The fields of the specification object are filled in and agree with each other."""
    name = protocol.name
    want(name == name.strip().lower() and name != "", "name: expected lower case, not empty", name)
    want(protocol.api == API_VERSION, f"api: expected {API_VERSION}; adapt the plugin to this contract", protocol.api)
    want(protocol.version >= 1, "version: expected 1 or more", protocol.version)
    want(
        protocol.max_message > 0, "max_message: expected the bound of a decoder's memory in bytes", protocol.max_message
    )
    want(protocol.reference.strip() != "", "reference: expected the document the bytes rest on", protocol.reference)
    check_filled_in("reference", protocol.reference)
    want(
        not protocol.verified or protocol.evidence in _PROVING,
        "verified: expected False unless a standard, a vendor document or a capture was compared",
        protocol.evidence,
    )
    classes = {vector.evidence for vector in protocol.vectors}
    want(
        protocol.evidence not in _CARRIED or not classes or protocol.evidence in classes,
        f"evidence: expected a vector of the class {protocol.evidence}, for that is claimed of the whole",
        f"vectors that are {', '.join(sorted(classes))} alone",
    )
    want(any(protocol.examples(role) for role in Role), "examples: expected messages for at least one role", "none")


def check_vectors(protocol: WireProtocol) -> None:
    """Every vector decodes to its messages and encodes to its bytes, no byte of it may change unnoticed, and it says what it
    rests on; there is one of each side that speaks."""
    want(len(protocol.vectors) > 0, "vectors: expected bytes from a document or a wire", "none")
    names = [vector.name for vector in protocol.vectors]
    want(len(set(names)) == len(names), "vectors: expected names used once", names)
    for vector in protocol.vectors:
        where = f"{protocol.name} vector {vector.name!r}"
        want(
            vector.messages != () or vector.wire == b"",
            f"{where}: expected what its bytes mean, from the manual (`means` in the vectors file)",
            f"nothing; the codec reads {joined(_decode(protocol, vector.sender, [vector.wire]))}",
        )
        want(
            vector.wire != b"",
            f"{where}: expected bytes from a document or a wire (`wire` in the vectors file)",
            "none",
        )
        want(vector.source.strip() != "", f"{where}: expected a source", vector.source)
        check_filled_in(f"{where}: source", vector.source)
        want(isinstance(vector.evidence, EvidenceClass), f"{where}: expected an EvidenceClass", vector.evidence)
        decoded = joined(_decode(protocol, vector.sender, [vector.wire]))
        expected = joined(vector.messages)
        want(decoded == expected, f"{where}: decoding {vector.wire.hex(' ')} expected {expected}", decoded)
        encoded = _encode(protocol, vector.messages, vector.sender)
        want(
            encoded == vector.wire or not protocol.lossless,
            f"{where}: encoding expected {vector.wire.hex(' ')}",
            encoded.hex(" "),
        )
        _check_every_byte_counts(protocol, vector, where)
    for role in Role:
        said = [vector for vector in protocol.vectors if vector.sender is role]
        want(
            bool(said) or not protocol.examples(role),
            f"{protocol.name}: vectors expected of each side that speaks; the {role} has examples",
            f"no vector whose sender is {role}",
        )


def _check_every_byte_counts(protocol: WireProtocol, vector: Vector, where: str) -> None:
    """A byte in which a bit may flip unnoticed is a check digit that nobody checks, or is not read at all."""
    wire, meant = vector.wire, joined(vector.messages)
    for at in range(len(wire)):
        changed = wire[:at] + bytes((wire[at] ^ 1,)) + wire[at + 1 :]
        read = joined(_decode(protocol, vector.sender, [changed]))
        want(
            read != meant,
            f"{where}: byte {at + 1}, {wire[at]:02X}, sent as {changed[at]:02X} expected Garbage or another message; are its check digits checked?",
            read,
        )


def check_round_trip(
    protocol: WireProtocol, messages: Sequence[Message] | None = None, sender: Role | None = None
) -> None:
    """decode(encode(m)) == m for each example, and for all of them in a row; foreign messages are refused.

    `messages` replaces the examples, for messages drawn at random; give their `sender` then.
    """
    for role in Role if sender is None else (sender,):
        examples = list(protocol.examples(role) if messages is None else messages)
        for example in examples:
            wire = protocol.encode(example, role)
            decoded = joined(_decode(protocol, role, [wire]))
            want(decoded == [example], f"{protocol.name} {role}: {wire.hex(' ')} expected [{example}]", decoded)
        decoded = joined(_decode(protocol, role, [_encode(protocol, examples, role)]))
        want(decoded == joined(examples), f"{protocol.name} {role}: in a row expected {joined(examples)}", decoded)
        try:
            accepted = protocol.encode(_Foreign(), role)
        except ProtocolError as error:
            want(str(error) != "", f"{protocol.name}: ProtocolError expected to say which message and why", "no text")
        else:
            want(False, f"{protocol.name} {role}: a message of no protocol expected ProtocolError", accepted)


def check_split_invariance(protocol: WireProtocol, sender: Role, stream: bytes, cuts: Iterable[int]) -> None:
    """However `stream` is cut into reads, the messages are the same once adjoining Joinables are joined."""
    places = [0, *sorted(min(max(cut, 0), len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(places)]
    whole = joined(_decode(protocol, sender, [stream]))
    cut = joined(_decode(protocol, sender, pieces))
    want(cut == whole, f"{protocol.name} {sender}: read as {pieces} expected {whole}", cut)


def check_hostile(protocol: WireProtocol, sender: Role, data: bytes, piece: int = 64) -> None:
    """Arbitrary bytes give messages, Garbage or ProtocolError; memory stays bounded; no byte disappears.

    Where the protocol is `lossless`, encoding what came out (Garbage: its raw bytes) must give `data` back.
    """
    where = f"{protocol.name} {sender}"
    decoder = protocol.decoder(sender)
    empty = deep_size(decoder)
    messages: list[Message] = []
    try:
        for at in range(0, len(data), piece):
            messages += decoder.feed(data[at : at + piece])
            grown = deep_size(decoder) - empty
            bound = 4 * protocol.max_message + _OVERHEAD_BYTES
            want(grown <= bound, f"{where}: a decoder expected to hold at most {bound} bytes after {at + piece}", grown)
        messages += decoder.close()
    except ProtocolError:
        return
    _check_reasons(where, messages)
    if protocol.lossless:
        back = _encode(protocol, messages, sender)
        want(back == data, f"{where}: messages and Garbage expected to account for {data.hex(' ')}", back.hex(" "))


def check_silence_and_close(protocol: WireProtocol) -> None:
    """Silence and close bring out what was held, once, and leave a decoder that reads on.

    An unfinished message is cut at every place of every vector and example (at most 64 places each).
    """
    for role in Role:
        want(protocol.decoder(role).feed(b"") == [], f"{protocol.name} {role}: no bytes expected no messages", "some")
        for message_wire in _wires(protocol, role):
            for cut in range(0, len(message_wire) + 1, max(1, len(message_wire) // 64)):
                _check_ending(protocol, role, message_wire, cut)


def _check_ending(protocol: WireProtocol, role: Role, wire: bytes, cut: int) -> None:
    where = f"{protocol.name} {role}: after {wire[:cut].hex(' ') or 'nothing'}"
    whole = joined(_decode(protocol, role, [wire]))
    for silent in (False, True):
        decoder = protocol.decoder(role)
        messages = decoder.feed(wire[:cut])
        want(decoder.silence(0.0) == [], f"{where}: no silence expected no messages", "some")
        ended = decoder.silence(LONG_SILENCE_CHARS) if silent else []
        again = decoder.silence(LONG_SILENCE_CHARS) if silent else []
        want(again == [], f"{where}: a second silence expected nothing more", again)
        ended_all = messages + ended + decoder.close()
        want(decoder.close() == [], f"{where}: a second close expected nothing more", "some")
        _check_reasons(where, ended_all)
        if protocol.lossless:
            back = _encode(protocol, ended_all, role)
            want(back == wire[:cut], f"{where}: expected every byte to come out", back.hex(" "))
        after = joined(decoder.feed(wire) + decoder.close())
        want(after == whole, f"{where} and close: expected to read on with {whole}", after)


def _wires(protocol: WireProtocol, role: Role) -> list[bytes]:
    vectors = [vector.wire for vector in protocol.vectors if vector.sender is role]
    return vectors + [protocol.encode(message, role) for message in protocol.examples(role)]


def _check_reasons(where: str, messages: Sequence[Message]) -> None:
    for message in messages:
        if isinstance(message, Garbage):
            want(message.raw != b"", f"{where}: Garbage expected to hold bytes", message)
            want(message.why.strip() != "", f"{where}: Garbage expected to say why", message)


def _decode(protocol: WireProtocol, sender: Role, pieces: Iterable[bytes]) -> list[Message]:
    decoder: Decoder = protocol.decoder(sender)
    messages: list[Message] = []
    for piece in pieces:
        messages += decoder.feed(piece)
    return messages + decoder.close()


def _encode(protocol: WireProtocol, messages: Iterable[Message], sender: Role) -> bytes:
    """The bytes of `messages`; Garbage stands for its raw bytes."""
    parts = (message.raw if isinstance(message, Garbage) else protocol.encode(message, sender) for message in messages)
    return b"".join(parts)


def deep_size(thing: object) -> int:
    """Bytes that `thing` holds on to: itself, its attributes and items, each object once; classes and code excluded."""
    seen: set[int] = set()
    waiting: list[object] = [thing]
    size = 0
    while waiting:
        current = waiting.pop()
        if id(current) in seen or isinstance(current, type) or callable(current):
            continue
        seen.add(id(current))
        size += sys.getsizeof(current)
        if isinstance(current, dict):
            waiting += [*current.keys(), *current.values()]
        elif isinstance(current, (list, tuple, set, frozenset)):
            waiting += current
        elif not isinstance(current, (str, bytes, bytearray, int, float)):
            waiting.append(getattr(current, "__dict__", None))
            slots = (name for kind in type(current).__mro__ for name in _slots(kind))
            waiting += [getattr(current, name) for name in slots if hasattr(current, name)]
    return size


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
