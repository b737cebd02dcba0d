"""Takes statements into a log, after their signatures were checked.

    registrar = Registrar(appender, history, size)
    index = registrar.register(statement.content).result()

A statement is taken if its issuer can sign at the end of the log as it is now. A key that
is revoked while a statement waits to be flushed may end before it: readers judge each
signature at its own index, and so refuse it then.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock

from chipwarden.ledger.appender import Appender
from chipwarden.ledger.errors import InvalidStatement
from chipwarden.ledger.key_history import KeyHistory
from chipwarden.ledger.key_statements import KEY, REVOKED
from chipwarden.ledger.statements import Statement, read_statement, verify_statement


class Registrar:
    """Checks what issuers send, and appends it.

    Args:
        appender: of the log, entered already.
        history: keys up to the end of the log.
        size: number of entries in the log.
    """

    def __init__(self, appender: Appender, history: KeyHistory, size: int) -> None:
        self._appender = appender
        self._history = history
        # Not above the end of the log, and above every key statement: nothing else matters.
        self._size = size
        self._keys = Lock()

    def register(self, content: bytes) -> "Future[int]":
        """Take a statement; the result is its index, once it is durable.

        Raises:
            InvalidStatement: it is no statement, or one that its issuer may not make.
            InvalidSignature: its issuer did not sign it, or cannot now.
        """
        statement = read_statement(content)
        if statement.type in (KEY, REVOKED):
            return self._register_key(statement)
        key = self._history.key_for(statement.issuer, statement.kid, self._size)
        verify_statement(statement, key)
        return self._appender.submit(content)

    def register_all(self, contents: Sequence[bytes]) -> "Future[list[int]]":
        """Take statements together; the result is their indexes, in order.

        All are checked before one is taken. Statements about keys are taken one by one, with
        `register`, for what comes after them may hang on them.

        Raises:
            InvalidStatement: one is no statement, or one about a key.
            InvalidSignature: one is not signed by its issuer, or cannot be now.
        """
        for content in contents:
            statement = read_statement(content)
            if statement.type in (KEY, REVOKED):
                raise InvalidStatement(
                    f"found a statement of type {statement.type!r} among others; expected it alone"
                )
            key = self._history.key_for(statement.issuer, statement.kid, self._size)
            verify_statement(statement, key)
        return self._appender.submit_all(contents)

    def _register_key(self, statement: Statement) -> "Future[int]":
        """Take the statement of a key; the next one waits until it has its index."""
        with self._keys:
            self._history.copy().add(self._size, statement)
            future = self._appender.submit(statement.content)
            index = future.result()
            self._history.add(index, statement)
            self._size = max(self._size, index + 1)
        return future
