"""The settings, read once from the environment. README.md has the table; a test keeps both equal."""

import os
import re
import sys

from apm_tracing._quiet import is_false

DEFAULT_AGENT_PORT = 8126
DEFAULT_AGENT_TIMEOUT_SECONDS = 2.0
DEFAULT_TAGS_HEADER_CHARS_MAX = 512
DEFAULT_HEARTBEAT_SECONDS = 60.0
DEFAULT_QUEUED_SPANS_MAX = 10_000

# Programs that people run beside their app in the same shell. Tracing them is noise.
_DEVELOPER_TOOLS = frozenset(
    "pip pip3 pipx pipenv poetry uv conda virtualenv venv ensurepip easy_install build twine black flake8 ruff"
    " mypy pylint pyright isort pydoc ipython jupyter py_compile compileall".split()
)
_MODULE_AND_APP = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(.*\))?$")
_MODULE = re.compile(r"^[A-Za-z_]\w*(\.\w+)*$")
_SERVERS = frozenset(("gunicorn", "waitress-serve", "waitress", "hypercorn", "uvicorn", "granian"))
_ENTRY_MODULES = frozenset(("app", "application", "asgi", "main", "server", "wsgi"))


class Settings:
    """Settings of one process. Attributes are read-only by convention."""

    def __init__(self, env=None, argv=None, main_spec_name=None, folder=None):
        """:param env: defaults to ``os.environ``; argv to the program's; folder to the current one."""
        env = os.environ if env is None else env
        self._argv = argv
        self._main_spec_name = main_spec_name
        self._folder = folder
        self._flask_app = env.get("FLASK_APP", "")
        self._guess = None

        self.tags = parse_tags(env.get("DD_TAGS", ""))
        tag_service = self.tags.pop("service", "")
        tag_env = self.tags.pop("env", "")
        tag_version = self.tags.pop("version", "")
        self._service = env.get("DD_SERVICE", "").strip() or tag_service or env.get("OTEL_SERVICE_NAME", "").strip()
        self.env = env.get("DD_ENV", "").strip() or tag_env
        self.version = env.get("DD_VERSION", "").strip() or tag_version

        self.trace_enabled = not is_false(env.get("DD_TRACE_ENABLED"))
        self.telemetry_enabled = not is_false(env.get("DD_INSTRUMENTATION_TELEMETRY_ENABLED"))
        self.heartbeat_seconds = _number(env, "DD_TELEMETRY_HEARTBEAT_INTERVAL", DEFAULT_HEARTBEAT_SECONDS, least=1)
        self.agent_url = agent_url(env)
        self.agent_timeout_seconds = _number(
            env, "DD_TRACE_AGENT_TIMEOUT_SECONDS", DEFAULT_AGENT_TIMEOUT_SECONDS, least=0.1
        )
        self.tags_header_chars_max = int(
            _number(env, "DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH", DEFAULT_TAGS_HEADER_CHARS_MAX, least=0)
        )
        self.queued_spans_max = int(_number(env, "APM_QUEUED_SPANS_MAX", DEFAULT_QUEUED_SPANS_MAX, least=1))

    @property
    def service(self):
        """The service name; guessed from the command line when no setting names it. Never empty."""
        return self._service or self._guessed()

    @property
    def service_origin(self):
        """``env_var`` when a setting names the service, ``default`` when it is a guess."""
        return "env_var" if self._service else "default"

    def is_developer_tool(self):
        """True when the program is ``pip`` or the like, which is never traced."""
        return self._guessed() in _DEVELOPER_TOOLS

    def _guessed(self):
        if self._guess is None:
            argv = self._argv if self._argv is not None else list(getattr(sys, "argv", None) or [""])
            spec_name = self._main_spec_name
            if spec_name is None and self._argv is None:
                spec_name = getattr(getattr(sys.modules.get("__main__"), "__spec__", None), "name", None)
            folder = self._folder or _current_folder()
            guess = guess_service(argv, spec_name or "", self._flask_app, folder)
            if argv[:1] in ([""], ["-m"]) and not spec_name:
                return guess  # too early in the start-up to be sure: ask again next time
            self._guess = guess
        return self._guess


def guess_service(argv, main_spec_name="", flask_app="", folder=""):
    """A service name from how the program was started.

    ``python flaskapp.py`` → ``flaskapp``; ``flask --app shop run`` → ``shop``; ``gunicorn shop:app`` → ``shop``;
    ``python -m shop.jobs`` → ``shop.jobs``; ``shop.wsgi:app`` → ``shop``; with nothing to go by ``python``.
    """
    program = re.sub(r"\.(py|pyc|pyw|exe)$", "", os.path.basename(argv[0] if argv else ""))
    if main_spec_name:
        program = re.sub(r"\.__main__$", "", main_spec_name)
    elif program == "__main__":
        program = os.path.basename(os.path.dirname(argv[0]))
    arguments = argv[1:]
    if program == "flask":
        return _name_of_app(_flask_target(arguments) or flask_app, "") or _flask_default(folder)
    if program in _SERVERS or program.startswith("gunicorn"):
        return _name_of_app(_server_target(arguments), "") or program
    if program in ("", "-c", "-m", "-"):
        return "python"
    return program


def _flask_target(arguments):
    for position, argument in enumerate(arguments):
        if argument in ("--app", "-A") and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--app="):
            return argument[len("--app=") :]
    return ""


def _flask_default(folder):
    # What `flask run` itself looks for. The folder says more than "app" does.
    for name in ("wsgi.py", "app.py"):
        if folder and os.path.isfile(os.path.join(folder, name)):
            return os.path.basename(os.path.abspath(folder)) or "flask"
    return "flask"


def _server_target(arguments):
    for argument in arguments:
        if _MODULE_AND_APP.match(argument):
            return argument
    if arguments and _MODULE.match(arguments[-1]):
        return arguments[-1]
    return ""


def _name_of_app(target, default):
    module = re.split(r":(?![\\/])", target, maxsplit=1)[0].strip()
    if not module:
        return default
    if module.endswith(".py") or "/" in module or os.sep in module:
        return re.sub(r"\.py$", "", os.path.basename(module.rstrip("/" + os.sep))) or default
    parts = module.split(".")
    while len(parts) > 1 and parts[-1] in _ENTRY_MODULES:
        parts.pop()
    return ".".join(parts)


def parse_tags(text):
    """``k:v,k2:v2``, or separated by spaces when there is no comma; a key without colon has an empty value."""
    tags = {}
    for item in text.split(",") if "," in text else text.split():
        key, _, value = item.strip().partition(":")
        if key.strip():
            tags[key.strip()] = value.strip()
    return tags


def agent_url(env):
    """``DD_TRACE_AGENT_URL``, else host and port, else ``http://localhost:8126``. Without a trailing slash."""
    url = env.get("DD_TRACE_AGENT_URL", "").strip().rstrip("/")
    if url:
        return url if "://" in url else "http://" + url
    host = env.get("DD_AGENT_HOST", "").strip() or env.get("DD_TRACE_AGENT_HOSTNAME", "").strip() or "localhost"
    port = env.get("DD_TRACE_AGENT_PORT", "").strip() or env.get("DD_AGENT_PORT", "").strip()
    if not port.isdigit():
        port = str(DEFAULT_AGENT_PORT)
    if ":" in host and not host.startswith("["):
        host = "[" + host + "]"
    return "http://%s:%s" % (host, port)


def _number(env, name, default, least):
    try:
        return max(float(env.get(name, "") or default), least)
    except ValueError:
        return default


def _current_folder():
    try:
        return os.getcwd()
    except OSError:
        return ""  # the folder was removed under the program
