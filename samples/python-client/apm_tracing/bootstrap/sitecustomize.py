# Imported by `site` when a Python starts with this folder in PYTHONPATH. It gives the program the sys.path and
# the sitecustomize it would have had, then switches tracing on. PYTHONPATH stays, so that child processes are
# traced as well. It has to parse under any Python, also 2.7: then it says so and leaves the program alone.
import os
import sys


def _clean_path(here, client):
    ours = (os.path.normcase(here), os.path.normcase(client))
    sys.path[:] = [p for p in sys.path if os.path.normcase(os.path.abspath(p or os.curdir)) not in ours or p == ""]


def _run_users_own(this_module):
    # As `site` would have done it. Returns what it raised, for `site` to tell in its usual words.
    del sys.modules["sitecustomize"]
    try:
        import sitecustomize  # noqa: F401
    except BaseException:
        error = sys.exc_info()[1]
        absent = isinstance(error, ImportError) and (
            getattr(error, "name", None) == "sitecustomize" or str(error) == "No module named sitecustomize"
        )
        return None if absent else error
    finally:
        sys.modules.setdefault("sitecustomize", this_module)
    return None


def _warn(text):
    if os.environ.get("APM_QUIET", "").lower() not in ("1", "true", "yes", "on"):
        sys.stderr.write("apm: %s The program runs on; APM_QUIET=1 hides this line.\n" % text)


def _start(client):
    if sys.version_info < (3, 8):
        version = "%d.%d" % sys.version_info[:2]
        _warn("%s is Python %s; tracing needs 3.8 or newer, so it is not traced." % (sys.executable, version))
        return
    sys.path.insert(0, client)
    try:
        from apm_tracing import auto
    finally:
        sys.path.remove(client)
    auto.install()


def _main():
    here = os.path.dirname(os.path.abspath(__file__))
    client = os.path.dirname(os.path.dirname(here))
    _clean_path(here, client)
    users_error = _run_users_own(sys.modules["sitecustomize"])
    try:
        _start(client)
    except Exception:
        error = sys.exc_info()[1]
        _warn("tracing could not start in %s (%s: %s)." % (sys.executable, type(error).__name__, error))
    if users_error is not None:
        raise users_error


_main()
