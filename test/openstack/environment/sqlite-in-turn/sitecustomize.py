"""Makes the processes of a service write to their SQLite one after the other, as they do with a real database server.

oslo.db begins each transaction with a plain BEGIN. One that has read and then writes, when another process has written in between, fails at once with
"database is locked", whatever its time-out. BEGIN IMMEDIATE waits for its turn.
"""
import sqlite3
from sqlite3 import dbapi2

PATIENCE_SECONDS = 30


class Cursor(sqlite3.Cursor):
    def execute(self, sql, *parameters):
        return super().execute("BEGIN IMMEDIATE" if sql.strip() == "BEGIN" else sql, *parameters)


class Connection(sqlite3.Connection):
    def cursor(self, factory=Cursor):
        return super().cursor(factory)


open_connection = sqlite3.connect


def connect(*args, **options):
    return open_connection(*args, **{"timeout": PATIENCE_SECONDS, "factory": Connection, **options})


sqlite3.connect = dbapi2.connect = connect
