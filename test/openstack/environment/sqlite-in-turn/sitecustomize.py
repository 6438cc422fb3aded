"""Makes the threads and processes of a service write to their SQLite one after the other, as they do with a real database server.

oslo.db begins each transaction with a plain BEGIN. One that has read and then writes, when another has written in between, fails at once with
"database is locked", whatever its time-out. BEGIN IMMEDIATE waits for its turn: here, not in SQLite, so that the green thread with the turn can run.
"""
import sqlite3
import time
from sqlite3 import dbapi2

PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.005
# SQLite's own waiting holds up the other green threads.
LOCK_SECONDS = 0.05


class Cursor(sqlite3.Cursor):
    def execute(self, sql, *parameters):
        if sql.strip() != "BEGIN":
            return super().execute(sql, *parameters)
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
            time.sleep(PAUSE_SECONDS)


class Connection(sqlite3.Connection):
    def cursor(self, factory=Cursor):
        return super().cursor(factory)


open_connection = sqlite3.connect


def connect(*args, **options):
    return open_connection(*args, **{"timeout": LOCK_SECONDS, "factory": Connection, **options})


sqlite3.connect = dbapi2.connect = connect
