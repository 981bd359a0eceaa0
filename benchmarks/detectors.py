"""The detectors of this source tree by name, without plugin discovery."""

from __future__ import annotations

from harness.judge.contract import DetectorSpec
from harness.judge.detectors import (
    acceleration,
    channel_phase,
    course,
    dead_time,
    edge_balance,
    fingerprint_slip,
    jitter_floor,
    oscillator,
    period_gain,
    quadrature,
    slots,
    split,
    timer_lattice,
    zero_flow,
)
from harness.judge.interventions import gain_change, portion_gain, sale_gain
from harness.judge.laws import (
    amount,
    constant_gain,
    display,
    register,
    restart,
    self_lock,
    start,
    totaliser,
    visit_totaliser,
    zero,
)

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
        period_gain,
        fingerprint_slip,
        timer_lattice,
        acceleration,
        channel_phase,
        jitter_floor,
        course,
        register,
        display,
        amount,
        totaliser,
        start,
        zero,
        visit_totaliser,
        restart,
        self_lock,
        gain_change,
        sale_gain,
        portion_gain,
        constant_gain,
    )
}
