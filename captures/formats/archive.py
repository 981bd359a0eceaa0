"""ZIP members read with distrust, in pieces.

The standard library's reader stops at the size a member declares without looking whether there is more, lets members
overlap, and loads whatever directory a file states; a bomb is built from these.  Here the directory is bounded before
it is loaded, members must not overlap, names are checked, and every member must inflate to exactly the declared
number of bytes with the declared check sum, and end where its data end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from captures.errors import CaptureError

PIECE = 1 << 20
"""Most bytes of one piece of a member."""
_MAX_MEMBERS = 20_000
_MAX_DIRECTORY = 4 << 20
_COMPRESSED_PIECE = 16 << 10
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_SIZES_FOLLOW = 0x0008
_UTF8 = 0x0800
_LARGE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    header: int


class Archive:
    """The directory of an open ZIP file; `where` names the file in errors.  CaptureError whenever something is off."""

    def __init__(self, handle: BinaryIO, where: str) -> None:
        self._handle = handle
        self._where = where
        self.members: dict[str, Member] = {}
        directory, start, count = self._directory()
        offset = 0
        for _ in range(count):
            member, offset = self._entry(directory, offset)
            if member.name in self.members:
                raise CaptureError(f"{where}: expected distinct member names, got {member.name!r} twice")
            self.members[member.name] = member
        if offset != len(directory):
            raise CaptureError(f"{where}: {len(directory) - offset} bytes left over after {count} directory entries")
        end = 0
        for member in sorted(self.members.values(), key=lambda member: member.header):
            if member.header < end:
                raise CaptureError(f"{where}: member {member.name!r} overlaps the one before; not a recorder's file")
            end = member.header + _LOCAL.size + member.packed
        if end > start:
            raise CaptureError(f"{where}: members reach to byte {end}, over the directory at {start}; file damaged")

    def _directory(self) -> tuple[bytes, int, int]:
        """The central directory, where it starts, and how many members it says it has."""
        size = self._handle.seek(0, 2)
        start = max(0, size - _END.size - 0xFFFF)
        self._handle.seek(start)
        tail = self._handle.read(_END.size + 0xFFFF)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise CaptureError(f"{self._where}: expected a ZIP directory at the end, got none; the file is truncated")
        _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, at)
        if disk or first_disk or here != count:
            raise CaptureError(f"{self._where}: expected one ZIP file, got a part of several")
        if offset == _LARGE or count > _MAX_MEMBERS or length > _MAX_DIRECTORY:
            raise CaptureError(
                f"{self._where}: expected at most {_MAX_MEMBERS} members and {_MAX_DIRECTORY} bytes of directory, "
                f"got {count} and {length}"
            )
        if offset + length != start + at or start + at + _END.size + comment != size:
            raise CaptureError(
                f"{self._where}: directory of {length} bytes at {offset} does not reach its end record at "
                f"{start + at}; the file is truncated or something was put before or after it"
            )
        self._handle.seek(offset)
        return self._handle.read(length), offset, count

    def _entry(self, directory: bytes, offset: int) -> tuple[Member, int]:
        if len(directory) - offset < _ENTRY.size or directory[offset : offset + 4] != b"PK\x01\x02":
            raise CaptureError(f"{self._where}: expected a directory entry at byte {offset} of the directory, got none")
        fields = _ENTRY.unpack_from(directory, offset)
        flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
        name_length, extra, comment, header = fields[10], fields[11], fields[12], fields[16]
        begin = offset + _ENTRY.size
        if begin + name_length + extra + comment > len(directory):
            raise CaptureError(f"{self._where}: directory entry at byte {offset} runs over the end of the directory")
        name = self._name(directory[begin : begin + name_length], flags)
        if _LARGE in (packed, size, header):
            raise CaptureError(f"{self._where}: member {name!r} declares 4 GiB or more; cut the capture")
        if flags & _ENCRYPTED:
            raise CaptureError(f"{self._where}: member {name!r} is encrypted; ask for the file without a password")
        return Member(name, method, flags, crc, packed, size, header), begin + name_length + extra + comment

    def _name(self, raw: bytes, flags: int) -> str:
        try:
            name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
        except UnicodeDecodeError:
            raise CaptureError(f"{self._where}: member name {raw[:80]!r}: expected ASCII or marked UTF-8") from None
        parts = name.split("/")
        traverses = not parts[0] or "." in parts or ".." in parts
        if traverses or not name.isprintable() or "\\" in name or ":" in name:
            raise CaptureError(f"{self._where}: member name {name!r:.80}: expected a plain relative name")
        return name

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The member's bytes in pieces of at most PIECE; they are right only once the last one has come."""
        where = f"{self._where} member {member.name!r}"
        start = self._data_start(member, where)
        if member.method == _STORED:
            source = self._stored(member, start)
        elif member.method == _DEFLATED:
            source = self._inflated(member, start, where)
        else:
            raise CaptureError(f"{where}: expected stored or deflated data, got ZIP method {member.method}")
        crc, size = 0, 0
        for piece in source:
            size += len(piece)
            if size > member.size:
                raise CaptureError(f"{where}: declares {member.size} bytes but holds more; it lies about its size")
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != member.size:
            raise CaptureError(f"{where}: declares {member.size} bytes but holds {size}; cut, or lies about its size")
        if crc != member.crc:
            raise CaptureError(f"{where}: expected CRC-32 {member.crc:08x}, got {crc:08x}; the data are damaged")

    def _data_start(self, member: Member, where: str) -> int:
        self._handle.seek(member.header)
        raw = self._handle.read(_LOCAL.size)
        if len(raw) < _LOCAL.size or raw[:4] != b"PK\x03\x04":
            raise CaptureError(f"{where}: expected a local header at byte {member.header}, got none")
        _, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(raw)
        name = self._name(self._handle.read(name_length), flags)
        stated = (crc, packed, size)
        agreed = bool(flags & _SIZES_FOLLOW) or packed == _LARGE or stated == (member.crc, member.packed, member.size)
        if (name, method) != (member.name, member.method) or flags & _ENCRYPTED or not agreed:
            raise CaptureError(f"{where}: local header at byte {member.header} and directory disagree")
        return member.header + _LOCAL.size + int(name_length) + int(extra)

    def _stored(self, member: Member, start: int) -> Iterator[bytes]:
        self._handle.seek(start)
        left = member.packed
        while left and (piece := self._handle.read(min(left, PIECE))):
            left -= len(piece)
            yield piece

    def _inflated(self, member: Member, start: int, where: str) -> Iterator[bytes]:
        """Raw deflate data; one input piece can inflate a thousandfold, so the output is what is bounded."""
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        position, left = start, member.packed
        try:
            while not inflate.eof:
                packed = inflate.unconsumed_tail
                if not packed:
                    self._handle.seek(position)
                    packed = self._handle.read(min(left, _COMPRESSED_PIECE))
                    position, left = position + len(packed), left - len(packed)
                piece = inflate.decompress(packed, PIECE)
                if piece:
                    yield piece
                elif not packed:
                    raise CaptureError(f"{where}: deflated data end early after {member.packed} bytes; truncated")
        except zlib.error as problem:
            raise CaptureError(f"{where}: deflated data damaged before byte {position} ({problem})") from None
        if left or inflate.unused_data:
            raise CaptureError(f"{where}: {left + len(inflate.unused_data)} bytes follow the end of the deflated data")
