"""RP2040 logic analyser with the sigrok-pico firmware: the pulse tap (protocols.md 6.1b).

`PROTOCOL` frames the dialogue; `SampleReader` and `encode_samples` read and write the data inside Samples.
While no run is on, Samples and Aborted are the letters of a remark or a refusal.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.sigrok_pico.codec import MAX_HELD, decoder, encode
from protocols.wire.sigrok_pico.messages import (
    Abort,
    Aborted,
    Ack,
    EnableAnalog,
    EnableDigital,
    End,
    Identify,
    Identity,
    Reset,
    RunContinuous,
    RunFixed,
    SampleLimit,
    SampleRate,
    Samples,
)
from protocols.wire.sigrok_pico.samples import SampleReader, encode_samples
from protocols.wire.sigrok_pico.vectors import VECTORS, examples

PROTOCOL = WireProtocol(
    name="sigrok-pico",
    version=1,
    line=LineSettings(baud=None),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_HELD,
    evidence=EvidenceClass.THIRD_PARTY,
    verified=False,
    reference="protocols.md 6.1b [I]: libsigrok src/hardware/raspberrypi-pico and the firmware's own description",
)

__all__ = [
    "PROTOCOL",
    "Abort",
    "Aborted",
    "Ack",
    "EnableAnalog",
    "EnableDigital",
    "End",
    "Identify",
    "Identity",
    "Reset",
    "RunContinuous",
    "RunFixed",
    "SampleLimit",
    "SampleRate",
    "SampleReader",
    "Samples",
    "encode_samples",
]
