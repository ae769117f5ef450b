"""One line on stderr at most, and never an exception into the application."""

import os
import sys

_warned = False


def warn_once(what):
    """Writes one line to stderr for the whole process; later calls and ``APM_QUIET=1`` write nothing."""
    global _warned
    if _warned or is_true(os.environ.get("APM_QUIET")):
        return
    _warned = True
    try:
        sys.stderr.write("apm: %s The program runs on; APM_QUIET=1 hides this line.\n" % what)
    except Exception:
        pass  # stderr may be closed, as in a daemon


def warn_failed(doing, error):
    """Says that a piece of tracing failed and was left out."""
    warn_once("%s failed (%s: %s), this part is not traced." % (doing, type(error).__name__, error))


def is_true(text):
    """``1``, ``true``, ``yes``, ``on`` in any case; absent is false."""
    return (text or "").strip().lower() in ("1", "true", "yes", "on")


def is_false(text):
    """``0``, ``false``, ``no``, ``off`` in any case; absent is not false."""
    return (text or "").strip().lower() in ("0", "false", "no", "off")
