"""The detectors of this source tree by name, without plugin discovery."""

from __future__ import annotations

from harness.judge.contract import DetectorSpec
from harness.judge.detectors import course, edge_balance, quadrature, split
from harness.judge.interventions import gain_change
from harness.judge.laws import amount, constant_gain, display, register, totaliser

DETECTORS: dict[str, DetectorSpec] = {
    module.DETECTOR.name: module.DETECTOR
    for module in (
        edge_balance,
        quadrature,
        split,
        course,
        register,
        display,
        amount,
        totaliser,
        gain_change,
        constant_gain,
    )
}
