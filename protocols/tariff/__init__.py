"""Fare tariffs as data, the course of the fare they make of a trip, and which of them explain a fare.  No I/O, no clock."""

from protocols.tariff.answers import Answer, answers
from protocols.tariff.engine import Cause, Fare, Step, fare
from protocols.tariff.golden import failures
from protocols.tariff.known import folder, known, names
from protocols.tariff.observed import Constant, Explanation, Failure, Hypothesis, Shown, of_changes
from protocols.tariff.parser import parse
from protocols.tariff.readings import relevant
from protocols.tariff.rule import Mode, Rule, TariffError
from protocols.tariff.solver import solve
from protocols.tariff.tariff import Golden, Reading, Tariff, Unknown, Value
from protocols.tariff.trip import Meter, Trip, metres_per_pulse, pulses_per_km_of_wheel

__all__ = [
    "Answer",
    "Cause",
    "Constant",
    "Explanation",
    "Failure",
    "Fare",
    "Golden",
    "Hypothesis",
    "Meter",
    "Mode",
    "Reading",
    "Rule",
    "Shown",
    "Step",
    "Tariff",
    "TariffError",
    "Trip",
    "Unknown",
    "Value",
    "answers",
    "failures",
    "fare",
    "folder",
    "known",
    "metres_per_pulse",
    "names",
    "of_changes",
    "parse",
    "pulses_per_km_of_wheel",
    "relevant",
    "solve",
]
