"""How a balance or scale of MT-SICS level 0 is asked for its weight."""

from __future__ import annotations

from protocols.asking import ANSWER_NS, Asking, Question
from protocols.contract import Message
from protocols.wire.mt_sics.messages import Answer, Fault, Request, Weight


def asking(address: str) -> Asking:
    """`@` would bring a balance into step as well, but it resets one: a mode that a cheat is in may end with it."""
    questions = {name: Question(Request(name), _weighed) for name in ("SI", "S")}
    return Asking(questions, answer_ns=2 * ANSWER_NS, step=Question(Request("I4"), _numbered))


def _weighed(message: Message) -> bool:
    return isinstance(message, Fault) or (isinstance(message, Weight | Answer) and message.identifier == "S")


def _numbered(message: Message) -> bool:
    """Also where it does not know the question: a fault is answered to what was said last."""
    return isinstance(message, Fault) or (isinstance(message, Answer) and message.identifier == "I4")
