"""Time stamps by a third party (RFC 3161): the request for a case digest, and what an answer is about.

Read here: the status, the message imprint, the time, and whether the parts of the answer hang together.  Whether the
authority itself signed it, and may be trusted, is checked by ``openssl ts -verify`` with the authority's root
certificate, which does not come with the case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_TOKEN_BYTES = 256 << 10
_SHA256 = bytes.fromhex("0609608648016503040201")  # 2.16.840.1.101.3.4.2.1
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # 1.2.840.113549.1.7.2
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")  # 1.2.840.113549.1.9.16.1.4
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID, _TIME, _CONTEXT_0 = 0x30, 0x31, 0x02, 0x04, 0x06, 0x18, 0xA0
_GENERALIZED = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z")


@dataclass(frozen=True, slots=True)
class Token:
    """`imprint`: hex digest the authority stamped; `utc`: the time it states."""

    imprint: str
    utc: str


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    whole: bytes
    content: bytes

    def parts(self) -> list[_Value]:
        return _values(self.content)


def request(digest: str, nonce: int) -> bytes:
    """A TimeStampReq (RFC 3161 section 2.4.1) for the SHA-256 `digest`, asking for the authority's certificate."""
    imprint = _der(_SEQUENCE, _der(_SEQUENCE, _SHA256 + _der(0x05, b"")) + _der(_OCTETS, bytes.fromhex(digest)))
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    return _der(_SEQUENCE, _der(_INTEGER, b"\x01") + imprint + _der(_INTEGER, number) + _der(0x01, b"\xff"))


def read_request(raw: bytes) -> str:
    """The hex digest a TimeStampReq asks about; ValueError when it is none."""
    whole = _one(raw, _SEQUENCE)
    parts = whole.parts()
    if len(parts) < 2:
        raise ValueError("expected a time stamp request")
    return _imprint(parts[1])


def read_token(raw: bytes) -> Token:
    """What a TimeStampResp, or a bare TimeStampToken, is about; ValueError when it is none or was refused."""
    if len(raw) > MAX_TOKEN_BYTES:
        raise ValueError(f"expected a time stamp of at most {MAX_TOKEN_BYTES} bytes, got {len(raw)}")
    parts = _one(raw, _SEQUENCE).parts()
    if parts and parts[0].tag == _SEQUENCE:  # a response: PKIStatusInfo, then the token
        status = parts[0].parts()
        if not status or status[0].content not in (b"\x00", b"\x01"):
            raise ValueError("the time stamp authority refused: ask again")
        if len(parts) != 2:
            raise ValueError("expected a time stamp response with a token")
        parts = parts[1].parts()
    if len(parts) != 2 or parts[0].whole != _SIGNED_DATA or parts[1].tag != _CONTEXT_0:
        raise ValueError("expected a time stamp token (CMS signed data)")
    signed = _one(parts[1].content, _SEQUENCE).parts()
    if len(signed) < 4:
        raise ValueError("expected a time stamp token with a signature")
    content = signed[2].parts()
    if len(content) != 2 or content[0].whole != _TST_INFO or content[1].tag != _CONTEXT_0:
        raise ValueError("expected a time stamp (TSTInfo), got other signed data")
    info = _one(_one(content[1].content, _OCTETS).content, _SEQUENCE).parts()
    if len(info) < 5 or info[4].tag != _TIME or (time := _GENERALIZED.fullmatch(info[4].content)) is None:
        raise ValueError("expected a time stamp with imprint and time")
    year, month, day, hour, minute, second = (time[index].decode() for index in range(1, 7))
    return Token(_imprint(info[2]), f"{year}-{month}-{day}T{hour}:{minute}:{second}{(time[7] or b'').decode()}Z")


def _imprint(value: _Value) -> str:
    parts = value.parts() if value.tag == _SEQUENCE else []
    if len(parts) != 2 or parts[0].tag != _SEQUENCE or parts[1].tag != _OCTETS:
        raise ValueError("expected a message imprint")
    algorithm = parts[0].parts()
    if not algorithm or algorithm[0].whole != _SHA256 or len(parts[1].content) != 32:
        raise ValueError("expected the imprint of a SHA-256 digest")
    return parts[1].content.hex()


def _der(tag: int, content: bytes) -> bytes:
    """Short form lengths only: what we write is small."""
    if len(content) > 127:
        raise ValueError("expected at most 127 bytes")
    return bytes([tag, len(content)]) + content


def _one(data: bytes, tag: int) -> _Value:
    values = _values(data)
    if len(values) != 1 or values[0].tag != tag:
        raise ValueError(f"expected one DER value of tag 0x{tag:02x}")
    return values[0]


def _values(data: bytes) -> list[_Value]:
    """The DER values that make up `data` exactly; ValueError when they do not."""
    found, at = [], 0
    while at < len(data):
        tag, first = data[at], data[at + 1] if at + 1 < len(data) else 0x80
        start = at + 2
        if first > 0x80:
            count = first - 0x80
            length = int.from_bytes(data[start : start + count], "big") if count <= 4 else len(data)
            start += count
        else:
            length = first if first < 0x80 else len(data)  # an indefinite length is no DER
        end = start + length
        if tag & 0x1F == 0x1F or end > len(data):
            raise ValueError(f"expected DER, got something else at byte {at}")
        found.append(_Value(tag, data[at:end], data[start:end]))
        at = end
    return found
