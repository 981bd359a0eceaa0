"""How a Yaohua indicator in command mode is asked."""

from __future__ import annotations

from collections.abc import Callable

from protocols.asking import Asking, Question
from protocols.contract import Message
from protocols.wire.yaohua.messages import Answer, Command, Number, Ready, Refusal, Request


def asking(address: str) -> Asking:
    """B and D are gross and net, C the tare, E and F unit price and amount on models that compute prices."""
    commands = [command for command in Command if command is not Command.HANDSHAKE]
    questions = {str(one): Question(Request(address, one), _answers(one)) for one in commands}
    return Asking(questions, step=Question(Request(address, Command.HANDSHAKE), _ready))


def _answers(command: Command) -> Callable[[Message], bool]:
    def fits(message: Message) -> bool:
        own = isinstance(message, Answer | Number) and message.command is command
        return isinstance(message, Refusal) or own

    return fits


def _ready(message: Message) -> bool:
    return isinstance(message, Ready)
