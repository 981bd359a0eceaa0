"""The tests of a fleet: what each counts, its null, and what else than a cheat explains a unit that stands out.

Every sentence is about records of a vehicle or under a driver's number, never about a person's purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.language import mark

# honest units differ in what people do; a meter's arithmetic is the same in all of them
OF_PEOPLE, OF_METERS = 0.5, 0.1


@dataclass(frozen=True)
class Kind:
    """`differ`: the least spread of log rates that honest units are granted; `per`: what is counted, days or trips;
    `of_meter`: what it looks at is made by the vehicle's meter, whoever drives."""

    id: str
    title: str
    event: str
    null: str
    needs: str
    explanations: tuple[str, ...]
    per: str = "days"
    differ: float = OF_PEOPLE
    of_meter: bool = False


BY_DAYS = mark(
    "honest units differ in how often they do it, log-normally; the fleet itself shows how much, and a day counts once however many trips it has"
)
ENTRY = mark("records mended or entered by hand, or two meters' records under one number")
OTHER_TARIFF = mark(
    "another tariff than the declared one: a fixed fare, an agreed price, a surcharge or tip in the fare column"
)
SHARED = mark("several drivers on one vehicle, or one driver on several: who or what did it, the counts do not tell")

TOO_FEW = mark("fewer than 30 units: so small a fleet does not show how much honest units differ")
OF_INSTRUMENTS = mark("what a meter records belongs to the vehicle")

KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind(
            "doubled",
            mark("doubled rate inside the city, charged"),
            mark(
                "a trip that began and ended in the city, under the doubled rate code, with a fare above 995 in 1000 of the fleet's ordinary trips of like distance and duration"
            ),
            BY_DAYS,
            mark("it needs rate codes, and the city's zones or outline"),
            (
                mark("a worn or badly placed tariff button"),
                mark("trips that left the city and came back, or whose ends are recorded wrongly"),
                OTHER_TARIFF,
                SHARED,
            ),
        ),
        Kind(
            "above",
            mark("fare above its ceiling"),
            mark("a fare higher than its distance with every tier and its whole duration as waiting together can cost"),
            BY_DAYS,
            mark("it needs a tariff"),
            (OTHER_TARIFF, ENTRY, SHARED),
        ),
        Kind(
            "below",
            mark("fare below its floor"),
            mark("a fare lower than its distance alone costs: so much distance was not charged, or not driven"),
            BY_DAYS,
            mark("it needs a tariff"),
            (OTHER_TARIFF, ENTRY, SHARED),
        ),
        Kind(
            "fast",
            mark("faster than a taxi can be"),
            mark("a distance that takes a mean speed above the declared greatest one"),
            BY_DAYS,
            mark("it needs times and distances"),
            (ENTRY, mark("clocks set during a trip, daylight saving time"), SHARED),
        ),
        Kind(
            "waiting",
            mark("waited longer than the trip lasted"),
            mark("a waiting time longer than the whole trip"),
            BY_DAYS,
            mark("it needs a column of waiting times"),
            (mark("clocks set during a trip, daylight saving time"), ENTRY, SHARED),
        ),
        Kind(
            "off-lattice",
            mark("distance off the resolution"),
            mark("a distance that is no whole number of the declared resolution"),
            BY_DAYS,
            mark("it needs the resolution of recorded distances"),
            (
                mark("another type of meter with another resolution or unit"),
                mark("an export that converted units"),
                ENTRY,
            ),
            of_meter=True,
        ),
        Kind(
            "tens",
            mark("distances in whole tens of the resolution"),
            mark("a distance that is a whole number of tens of the resolution"),
            mark("every last digit comes as often as in the rest of the fleet; trips apart from each other"),
            mark("it needs the resolution of recorded distances"),
            (
                mark("another type of meter with a coarser resolution"),
                mark("the same few routes again and again"),
                ENTRY,
            ),
            per="trips",
            of_meter=True,
            differ=OF_METERS,
        ),
        Kind(
            "gaps",
            mark("distances that never come"),
            mark("one remainder of the distance in steps never comes, as after a factor put on measured distances"),
            mark("every remainder comes as often as in the rest of the fleet; trips apart from each other"),
            mark("it needs the resolution of recorded distances"),
            (
                mark("another type of meter with a coarser resolution"),
                mark("an export that converted units"),
                mark("the same few routes again and again"),
            ),
            per="trips",
            of_meter=True,
        ),
        Kind(
            "scale",
            mark("distance against the fleet's traffic"),
            mark("distances longer or shorter than the fleet drives in the same hours and durations"),
            mark("logarithms of honest vehicles' factors are normal with the spread that the middle of the fleet has"),
            mark("it needs 30 vehicles with 50 trips each"),
            (
                mark("the way somebody drives, other districts, motorways or airport runs"),
                mark("tyre wear or another tyre size within what is lawful"),
                mark("a clock that runs wrongly"),
            ),
            per="trips",
            of_meter=True,
        ),
    )
}
