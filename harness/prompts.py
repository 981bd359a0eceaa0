"""What the operator is asked to do at the instrument for a delivery or a press, in his language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.language import mark, translate
from harness.plans.extension import REMOTE
from harness.step import Deliver

DELIVER = mark("Deliver {label}: {preset}, {flow}, hang up")
BUY = mark("Buy {label} as an ordinary customer buys: {preset}, {flow}, hang up")
FLOW = {"full": mark("full flow"), "slow": mark("nozzle barely open")}
DELIVER_UNTIL = mark("Begin {label}: {preset}, {flow}; shut the nozzle at {until} L on the display, do not hang up")
LIFT = mark("Begin {label}: {preset}; lift the nozzle, do not open it yet")
REMOTE_SAID = mark("remote")
PRESS = mark("Press the seized {what} once")
WORK = mark("Work {what} once, exactly as it is named here")
DELIVER_GAS = mark(
    "Have the station's staff connect the vessel of {label}, deliver: {preset}, {flow}; they vent and disconnect"
)
BUY_GAS = mark("Buy {label} as an ordinary customer buys, the station's staff connects: {preset}, {flow}")


def press_text(what: str) -> str:
    """What the operator is asked to do: a remote was seized, anything else is at the instrument."""
    return PRESS if what == REMOTE else WORK


def delivery_text(step: Deliver, profile: Mapping[str, Any]) -> str:
    """What the operator is asked to do for a delivery; gas is connected by the station's own staff."""
    words = {
        "label": step.label,
        "preset": _preset(step, str(profile.get("quantity_unit", "L"))),
        "flow": translate(FLOW[step.flow]),
        "until": step.until_l,
    }
    if "medium" in profile:
        return translate(BUY_GAS if step.covert else DELIVER_GAS, **words)
    if step.until_l is None:
        return translate(BUY if step.covert else DELIVER, **words)
    return translate(DELIVER_UNTIL if step.until_l else LIFT, **words)


def _preset(step: Deliver, unit: str) -> str:
    if step.amount is not None:
        return translate(mark("preset amount {amount}"), amount=step.amount)
    return translate(mark("preset {volume} {unit}"), volume=step.volume_l, unit=unit)
