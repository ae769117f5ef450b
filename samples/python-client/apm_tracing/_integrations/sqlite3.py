"""sqlite3: a ``sqlite.query`` span per statement.

Connection and cursor are C types that cannot be patched, so ``connect`` makes subclasses of them (or of the
classes that the caller asks for); ``isinstance`` and everything else stay true.
"""

import os

from apm_tracing._integrations._patching import wrap
from apm_tracing._runtime import tracer

_cursor_classes = {}
_connection_classes = {}


def patch(module):
    """:param module: ``sqlite3``."""
    original = module.connect
    wrap(module, "connect", lambda connect: _connect(connect, module))
    if module.connect is not original:
        module.dbapi2.connect = module.connect


def _connect(original, module):
    def connect(database, *args, **kwargs):
        if not tracer.enabled or len(args) > 4:  # the sixth positional argument would be the factory
            return original(database, *args, **kwargs)
        factory = kwargs.get("factory", module.Connection)
        if isinstance(factory, type) and issubclass(factory, module.Connection):
            kwargs["factory"] = _connection_class(factory, module.Cursor)
        connection = original(database, *args, **kwargs)
        if hasattr(connection, "apm_database"):
            connection.apm_database = _file_name(database)
        return connection

    return connect


def _file_name(database):
    try:
        return os.path.basename(os.fsdecode(database))
    except TypeError:
        return ""


def _connection_class(base, cursor_base):
    known = _connection_classes.get(base)
    if known is not None:
        return known

    class TracedConnection(base):
        apm_database = ""

        def cursor(self, factory=None, *args, **kwargs):
            wanted = cursor_base if factory is None else factory
            if isinstance(wanted, type) and issubclass(wanted, cursor_base):
                wanted = _cursor_class(wanted)
            return super().cursor(wanted, *args, **kwargs)

        # As documented: a cursor, and its method. Whether C code asks for our cursor depends on the version.
        def execute(self, *args, **kwargs):
            return self.cursor().execute(*args, **kwargs)

        def executemany(self, *args, **kwargs):
            return self.cursor().executemany(*args, **kwargs)

        def executescript(self, *args, **kwargs):
            return self.cursor().executescript(*args, **kwargs)

    _rename(TracedConnection, base)
    _connection_classes[base] = TracedConnection
    return TracedConnection


def _cursor_class(base):
    known = _cursor_classes.get(base)
    if known is not None:
        return known

    class TracedCursor(base):
        def execute(self, sql, *args, **kwargs):
            return _run(self, super().execute, sql, args, kwargs)

        def executemany(self, sql, *args, **kwargs):
            return _run(self, super().executemany, sql, args, kwargs)

        def executescript(self, sql, *args, **kwargs):
            return _run(self, super().executescript, sql, args, kwargs)

    _rename(TracedCursor, base)
    _cursor_classes[base] = TracedCursor
    return TracedCursor


def _rename(cls, base):
    cls.__name__, cls.__qualname__, cls.__module__ = base.__name__, base.__qualname__, base.__module__


def _run(cursor, execute, sql, args, kwargs):
    if not tracer.enabled:
        return execute(sql, *args, **kwargs)
    with tracer.trace("sqlite.query", resource=sql if isinstance(sql, str) else "sqlite.query", span_type="sql") as span:
        span.meta.update({"component": "sqlite3", "span.kind": "client", "db.system": "sqlite"})
        database = getattr(cursor.connection, "apm_database", "")
        if database:
            span.meta["db.name"] = database
        result = execute(sql, *args, **kwargs)
        if cursor.rowcount >= 0:  # -1 after a SELECT: nobody knows before the rows are read
            span.metrics["db.rows"] = cursor.rowcount
        return result
