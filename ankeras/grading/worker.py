"""The judged side: answers the judge's requests about a submission's cells, one at a time."""

import socket
from typing import Any

from ankeras.grading import wire
from ankeras.grading.session import Session, StudentError
from ankeras.grading.time_limit import TimeLimit


def serve(connection: socket.socket, seconds: float) -> None:
    """Answer requests until the judge is gone.

    A request is (operation, number of the session, arguments): ("open", number), ("define", number,
    source, file), ("get", number, target, name) or ("call", number, target, args, kwargs). The
    answer is {"value": ...}, {"error": [kind, message, line, source]} or {"limit": seconds}.

    Args:
        connection: to the judge.
        seconds: that the requests of one session may take.

    Raises:
        WireError: when the judge is gone.
    """
    sessions: dict[int, Session] = {}
    while True:
        operation, number, *arguments = wire.receive(connection)
        if operation == "open":
            sessions[number] = Session(seconds=seconds)
            wire.send(connection, wire.encode({"value": None}))
        else:
            _answer(connection, _run(sessions[number], operation, arguments))


def _run(session: Session, operation: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"value": getattr(session, operation)(*arguments)}
    except StudentError as error:
        return {"error": [error.kind, error.message, error.line, error.source]}
    except TimeLimit:
        return {"limit": session.seconds}


def _answer(connection: socket.socket, reply: dict[str, Any]) -> None:
    try:
        message = wire.encode(reply)
    except wire.WireError as error:
        message = wire.encode({"error": ["ValueError", str(error), 0, ""]})
    wire.send(connection, message)
