"""What was computed of a trip, kept while there is room: readings of one tariff ask for the same again and again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The values asked for last, of `most` numbers together: a count of trips would not do, one of two weeks has as many steps as
    thousands in town."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size, self._held = most, size, 0
        self._values: dict[Hashable, T] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`; made where it is not kept.  Not to be written to."""
        try:
            value = self._values[key] = self._values.pop(key)  # asked for last
        except KeyError:
            value = make()
            self._held += self._size(value)
            self._values[key] = value
            while self._held > self._most:
                self._held -= self._size(self._values.pop(next(iter(self._values))))
        return value
