"""The worker's side: runs a submission's cells, and answers the judge's requests one by one."""

import socket
from typing import Any

from ankeras.grading import wire
from ankeras.grading.session import Session, StudentError
from ankeras.grading.time_limit import TimeLimit


def serve(connection: socket.socket) -> None:
    """Answer requests until the judge closes the connection.

    A request is one of ("open", number, seconds), ("define", number, source, file), ("run_answer",
    number, exercise, source, others, missing), ("list_taken", number), ("get", number, target,
    name) and ("call", number, target, args, kwargs), where `number` is the number of the session,
    and `seconds` the time that all its requests together may take. An answer is one of
    {"value": ...}, {"error": [kind, message, line, source]} and {"limit": seconds}.

    Args:
        connection: the connection to the judge.

    Raises:
        WireError: when the judge has closed the connection.
    """
    sessions: dict[int, Session] = {}
    while True:
        operation, number, *arguments = wire.receive(connection)
        if operation == "open":
            sessions[number] = Session(seconds=arguments[0])
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
