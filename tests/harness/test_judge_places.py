"""Whether deliveries break at the same volumes."""

from __future__ import annotations

from typing import Any

from harness.judge.contract import Link, Reading, Shape
from harness.judge.places import common, same

LINK = Link("reference", "register")


def hit(id: str, span: float, *volumes: float, u: float = 0.2) -> Reading:
    breaks = tuple({"at_l": v, "interval_l": (v - u, v + u), "kind": "jump", "size": -0.3, "se": 0.01} for v in volumes)
    at: dict[str, Any] = {"breaks": breaks, "span_l": (0.5, span)}
    return Reading("course", id, LINK, 10.0, hits=3, shape=Shape.SWITCHED, at=at)


def test_windows_are_the_same_volumes_as_far_as_each_delivery_reaches() -> None:
    hits = [
        hit("a", 13.0, 5.0, 10.1),
        hit("b", 45.0, 5.2, 9.9, 20.0),
        hit("c", 27.0, 4.9, 10.0, 20.1),
        hit("d", 7.2, 5.0),
    ]
    assert same(hits)
    assert [round(p.at_l) for p in common(hits)] == [5, 10, 20]
    assert [(p.seen, p.reached) for p in common(hits)] == [(4, 4), (3, 3), (2, 2)]


def test_a_hand_on_a_switch_is_at_no_volume() -> None:
    assert not same([hit("a", 27.0, 9.4), hit("b", 24.0, 11.8), hit("c", 30.0, 6.0)])


def test_one_that_differs_is_enough() -> None:
    assert not same([*(hit(str(i), 27.0, 10.0) for i in range(8)), hit("x", 27.0, 15.0)])
    assert not same([hit("a", 27.0, 10.0)])
    assert same([hit("a", 27.0, 10.0), hit("b", 27.0, 10.3)])


def test_a_volume_that_the_longer_ones_share_is_the_same_volume() -> None:
    long = [hit(str(i), 13.0, 4.2, 8.5, 10.0) for i in range(4)]
    short = [hit(f"s{i}", 7.2, 4.2) for i in range(3)]
    assert same([*long, hit("missed", 13.0, 8.5, 10.0), *short])  # one shows nothing at 4.2
    assert not same([*(hit(str(i), 7.2, 3.0 + i) for i in range(4)), hit("a", 13.0, 10.0), hit("b", 13.0, 10.0)])
