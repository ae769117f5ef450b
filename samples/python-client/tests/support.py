"""A stand-in for the agent, and child processes under the injected start-up. Nothing here waits by time:
everything waits for a condition, and a limit turns a wait that never ends into a failure."""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import urllib.request

from unpack import unpack

CLIENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOOTSTRAP = os.path.join(CLIENT, "apm_tracing", "bootstrap")
FLASK_APP = os.path.join(os.path.dirname(CLIENT), "flask-app", "flaskapp.py")
LIMIT_SECONDS = 20

if CLIENT not in sys.path:
    sys.path.insert(0, CLIENT)


class FakeAgent:
    """Records what arrives; ``wait_for`` waits for what is expected."""

    def __init__(self, rates=None):
        self.requests = []  # (method, path, lower-case headers, body)
        self.rates = {"service:,env:": 1} if rates is None else rates
        self.status = 200
        self.children = []  # programs that are expected to report
        self._changed = threading.Condition()
        agent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {key.lower(): value for key, value in self.headers.items()}
                answer = json.dumps({"rate_by_service": agent.rates}).encode()
                with agent._changed:
                    agent.requests.append((self.command, self.path, headers, body))
                    agent._changed.notify_all()
                try:
                    self.send_response(agent.status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    pass  # the test has ended the program

            do_PUT = do_POST

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def payloads(self):
        """(headers, list of chunks) of each traces request."""
        return [(h, unpack(b)) for m, p, h, b in list(self.requests) if p == "/v0.4/traces"]

    def spans(self, **wanted):
        """All spans that came, or those with these keys; ``_`` in a key stands for the key as it is."""
        spans = [span for _, chunks in self.payloads() for chunk in chunks for span in chunk]
        return [span for span in spans if all(span.get(key) == value for key, value in wanted.items())]

    def telemetry(self, request_type):
        """The messages of one type, oldest first."""
        messages = [json.loads(b) for m, p, h, b in list(self.requests) if p.endswith("/apmtelemetry")]
        return [message for message in messages if message["request_type"] == request_type]

    def configuration(self, name):
        """The values that telemetry gave for a name, oldest first."""
        messages = self.telemetry("app-started") + self.telemetry("app-client-configuration-change")
        return [c["value"] for m in messages for c in m["payload"]["configuration"] if c["name"] == name]

    def wait_for(self, what, condition):
        """The first true value of ``condition()``, looked at after each request."""
        end = time.monotonic() + LIMIT_SECONDS
        with self._changed:
            while True:
                value = condition()
                if value:
                    return value
                self._changed.wait(0.2)
                failed = [child for child in self.children if child.process.poll() not in (None, 0)]
                if failed or time.monotonic() > end:
                    stories = " ".join(child.story() for child in self.children)
                    raise AssertionError("%s did not arrive. %s %s" % (what, self.story(), stories))

    def wait_for_spans(self, count=1, **wanted):
        """At least so many spans with these keys."""
        what = "%d spans with %s" % (count, wanted)
        return self.wait_for(what, lambda: self.spans(**wanted) if len(self.spans(**wanted)) >= count else None)

    def wait_for_address(self):
        """The first URL that telemetry told."""
        return self.wait_for("listen_urls", lambda: self.configuration("listen_urls"))[0]

    def story(self):
        spans = ["%s %s" % (span["name"], span["resource"]) for span in self.spans()]
        types = [h.get("dd-telemetry-request-type") or p for m, p, h, b in self.requests]
        return "Arrived: requests %s, spans %s." % (types, spans)


class Child:
    """A Python program under the injected start-up, in a process group of its own."""

    def __init__(self, arguments, env, folder, python):
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [python] + arguments,
            env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err, start_new_session=True,
        )  # fmt: skip
        self.pid = self.process.pid

    def wait(self):
        """The exit code, once the program ended by itself."""
        try:
            return self.process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError("the program did not end. " + self.story()) from None

    def stop(self, number=signal.SIGINT):
        """Ends the program and what it started, and returns its exit code."""
        if self.process.poll() is None:
            os.killpg(self.pid, number)
        return self.wait()

    def close(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self._out.close()
        self._err.close()

    def out(self):
        return self._text(self._out)

    def err(self):
        return self._text(self._err)

    def story(self):
        return "Its output: %s\nIts errors: %s" % (self.out(), self.err())

    @staticmethod
    def _text(file):
        file.seek(0)
        return file.read().decode("utf-8", "replace")


class ProcessTestCase(unittest.TestCase):
    """A fake agent, a folder, and programs that report to that agent. All are gone after the test."""

    maxDiff = None

    def setUp(self):
        self.agent = FakeAgent()
        self.addCleanup(self.agent.close)
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        """A file of the program; returns its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def start(self, *arguments, python=None, injected=True, **env):
        """Starts a program in the folder. ``env`` is added to a clean environment."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DD_", "APM_", "OTEL_", "FLASK", "PYTHON", "WERKZEUG"))}
        clean["DD_TRACE_AGENT_URL"] = self.agent.url
        path = [BOOTSTRAP, CLIENT] if injected else [CLIENT]
        if "PYTHONPATH" in env:
            path.append(env.pop("PYTHONPATH"))
        clean["PYTHONPATH"] = os.pathsep.join(path)
        clean["PYTHONDONTWRITEBYTECODE"] = "1"
        clean.update(env)
        child = Child(list(arguments), clean, self.folder, python or sys.executable)
        self.agent.children.append(child)
        self.addCleanup(child.close)
        return child

    def run_to_end(self, script, **more):
        """Runs a script to its end, which must be a good one; returns the child."""
        child = self.start(self.write("program.py", script), **more)
        self.assertEqual(0, child.wait(), child.story())
        return child


def get(url, headers=None):
    """The status and text of an answer; also of an error answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with opener.open(request, timeout=LIMIT_SECONDS) as response:
            return response.status, response.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8")


def python_with(*modules):
    """A Python that can import the modules: this one, or another of this machine. Fails when there is none."""
    candidates = [sys.executable, shutil.which("python3"), "/usr/bin/python3"]
    code = "import " + ", ".join(modules)
    for python in dict.fromkeys(p for p in candidates if p and os.path.exists(p)):
        if subprocess.run([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return python
    raise AssertionError(
        "No Python here can import %s. Install it: %s -m pip install %s" % (" and ".join(modules), sys.executable, " ".join(modules))
    )
