"""What the judge says of taximeters, named for the catalogue: wording.py, causes.py, account.py and detector_texts.py take it in."""

from __future__ import annotations

from fixtures.language import mark

MECHANISMS = (
    mark("the clock of the meter stands off legal time"),
    mark("pulses come with one of the driver's controls, and not with the others"),
    mark("more distance is told than was travelled, by one constant share: a matter of scale"),
    mark("more distance is told than was travelled, on some legs of a trip and not on others"),
    mark("the fare is not what the declared tariff makes of distance and time"),
    mark("pulses come while the vehicle stands"),
    mark("the pulses say a speed, or a gain of speed, that no road vehicle has"),
    mark("the meter's records do not agree with its certificate, with each other or with what was displayed"),
    mark("the pattern of the pulses is not that of the declared rotor, or comes and goes with the speed"),
    mark("the meter is given another number of pulses than the sensor makes, at the ratio of its conditioner"),
    mark("the meter counts more waiting than time passes"),
    mark("some pulses have a width that no magnet of the rotor makes"),
    mark("pulses at the meter's input and pulses of the sensor differ"),
    mark("pulses between pulses, or pulses missing, in steady driving"),
    mark("surplus pulses keep a time of their own, however the vehicle drives"),
    mark("a timer gives out the pulses that should come from a rotor"),
    mark("the pulses are more even than a rotor turns: a device averages them"),
    mark("the pulses begin to slip against the pattern of their rotor"),
    mark("the distance is counted otherwise from some place of a trip on"),
    mark("the same distance is counted differently"),
    mark("the displayed distance advances while the vehicle stands"),
    mark("the displayed distance is not the pulses at the input divided by the sealed K"),
)

NULLS = (
    mark("the meter's clock stands off legal time by no more than a quartz clock drifts between two verifications"),
    mark("which workings are followed by pulses has nothing to do with which control was worked"),
    mark(
        "the share of distance told too much lies within limit and wear, or the trips have no common share and some lie within"
    ),
    mark("what is told too much lies within limit and wear, or is one share of every leg"),
    mark("one reading of the declared tariff makes every fare that was read, of the distance and time of the trip"),
    mark("while the vehicle stands a rotor is rocked by a metre at most and disturbances are rare"),
    mark(
        "no two intervals are shorter than at the greatest speed, no rate gains more than a spinning wheel; disturbances are rare"
    ),
    mark(
        "K is the certificate's, numbers follow each other, totals add up and never fall, records keep what was displayed"
    ),
    mark("what comes again turn after turn has the period of the declared rotor, and stands at every speed"),
    mark(
        "over every stretch the input has the pulses of the sensor in one ratio, within a pulse of either and what the conditioner holds back"
    ),
    mark("the displayed waiting time advances by no more than the time between two readings"),
    mark(
        "in steady motion the share of its interval that a pulse takes is that of its neighbours, within a factor; others are rare"
    ),
)

NEEDS = (
    mark("the meter's clock read beside legal time"),
    mark("soaks with twelve marked workings of two controls and more, and a tap tied to the host's clock"),
    mark("a reference for the trip, and K with a tap or a displayed distance"),
    mark("a reference on the way, and the displayed distance read four times and more in one trip"),
    mark("the displayed fare, a declared tariff, and pulses at the input or a reference over time"),
    mark("a soak at stand-still, or a trip with the vehicle's own speed, and a tap"),
    mark("one channel of sensor or input, K declared"),
    mark("trip or shift records, K as stated, or the heartbeat of the meter's link"),
    mark("one channel of sensor or input, a declared magnet rotor, some thousand pulses in motion"),
    mark(
        "sensor and input tapped on one clock with a conditioner between them or nothing declared, or a pulse source and the tap it feeds"
    ),
    mark("the displayed waiting time read twice and more, half a minute apart"),
    mark("both edges of one channel of sensor or input, a declared magnet rotor"),
)

