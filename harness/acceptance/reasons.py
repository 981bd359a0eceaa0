"""Why a result could not be computed, and what a clause asks for and was not so: sentences with figures, English in the document."""

from __future__ import annotations

from fixtures.language import mark

BEFORE, AFTER = mark("before the tests"), mark("after the tests")
UNREAD = mark("{what}: not read {when}")
BEYOND = mark("{what}: {value} {unit} read {when}, beyond {low} to {high}")
BELOW = mark("{what}: {value} {unit} read {when}, below {low}")
ABOVE = mark("{what}: {value} {unit} read {when}, above {high}")
CHANGED = mark("{what}: changed by {value} {unit} during the tests, more than {most}")
UNCERTAIN = mark("{what}: expanded uncertainty is {got} of the limit {of}, more than {most}")
UNKNOWN = mark("{what}: nothing tells the uncertainty of the standard beside the limit {of}")
NOMINAL = mark(
    "test {test}: every level stands at the mark of {litres} L: the nominal value was typed, not the reading"
)
OVERDUE = mark("{what} rests on a standard past its due day")
CUT = mark("the run ended as {status}")
NOT_DONE = mark("the test was not done")
NOBODY = mark("nobody was asked")
NO_NUMBER = mark("{label}: no number was stated")
NO_BASE = mark("test {test} has no error at this point to compare with")
NOT_MEASURED = mark("{label}: not finished, read and measured")
TOO_FEW = mark("{n} of {wanted} runs were made")
ONE_RUN = mark("one run tells no repeatability")
NO_AMOUNT = mark("{label}: amount, quantity and price were not all read")
NO_CHANGEOVER = mark("no indication with its changeover point")
NO_PAIR = mark("no two readings under one load")
NOT_IN_TIME = mark("the readings are not {minutes} min apart")
FOUR_HOURS = mark("half an hour does not decide: four hours are to be tested")
BROKEN = mark("it cannot be computed: {why}")
NO_PRICE = mark("no weight was shown with its unit price and price")
NO_TIME = mark("{label}: the waiting time was not read at both ends")
NO_TARIFF = mark("no tariff is declared")
NOTHING = mark("nothing of it was driven or watched")
FARE = mark("{label}: {why}")
NO_SHARE = mark(
    "of no equipment does the edition say how small its uncertainty is beside the limit {limit}: no risk is shared"
)
SHARED = mark("expanded uncertainty {got} is more than {most} of the limit {limit}")

SENTENCES = (
    UNREAD, BEYOND, BELOW, ABOVE, CHANGED, UNCERTAIN, UNKNOWN, NOMINAL, OVERDUE, CUT, NOT_DONE, NOBODY, NO_NUMBER, NO_BASE, NOT_MEASURED, TOO_FEW, ONE_RUN,
    NO_AMOUNT, NO_CHANGEOVER, NO_PAIR, NO_PRICE, NOT_IN_TIME, FOUR_HOURS, BROKEN, NO_TIME, NO_TARIFF, NOTHING, NO_SHARE, SHARED, FARE,
)  # fmt: skip
