"""The detectors of this source tree by name, without plugin discovery."""

from __future__ import annotations

from harness.judge.contract import DetectorSpec
from harness.judge.detectors import course, dead_time, edge_balance, oscillator, quadrature, slots, split, zero_flow
from harness.judge.interventions import gain_change, sale_gain
from harness.judge.laws import amount, constant_gain, display, register, totaliser

DETECTORS: dict[str, DetectorSpec] = {
    module.DETECTOR.name: module.DETECTOR
    for module in (
        edge_balance,
        quadrature,
        split,
        oscillator,
        zero_flow,
        dead_time,
        slots,
        course,
        register,
        display,
        amount,
        totaliser,
        gain_change,
        sale_gain,
        constant_gain,
    )
}
