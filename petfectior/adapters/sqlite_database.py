"""One SQLite file that many processes and threads share safely.

Commits are durable (``synchronous=FULL``), every write takes its lock at once (``BEGIN IMMEDIATE``), and
no connection checkpoints by itself: SQLite before 3.51.3 can corrupt a WAL that two connections checkpoint
at once, so `checkpoint` is called by the supervisor alone.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, MetaData, create_engine, event, inspect
from sqlalchemy.exc import OperationalError

from petfectior.errors import Permanent, Transient

Migration = Callable[[Connection], None]

BUSY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02
_SETUP: Final = (
    "PRAGMA synchronous=FULL",
    "PRAGMA mmap_size=0",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA foreign_keys=ON",
)


class SqliteDatabase:
    """Connections to one database file, created with its tables if it is not there.

    Parameters
    ----------
    path
        The file, on a local disk; its folder is created.
    tables
        What the file must hold.
    unavailable
        Reason code of the `Transient` raised when the file is locked for too long or the disk fails.
    migrations
        Step n turns a file of schema version n (``PRAGMA user_version``) into one of n + 1.

    Raises
    ------
    Permanent
        If a newer program has migrated the file.
    """

    def __init__(
        self, path: Path, tables: MetaData, unavailable: str, migrations: Sequence[Migration] = ()
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._unavailable = unavailable
        self._engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
            pool_size=4,
            max_overflow=-1,
        )
        event.listen(self._engine, "connect", _set_up)
        event.listen(self._engine, "begin", _begin)
        with self._translated():
            _use_wal(path)
        with self.write() as connection:
            _migrate(connection, tables, migrations)
            tables.create_all(connection)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one moment. Raises `Transient`."""
        return self._transaction(immediate=False)

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that holds the write lock; durable when it ends. Raises `Transient`."""
        return self._transaction(immediate=True)

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, immediate: bool) -> Iterator[Connection]:
        with self._translated(), self._engine.connect() as connection:
            options = connection.execution_options(immediate=immediate)
            with options.begin():
                yield options

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, sqlite3.OperationalError) as error:
            raise Transient(self._unavailable) from error


class Pulse:
    """Tells waiting threads that the database changed, in this process or in another.

    A commit of another connection shows in ``PRAGMA data_version``, polled every 20 ms; this process's
    own changes call `beat` and are seen at once.
    """

    def __init__(self, path: Path) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._poll, args=(path,), name="sqlite-pulse", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """How many changes were noticed so far."""
        return self._count

    def beat(self) -> None:
        """Wake all waiting threads."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Return once the count is past `seen`, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > seen, timeout=max(0.0, timeout))

    def stop(self) -> None:
        """End polling."""
        self._stopped.set()
        self._thread.join()
        self.beat()

    def _poll(self, path: Path) -> None:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            before = _data_version(connection)
            while not self._stopped.wait(POLL_SECONDS):
                now = _data_version(connection)
                if now != before:
                    before = now
                    self.beat()


def checkpoint(folder: Path) -> None:
    """Move what the WALs of `folder` hold into their databases. For the one supervisor only.

    Readers and writers are not kept waiting; what a reader still needs is left for the next call.
    """
    for path in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _migrate(connection: Connection, tables: MetaData, migrations: Sequence[Migration]) -> None:
    """Run the steps that are missing, in the transaction that creates what else is; a new file needs none."""
    newest = len(migrations)
    is_new = not any(inspect(connection).has_table(name) for name in tables.tables)
    stored = newest if is_new else int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if stored > newest:
        raise Permanent("store-newer", stored=stored, known=newest)
    for step in migrations[stored:]:
        step(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {newest}")


def _data_version(connection: sqlite3.Connection) -> int:
    try:
        return int(connection.execute("PRAGMA data_version").fetchone()[0])
    except sqlite3.OperationalError:
        return -1


def _use_wal(path: Path) -> None:
    """Switch the file to WAL; SQLite does not wait by itself when another process does the same now."""
    deadline = time.monotonic() + BUSY_SECONDS
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)
            else:
                return


def _set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy hands a DBAPI connection
    for pragma in _SETUP:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
