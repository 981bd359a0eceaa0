"""What detectors and their curves say of themselves, named for the catalogue: nulls, needs, cheats staged, units.

The judge knows no catalogue (wording.py); these sentences stand in the specifications and in curves.toml as they are.
"""

from __future__ import annotations

from fixtures.language import mark
from harness.report import wording_taxi

NULLS = (
    mark("nothing evens the pulses out: the board's line varies as the encoder's, a line by what its disc repeats"),
    mark("none: it names what to investigate and never claims"),
    mark("inside a delivery the flow rises lastingly by no more than declared, over a stretch of pulses"),
    mark("the amount is the price times a volume the display could stand for, or a digit was misread"),
    mark("each channel has edges of its own: those of A do not tell where B rises, and no timer does"),
    mark(
        "the error of indication lies within twice the maximum permissible error, or scatters as no gain does, or gas passes the meter"
    ),
    mark(
        "offset, constant gain, lag with flow, reading and meter noise, readings that came late, kink and jump within honest bounds"
    ),
    mark("no interval is shorter than at the greatest flow, apart from bounce beside an edge and rare disturbances"),
    mark("the display at rest is the register under one of the admissible rounding modes, or a digit was misread"),
    mark(
        "what the board counts follows the encoder within the latency tolerance; separate disturbances come at an honest rate, or net to nothing"
    ),
    mark("after the first revolutions the pulses keep to the pattern of their disc; disturbances shift it once"),
    mark("two fresh segments on either side of a declared contrast differ in gain by no more than an honest bound"),
    mark("surplus pulses come at random or follow the pulses of the encoder; none keeps a time of its own"),
    mark(
        "every parameter read is the sealed one, or the first one read twice where none is declared, or a digit was misread"
    ),
    mark("the pattern of the disc comes again after the declared number of slots"),
    mark("the measured parts of one sale differ in gain by no more than an honest bound and a fixed volume a fill"),
    mark("in steady motion the two channels change in turn; what breaks the turn comes in bursts at an honest rate"),
    mark(
        "the register at rest is explained by the edges at the board, the sealed K, the declared decoding and a fixed volume at start and stop"
    ),
    mark(
        "across a power cut the totaliser advances by what was sold and the identity reads the same, or a number was misread, or another sale ran in between"
    ),
    mark(
        "all sales of one state and flow have one gain, but for a fixed volume per delivery, an honest wander and their repeatability"
    ),
    mark(
        "the self-lock shows its code after the sales that its rule names, or an officer misread the place of the price"
    ),
    mark("the code disc has the declared number of slots"),
    mark("in steady motion each interval resembles its neighbours; disturbances are rare and separate"),
    mark(
        "before anything flowed a sale shows no more than the hose took up, or than the pulses tapped make, or a digit was misread, or the sale before still stood there"
    ),
    mark("the shaft runs freely: intervals keep to no tick but the recorder's"),
    mark(
        "the totaliser advances by what the register shows, within the resolutions, or a digit was misread, or another sale ran in between"
    ),
    mark(
        "over a row of sales the totaliser advances by their sum and that of the sales heard in between, within the resolutions, or one of the numbers was misread"
    ),
    mark(
        "with the nozzle closed no more is counted than a hose takes up and a leak lets through, and rare disturbances"
    ),
    mark("with the nozzle closed the register advances by no more than a hose takes up and a leak lets through"),
    mark("display and line round one weight each to its own step, or a digit was misread"),
    mark(
        "the error of indication of a known load lies within twice the maximum permissible error, rounding and load allowed for"
    ),
    mark(
        "two loadings on either side of a declared contrast differ in error by no more than rounding, repeatability and the masses allow"
    ),
    mark(
        "what an untouched load shows moves by less than two intervals when keys are pressed that have no work with weight, misread digits apart"
    ),
    mark(
        "the price is the weight shown times the unit price shown under one of the rounding modes, or a number was misread"
    ),
    mark("ticket and record say what was displayed of this load at rest, within one interval, or a number was misread"),
    mark(
        "the empty scale shows zero within setting, rounding and creep, or something lies on it, or a digit was misread"
    ),
    mark(
        "known loads of one state lie on one straight line within rounding, repeatability, honest bending and the masses' uncertainty"
    ),
    mark(
        "within one interval and unit every code is shown, at the declared interval, lumps of a ramp and misread digits apart"
    ),
    mark(
        "pressing or not pressing, in an order drawn by lot beforehand, makes no difference to what an untouched load shows"
    ),
    mark("a labelled key that is pressed has an effect that its label names, or did not make contact now and then"),
    mark("what is printed was at rest, within one interval of the reading that follows"),
    mark(
        "one load at rest makes no step of two intervals beyond what its line wanders, keys apart, but for a rare disturbance or a misread digit"
    ),
    mark(
        "every step of a load at rest has the transient that load steps of like size and direction have on this instrument"
    ),
    mark(
        "a vehicle comes axle by axle, and what is shown of it rises no faster than its bound, declared or learned, allows"
    ),
    mark(
        "a load at rest scatters at most twice as much as the noisiest and at least half as much as the quietest of the other loads of its size"
    ),
    mark(
        "no weight moves by several intervals in a second while every frame before, during and after calls it stable, and one that stands is called so"
    ),
    mark("near zero the indication is corrected by at most half an interval a second"),
    mark("frames of one stretch come at one pace and with one latency, delays of the host alike throughout"),
    mark(
        "what a place of the deck adds to the error is the same in both groups of a contrast, and every cell takes a share of its own of the load"
    ),
    *wording_taxi.NULLS,
)
NEEDS = (
    mark(
        "encoder and board on one clock, or two earlier deliveries in which the disc shows a pattern, or a declared floor; pulses declared to come from a disc; ticks a tenth of the unevenness"
    ),
    mark("one train of equal edges, forty pulses in steady motion"),
    mark(
        "one channel of board or encoder over eight revolutions in steady flow, and neither a reference nor the other tap"
    ),
    mark(
        "one channel of board or encoder, declared pulses per litre, and a declared bound on the rise of the flow with its source"
    ),
    mark("volume and amount read at rest, the unit price of the sale"),
    mark(
        "both channels of one station on one clock over ten revolutions, declared slots or the encoder beside the board, pulses declared to come from a disc; ticks of a few microseconds"
    ),
    mark("a reference for the delivery, display or register at rest"),
    mark("two stations followed continuously through a delivery, on clocks tied to the host's"),
    mark("one channel of encoder or board, declared greatest flow and pulses per litre"),
    mark("register read after the end of the sale, display at rest"),
    mark("encoder and board tapped on one clock"),
    mark("one channel of board or encoder over a dozen revolutions in steady flow, declared slots a revolution"),
    mark("the same neighbouring pair of stations measured in both groups"),
    mark("taps of encoder and board on one clock, or the board alone with the nozzle closed"),
    mark("the parameter menu read after deliveries"),
    mark("one channel of board or encoder over eight revolutions in steady flow, declared slots a revolution"),
    mark("two measured parts of one sale, display or register before and after each"),
    mark("channels A and B of one station, both edges, one clock"),
    mark("board (or encoder) tapped, register read after the end of the sale, sealed K declared"),
    mark("totaliser and sale read on both sides of a power cut, or software and K read again after it"),
    mark("five sales of one context with a neighbouring pair of stations, three where both stations count"),
    mark("profile self_lock, encoder tapped, register on the wire, the place of the code looked at after enough sales"),
    mark(
        "one channel of the encoder (or of the board) over eight revolutions in steady flow, declared slots a revolution"
    ),
    mark("the first register value of the new sale on the wire, or the display read after lifting and before opening"),
    mark(
        "one channel of encoder or board at a step of at most a third of the tick, pulses declared to come from a disc"
    ),
    mark("totaliser read before and after, register after the end of the sale or display at rest"),
    mark("totaliser read before the first and after each sale of a row of two or more, sales at rest"),
    mark("a watch of half a minute with the nozzle closed and the motor on, a tap of encoder or board"),
    mark("a watch of half a minute with the nozzle closed and the motor on, the register on the wire"),
    mark("a known load at rest, its weight read before a key was pressed"),
    mark("a load that stays while keys are pressed, its weight read after each"),
    mark("known loads weighed in both groups, with no key pressed while they lay there"),
    mark("the scale's line at rest while the display was read, in one unit and mode"),
    mark("weight, unit price and price read at one instant at rest"),
    mark("the ticket or the record of a load whose weight was read at rest"),
    mark("the empty scale read at rest, no tare held and no key pressed that moves the zero"),
    mark("five different known loads of one state and company, read before a key was pressed"),
    mark("a slow ramp on the scale's line, or many loads that are no round masses"),
    mark("errors of known loads, or prices, beyond what rounding explains"),
    mark("one load, four trials a block in an order committed to and drawn, the weight read after each"),
    mark("keys pressed one by one with the display read before and after, or tried by an officer"),
    mark("the scale's line while a ticket is printed"),
    mark("the scale's line for ten seconds after settling, or the display read several times with no key between"),
    mark(
        "the scale's line with two or more changes of load of about the size of the step, renewed faster than they settle"
    ),
    mark(
        "the line of a truck scale while vehicles drive on, renewed twice a second; a declared bound with its source, or four other vehicles"
    ),
    mark("the scale's line at rest for fifteen seconds in five loadings of like size, on displays that flicker"),
    mark("a line that tells of stability, several frames a second, loads that come and go"),
    mark(
        "small known loads put on one after the other without a key, or the line while a reading near zero is left alone"
    ),
    mark("1,536 frames of the scale's line or more without a silence"),
    mark("one load at two places or more in both groups, or the codes of each cell"),
    *wording_taxi.NEEDS,
)
CHEATS = (
    mark("it never claims, so that there is nothing to find: it names steps of the pulse rate for people to look at"),
    mark("every n-th pulse doubled, both taps"),
    mark("every n-th pulse left out, both taps"),
    mark("a pulse after every n-th, board alone"),
    mark("a pulse after pulses at random, board alone"),
    mark("a pulse shortly after pulses at random"),
    mark("pulses at random on one channel"),
    mark("an oscillator while fuel flows"),
    mark("an oscillator with the nozzle closed"),
    mark("a register that counts with the nozzle closed"),
    mark("a smooth multiplier"),
    mark("a smooth multiplier that comes on"),
    mark("edges on the ticks of a timer"),
    mark("another disc"),
    mark("intervals paced by a mean, both taps"),
    mark("both channels computed"),
    mark("a shaft that leaps"),
    mark("a register that counts more from the middle on"),
    mark("a register that counts more"),
    mark("a display that shows more"),
    mark("an amount that is more"),
    mark("a totaliser that keeps more"),
    mark("a gain against the reference"),
    mark("more where nobody is known to watch"),
    mark("more in every third sale"),
    mark("more from nine litres of a sale on"),
    mark("a sale that does not begin at zero"),
    mark("a totaliser that loses a share"),
    mark("another totaliser after power was cut"),
    mark("a self-lock that stays silent"),
    mark("a meter factor that was not sealed"),
)
WORDS = (
    mark("law"),
    mark("detector"),
    mark("intervention"),
    mark("nominal"),
    mark("weak"),
    mark("poor"),
    mark("steady"),
    mark("two-stage"),
    mark("sales"),
    mark("pulses/s"),
    mark("us"),
    mark("intervals"),
    mark("times"),
    mark("silent"),
)
