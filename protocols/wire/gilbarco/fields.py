"""The inside of a two-wire block, between FF and FB: control words `Fx`, each with digits `Ex`, least significant first.

`body_of` and `block_of` are each other's inverse on what they know; `Block` keeps all else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from protocols.contract import Message, ProtocolError, Role
from protocols.wire.gilbarco.messages import (
    Block,
    HoseTotals,
    Preset,
    SetPrice,
    SpecialFunction,
    Totals,
    Transaction,
    Widths,
    Word,
)

CONTROL, DIGIT = 0xF0, 0xE0
TOTAL_WIDTH, TOTAL_PRICE_WIDTH = 8, 4  # a hose takes 30 bytes
MOST_HOSES = 6
_LEVELS = {Word.LEVEL_1: 1, Word.LEVEL_2: 2}
_WORD_OF_LEVEL = {level: word for word, level in _LEVELS.items()}
_FIELD = re.compile(rb"[\xf0-\xff][\xe0-\xef]*")
Field = tuple[int, tuple[int, ...]]  # low nibble of the word, low nibbles of its digits in wire order


def number(digits: Sequence[int]) -> int | None:
    """Least significant first; None where a nibble is no decimal digit, and for none at all."""
    if not digits or max(digits) > 9:
        return None
    return int("".join(map(str, reversed(digits))))


def digits_of(value: int, width: int, what: str) -> bytes:
    if not 0 <= value < 10**width:
        raise ProtocolError(f"Gilbarco {what}: expected 0 to {10**width - 1} ({width} digits), got {value}")
    return bytes(DIGIT | int(digit) for digit in reversed(f"{value:0{width}d}"))


def nibbles(values: Sequence[int], what: str) -> bytes:
    if any(not 0 <= value <= 0xF for value in values):
        raise ProtocolError(f"Gilbarco {what}: expected nibbles 0 to 15, got {tuple(values)}")
    return bytes(DIGIT | value for value in values)


def _word(word: Word, *parts: bytes) -> bytes:
    return bytes((CONTROL | word,)) + b"".join(parts)


def _level(level: int) -> bytes:
    if level not in _WORD_OF_LEVEL:
        raise ProtocolError(f"Gilbarco price level: expected 1 or 2, got {level}")
    return _word(_WORD_OF_LEVEL[level])


def _second(message: SetPrice | Preset | SpecialFunction | Transaction) -> bytes:
    """In a transaction the second byte is a control word, in a block of the master a digit."""
    if not 0 <= message.second <= 0xF:
        raise ProtocolError(f"Gilbarco second byte: expected a nibble, got {message.second}")
    return bytes(((CONTROL if isinstance(message, Transaction) else DIGIT) | message.second,))


def body_of(message: Message, widths: Widths) -> bytes:
    """The bytes between FF and FB."""
    match message:
        case SetPrice(level, grade, price):
            return _second(message) + _level(level) + _grade(grade) + _price(price, widths.price)
        case Preset(money, value, level, grade):
            kind = _word(Word.AMOUNT_PRESET if money else Word.NORMAL)
            named = b"" if grade is None else _grade(grade)
            width = widths.money if money else widths.volume
            return _second(message) + kind + _level(level) + named + _word(Word.ID, digits_of(value, width, "preset"))
        case SpecialFunction(digits):
            return _second(message) + _word(Word.SPECIAL, nibbles(digits, "special function"))
        case Transaction():
            return (
                _second(message) + _word(Word.ID, nibbles(message.id, "pump id")) + _grade(message.grade)
                + _level(message.level) + _price(message.price, widths.price)
                + _word(Word.VOLUME, digits_of(message.volume, widths.volume, "volume"))
                + _word(Word.MONEY, digits_of(message.money, widths.money, "money"))
            )  # fmt: skip
        case Totals(hoses):
            return b"".join(map(_hose, hoses))
        case Block(body):
            return body
        case _:
            raise ProtocolError(f"Gilbarco: expected a block, got {type(message).__name__}")


def _grade(grade: int) -> bytes:
    return _word(Word.GRADE, nibbles((grade,), "grade"))


def _price(price: int, width: int) -> bytes:
    return _word(Word.UNIT_PRICE, digits_of(price, width, "price"))


def _hose(hose: HoseTotals) -> bytes:
    return (
        _grade(hose.grade)
        + _word(Word.VOLUME, digits_of(hose.volume, TOTAL_WIDTH, "total volume"))
        + _word(Word.MONEY, digits_of(hose.money, TOTAL_WIDTH, "total money"))
        + _word(Word.LEVEL_1, digits_of(hose.price_1, TOTAL_PRICE_WIDTH, "price"))
        + _word(Word.LEVEL_2, digits_of(hose.price_2, TOTAL_PRICE_WIDTH, "price"))
    )


def block_of(body: bytes, sender: Role, widths: Widths) -> Message:
    """What the bytes between FF and FB say; a Block where they keep to no known form exactly."""
    known = _of_host(body, widths) if sender is Role.HOST else _of_device(body, widths)
    return Block(body) if known is None else known


def _fields(body: bytes) -> list[Field]:
    """[] where digits stand before the first word."""
    if body[:1] and body[0] & 0xF0 != CONTROL:
        return []
    return [(part[0] & 0xF, tuple(byte & 0xF for byte in part[1:])) for part in _FIELD.findall(body)]


def _of_host(body: bytes, widths: Widths) -> Message | None:
    if not body or body[0] & 0xF0 != DIGIT:
        return None
    second = body[0] & 0xF
    match _fields(body[1:]):
        case [(Word.LEVEL_1 | Word.LEVEL_2 as level, ()), (Word.GRADE, (grade,)), (Word.UNIT_PRICE, digits)]:
            price = _decimal(digits, widths.price)
            return None if price is None else SetPrice(_LEVELS[Word(level)], grade, price, second)
        case [(Word.NORMAL | Word.AMOUNT_PRESET as kind, ()), (Word.LEVEL_1 | Word.LEVEL_2 as level, ()), *rest]:
            money = kind == Word.AMOUNT_PRESET
            named = rest[0][1][0] if len(rest) == 2 and rest[0][0] == Word.GRADE and len(rest[0][1]) == 1 else None
            if not rest or len(rest) != 1 + (named is not None) or rest[-1][0] != Word.ID:
                return None
            value = _decimal(rest[-1][1], widths.money if money else widths.volume)
            return None if value is None else Preset(money, value, _LEVELS[Word(level)], named, second)
        case [(Word.SPECIAL, digits)]:
            return SpecialFunction(digits, second)
        case _:
            return None


def _of_device(body: bytes, widths: Widths) -> Message | None:
    fields = _fields(body)
    if fields and fields[0][0] == Word.GRADE:
        return _totals(fields)
    match fields:
        case [
            (second, ()), (Word.ID, id_), (Word.GRADE, (grade,)), (Word.LEVEL_1 | Word.LEVEL_2 as level, ()),
            (Word.UNIT_PRICE, price), (Word.VOLUME, volume), (Word.MONEY, money),
        ]:  # fmt: skip
            steps = _decimal(price, widths.price), _decimal(volume, widths.volume), _decimal(money, widths.money)
            if steps[0] is None or steps[1] is None or steps[2] is None:
                return None
            return Transaction(id_, grade, _LEVELS[Word(level)], steps[0], steps[1], steps[2], second)
        case _:
            return None


def _totals(fields: Sequence[Field]) -> Totals | None:
    hoses = []
    for at in range(0, len(fields), 5):
        match fields[at : at + 5]:
            case [
                (Word.GRADE, (grade,)),
                (Word.VOLUME, volume),
                (Word.MONEY, money),
                (Word.LEVEL_1, one),
                (Word.LEVEL_2, two),
            ]:
                read = [_decimal(digits, TOTAL_WIDTH) for digits in (volume, money)]
                read += [_decimal(digits, TOTAL_PRICE_WIDTH) for digits in (one, two)]
                if None in read:
                    return None
                hoses.append(HoseTotals(grade, *(value for value in read if value is not None)))
            case _:
                return None
    return Totals(tuple(hoses)) if len(hoses) <= MOST_HOSES else None


def _decimal(digits: Sequence[int], width: int) -> int | None:
    return number(digits) if len(digits) == width else None
