"""Every registered wire protocol against the contract, through the public kit."""

from dataclasses import replace
from importlib.metadata import entry_points

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import testing
from protocols.contract import EvidenceClass, Garbage, Role

REGISTERED = {entry.name: entry for entry in entry_points(group="shortmeasure.protocols")}
PROTOCOLS = [entry.load() for entry in REGISTERED.values()]
SIDES = [pytest.param(protocol, role, id=f"{protocol.name}-{role}") for protocol in PROTOCOLS for role in Role]
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
each_side = pytest.mark.parametrize(("protocol", "sender"), SIDES)


def some(protocol, sender):
    """Bytes that are not noise only: frames of the protocol, cut, repeated and mixed with arbitrary bytes."""
    frames = [vector.wire for vector in protocol.vectors if vector.sender is sender]
    frames += [protocol.encode(message, sender) for message in protocol.examples(sender)]
    pieces = [st.binary(max_size=40)]
    if frames:
        whole = st.sampled_from(frames)
        pieces += [whole, st.builds(lambda frame, size: frame[:size], whole, st.integers(0, 30))]
        bytes_in_use = sorted({byte for frame in frames for byte in frame})
        pieces.append(st.lists(st.sampled_from(bytes_in_use), max_size=30).map(bytes))
    return st.lists(st.one_of(pieces), max_size=8).map(b"".join)


def test_the_protocols_of_the_tree_are_registered():
    assert {"dart", "sigrok-pico", "lcus", "sump", "ticc", "picopet", "digi-b", "cas", "and", "kern", "grbl"} <= set(
        REGISTERED
    ), "install the tree (pip install -e .) so that plugins are found"
    assert all(entry.load().name == name for name, entry in REGISTERED.items())


@each_protocol
def test_specification(protocol):
    testing.check_specification(protocol)


@each_protocol
def test_vectors(protocol):
    testing.check_vectors(protocol)


@each_protocol
def test_examples_round_trip(protocol):
    testing.check_round_trip(protocol)


@each_protocol
def test_silence_and_close(protocol):
    testing.check_silence_and_close(protocol)


@each_side
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_sequences_of_messages_round_trip(protocol, sender, data):
    examples = list(protocol.examples(sender))
    if examples:
        chosen = data.draw(st.lists(st.sampled_from(range(len(examples))), max_size=12))
        testing.check_round_trip(protocol, [examples[number] for number in chosen], sender)


@each_side
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_cuts_change_nothing(protocol, sender, data):
    stream = data.draw(some(protocol, sender))
    testing.check_split_invariance(protocol, sender, stream, range(len(stream)))
    testing.check_split_invariance(
        protocol, sender, stream, data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    )


@each_side
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_hostile_bytes(protocol, sender, data):
    testing.check_hostile(protocol, sender, data.draw(some(protocol, sender)), data.draw(st.integers(1, 100)))


@each_side
@pytest.mark.parametrize("byte", [0x00, 0x10, 0x24, 0x31, 0x53, 0xA0, 0xFA, 0xFF])
def test_memory_is_bounded_on_one_byte_for_ever(protocol, sender, byte):
    testing.check_hostile(protocol, sender, bytes([byte]) * 20_000, 997)


class Keeper:
    """A decoder that breaks the contract: it holds everything and never says so."""

    def __init__(self, sender):
        self.held = b""

    def feed(self, data):
        self.held += data
        return []

    def silence(self, char_times):
        return []

    def close(self):
        return []


class Merger(Keeper):
    """A decoder whose answer depends on how reads were cut."""

    def feed(self, data):
        return [tuple(data)] if data else []


def broken(decoder):
    return replace(PROTOCOLS[0], decoder=decoder)


def test_the_kit_finds_a_decoder_that_keeps_everything():
    with pytest.raises(AssertionError, match="hold at most"):
        testing.check_hostile(broken(Keeper), Role.HOST, bytes(100_000))


def test_the_kit_finds_bytes_that_disappear():
    with pytest.raises(AssertionError, match="account for"):
        testing.check_hostile(broken(Keeper), Role.HOST, b"abc")


def test_the_kit_finds_a_decoder_that_depends_on_cuts():
    with pytest.raises(AssertionError, match="read as"):
        testing.check_split_invariance(broken(Merger), Role.HOST, b"abcd", [2])


def test_the_kit_finds_wrong_vectors_and_unfounded_claims():
    first = PROTOCOLS[0].vectors[0]
    with pytest.raises(AssertionError, match="decoding"):
        testing.check_vectors(replace(PROTOCOLS[0], vectors=(replace(first, wire=first.wire[:-1]),)))
    with pytest.raises(AssertionError, match="expected bytes from a document"):
        testing.check_vectors(replace(PROTOCOLS[0], vectors=()))
    with pytest.raises(AssertionError, match="verified"):
        testing.check_specification(replace(PROTOCOLS[0], verified=True, evidence=type(first.evidence).THIRD_PARTY))


def test_the_kit_finds_a_check_digit_that_nobody_checks_where_bytes_need_not_come_back():
    """With `lossless` False no encoding shows it."""
    from protocols.wire import lcus

    deaf = replace(lcus.PROTOCOL, lossless=False, decoder=lambda sender: Unchecked(lcus.PROTOCOL.decoder(sender)))
    with pytest.raises(
        AssertionError, match=r"byte 4, .., sent as .. expected Garbage or another message; are its check digits"
    ):
        testing.check_vectors(deaf)


class Unchecked:
    """Repairs the check before anybody looks at it."""

    def __init__(self, inner):
        self.inner, self.held = inner, b""

    def feed(self, data):
        self.held += data
        said = []
        while len(self.held) >= 4:
            frame, self.held = self.held[:4], self.held[4:]
            said += self.inner.feed(frame[:3] + bytes([sum(frame[:3]) % 256]))
        return said

    def silence(self, char_times):
        return self.inner.silence(char_times)

    def close(self):
        return self.inner.close()


def test_the_kit_wants_vectors_of_each_side_that_speaks():
    from protocols.wire import yaohua

    asked = tuple(vector for vector in yaohua.COMMAND.vectors if vector.sender is Role.HOST)
    with pytest.raises(AssertionError, match="vectors expected of each side that speaks; the device has examples; got"):
        testing.check_vectors(replace(yaohua.COMMAND, vectors=asked))


def test_the_kit_wants_bytes_of_the_class_that_is_claimed():
    from protocols.wire import cas

    assert {vector.evidence for vector in cas.PROTOCOL.vectors} == {EvidenceClass.DERIVED}
    for claimed in (EvidenceClass.STANDARD, EvidenceClass.CAPTURE):
        with pytest.raises(
            AssertionError, match=f"expected a vector of the class {claimed}.*got 'vectors that are derived alone"
        ):
            testing.check_specification(replace(cas.PROTOCOL, evidence=claimed))


def test_garbage_joins_with_its_first_reason():
    assert Garbage(b"a", "x").joined(Garbage(b"b", "y")) == Garbage(b"ab", "x")
