"""SUMP, the protocol of the Open Bench Logic Sniffer and its relatives: short bursts from a fixed buffer.

`PROTOCOL` frames the dialogue; `read_samples` and `encode_samples` read and write the bytes inside Samples.
"""

from protocols.contract import EvidenceClass, LineSettings, WireProtocol
from protocols.wire.sump.codec import MAX_METADATA, DeviceDecoder, HostDecoder, decoder, encode
from protocols.wire.sump.messages import (
    CLOCK_HZ,
    Counts,
    DelayCount,
    Divider,
    Finish,
    FlagBits,
    Flags,
    Identify,
    Identity,
    Metadata,
    Pause,
    QueryMetadata,
    ReadCount,
    Reset,
    Resume,
    Run,
    Samples,
    TriggerConfig,
    TriggerMask,
    TriggerValue,
)
from protocols.wire.sump.samples import encode_samples, read_samples, samples_in
from protocols.wire.sump.vectors import SIGROK_SETUP, VECTORS, examples

PROTOCOL = WireProtocol(
    name="sump",
    version=1,
    line=LineSettings(115200),
    encode=encode,
    decoder=decoder,
    examples=examples,
    vectors=VECTORS,
    max_message=MAX_METADATA,
    evidence=EvidenceClass.CAPTURE,
    verified=True,
    reference="protocols.md 6.1: host bytes captured from sigrok-cli 0.7.2, which also reads our simulated device; sump.org",
)

__all__ = [
    "CLOCK_HZ",
    "PROTOCOL",
    "SIGROK_SETUP",
    "Counts",
    "DelayCount",
    "DeviceDecoder",
    "Divider",
    "Finish",
    "FlagBits",
    "Flags",
    "HostDecoder",
    "Identify",
    "Identity",
    "Metadata",
    "Pause",
    "QueryMetadata",
    "ReadCount",
    "Reset",
    "Resume",
    "Run",
    "Samples",
    "TriggerConfig",
    "TriggerMask",
    "TriggerValue",
    "encode_samples",
    "read_samples",
    "samples_in",
]