CAUSES = (
    mark("a driven wheel spun, or ABS let one go"),
    mark("a worn contact of the sensor chatters"),
    mark("the vehicle's own electrics, a radio or a telephone disturb the pulse line"),
    mark("K or the sensor's kind is not what is declared"),
    mark("a recording that lost or made pulses of its own"),
    mark("somebody rocked or pushed the vehicle, turned a wheel, or took the sensor out"),
    mark("a vehicle that reports no speed below walking pace crept"),
    mark("the sensor or its plug is faulty"),
    mark("the control moves the vehicle, or its current disturbs the line"),
    mark("another approved rotor or sensor was fitted, and the papers or K were changed with it"),
    mark("tyre wear and pressure, a repaired drive, K rounded or set with a certificate"),
    mark("the reference is wrong: roller slip and curvature, satellites, another way than measured"),
    mark("tyres, load or speed differ between the trips compared"),
    mark("the driven wheels spun or slid on some legs and not on others"),
    mark("the display is not the pulses of this hire: read before the end, or begun before the tap"),
    mark("K was set with a certificate that is not at hand"),
    mark("the records were read in part, or by a layout that the maker does not use"),
    mark("the display of the waiting time was read late, or counts another time than waiting"),
    mark("the clock was never set, or set to the time of another place"),
    mark("the meter applies another tariff, surcharge or rounding than is declared"),
    mark("a conditioner changes the pulses, and nobody declared it"),
)

FACTS = (
    mark("beyond_spin"),
    mark("sensor_fewer"),
    mark("vehicle_at_rest"),
    mark("even_train"),
    mark("wide_pulses"),
    mark("no_control_near"),
    mark("k_as_certified"),
    mark("sensor_declared"),
    mark("controls_alike"),
    mark("beyond_tyres"),
    mark("beyond_slip"),
    mark("tariff_displayed"),
    mark("no_surcharge"),
    mark("events_separated"),
)

QUESTIONS = (
    mark("does the distance follow the reference"),
    mark("is the fare what the tariff makes of distance and time"),
    mark("do the pulses say speeds that a road vehicle has"),
    mark("do the pulses of the sensor, and no others, reach the meter"),
    mark("is the displayed distance the pulses divided by K"),
    mark("is anything counted while the vehicle stands and its controls are worked"),
    mark("is a ride that is watched measured like one that is not"),
    mark("was it tried at speeds that the usual bench does not reach"),
)

REASONS = (
    mark("no reference"),
    mark("no two readings of the distance with a reference between them"),
    mark("no pulse tap"),
    mark("a pulse source gave these pulses, and no wheel"),
    mark("no soak at stand-still"),
    mark("no rides of both kinds to compare"),
    mark("no speed was told"),
    mark("no trip was recorded"),
    mark("no tariff is declared"),
    mark("the fare was not read"),
    mark("neither pulses nor a reference over time"),
    mark("the sensor shows the same"),
    mark("K of the meter is not declared"),
    mark("the waiting time was read once"),
)

TESTS = (
    mark("rate-bound"),
    mark("idle-pulses"),
    mark("tap-ratio"),
    mark("control-lock"),
    mark("rotor-signature"),
    mark("distance-scale"),
    mark("leg-share"),
    mark("width"),
    mark("fare-replay"),
    mark("waiting-clock"),
    mark("clock-offset"),
    mark("record-law"),
)

EDITIONS = (
    mark("JJG 517-2016 Taximeters"),
    mark("OIML R 21:2007 Taximeters"),
    mark("MI-007, distance elapsed (clause of R 21 not compared)"),
    mark("MI-007, time elapsed (clause of R 21 not compared)"),
    mark("MI-007, calculation of the fare (clause of R 21 not compared)"),
)

STATIONS = (
    mark("sensor"),
    mark("input"),
    mark("distance"),
    mark("fare"),
    mark("clock"),
    mark("waiting"),
)

KINDS = (
    mark("the vehicle turns another number of pulses a kilometre than the meter is set for"),
    mark("the meter makes another distance of the same pulses"),
    mark("the fare is not what the tariff makes of distance and time"),
    mark("the meter keeps another time"),
    mark("the record keeps another trip than was shown"),
)

METHODS = (
    mark("distance of the reference"),
    mark("distance of the reference, leg by leg"),
    mark("pulses of both taps"),
    mark("replay of the tariff"),
)

PLACES = {  # by base link: where it mainly acts
    "reference>sensor": mark("wheels, gears or sensor"),
    "sensor>input": mark("line between sensor and meter"),
    "input>distance": mark("meter and its constant"),
    "distance>fare": mark("tariff and fare"),
    "fare>record": mark("records and receipts"),
    "clock>waiting": mark("clock of the meter"),
}

TEMPLATES = (mark("the fastest speed was {speed} km/h"),)
