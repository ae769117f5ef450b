"""Runs the Python checks of one name for Apm, in a process of their own.

Apm writes one JSON object per line to our standard input, for each run:
    {"id": …, "check": "my_metric", "file": ".../my_metric.py" or "", "init": {…}, "instance": {…}}
and we answer with JSON arrays, one per line, of which the last of a run is "ok" or "failed":
    ["m", kind, name, value, tags, hostname]   ["c", name, status, tags, hostname, message]   ["e", {…}]
    ["w", text]   ["d", name, value]   ["v", version]   ["ok"]   ["failed", text, file, line, [traceback]]

Whatever a check or a program it calls prints goes to our error output, so that it cannot be taken for an answer.
"""
import importlib
import importlib.util
import inspect
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback

import datadog_checks.base.agent_check as base


class Output(object):
    """Writes answers. Silent in a process that a check forked."""

    def __init__(self, fd):
        self._file = os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", newline="\n")
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def write(self, *answer):
        if os.getpid() != self._owner:
            return
        line = json.dumps(answer, ensure_ascii=True)
        with self._lock:
            self._file.write(line + "\n")

    def end_run(self, *answer):
        if os.getpid() != self._owner:
            os._exit(0)  # A forked process that came back from check(): its parent answers.
        self.write(*answer)
        self._file.flush()

    def metric(self, kind, name, value, tags, hostname):
        self.write("m", kind, name, value, tags, hostname)

    def service_check(self, name, status, tags, hostname, message):
        self.write("c", name, status, tags, hostname, message)

    def event(self, event):
        self.write("e", event)

    def warning(self, text):
        self.write("w", text)

    def metadata(self, name, value):
        self.write("d", name, value)


class LoadingError(Exception):
    """The check cannot be made; the text says why."""


def find_module(name, file):
    """An installed integration of the name, else the file of checks.d."""
    full_name = "datadog_checks." + name
    try:
        return importlib.import_module(full_name)
    except ImportError as problem:
        if getattr(problem, "name", None) not in (full_name, None):
            raise
    if not file:
        raise LoadingError("no module datadog_checks.%s is installed, and there is no %s.py in checks.d" % (name, name))
    # By its path and not by its name: a check may be called as a module of Python is.
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module


def find_class(module):
    """The check of a module: derived from AgentCheck, with nothing in the module derived from it; the first by name."""
    found = [value for _, value in sorted(vars(module).items()) if inspect.isclass(value) and issubclass(value, base.AgentCheck) and value is not base.AgentCheck]
    leaves = [value for value in found if not any(other is not value and issubclass(other, value) for other in found)]
    if not leaves:
        raise LoadingError("%s has no class that derives from AgentCheck, such as: class MyCheck(AgentCheck):" % os.path.basename(module.__file__ or module.__name__))
    return leaves[0]


def make(check_class, name, init_config, instance):
    try:
        return check_class(name=name, init_config=init_config, instances=[instance])
    except TypeError:
        try:
            return check_class(name=name, init_config=init_config, agentConfig=base.agent_config, instances=[instance])
        except TypeError:
            return check_class(name, init_config, [instance])


class Runner(object):
    def __init__(self, output):
        self._output = output
        self._class = None
        self._version = "unversioned"
        self._checks = {}

    def run(self, order):
        name, file = order["check"], order["file"]
        try:
            if self._class is None:
                module = find_module(name, file)
                self._class = find_class(module)
                self._version = str(getattr(module, "__version__", "unversioned"))
            if order["id"] not in self._checks:
                check = make(self._class, name, order["init"], order["instance"])
                check.check_id = order["id"]
                self._checks[order["id"]] = check
            self._output.write("v", self._version)
            self._checks[order["id"]].run()
            self._output.end_run("ok")
        except LoadingError as problem:
            self._output.end_run("failed", str(problem), "", 0, [])
        except BaseException as problem:  # Whatever a check raises, exit() among it, is its failure and not ours.
            self._output.end_run("failed", *describe(problem, file))


def describe(problem, file):
    """The last line of the traceback, the place in the check's own file, and the lines of the traceback without ours."""
    last_line = traceback.format_exception_only(type(problem), problem)[-1].strip()
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if not frame.filename.startswith(own_folder) and "importlib" not in frame.filename]
    own = [frame for frame in frames if frame.filename == file]
    place = (own or frames or [None])[-1]
    if isinstance(problem, SyntaxError) and problem.filename:
        return last_line, problem.filename, problem.lineno or 0, traceback.format_exception_only(type(problem), problem)
    lines = ["Traceback (most recent call last):\n"] + traceback.format_list(frames) + traceback.format_exception_only(type(problem), problem)
    return last_line, place.filename if place else "", place.lineno or 0 if place else 0, [line for text in lines for line in text.rstrip("\n").split("\n")]


def limit_memory(max_bytes):
    try:
        import resource
        resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # Where it cannot be limited, Apm's own watch over the process remains.


def read_orders(source, orders):
    for line in source:
        orders.put(line)
    # Apm is gone, or wants us gone; so is everything that checks started.
    try:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    finally:
        os._exit(0)


def main():
    facts = json.loads(sys.argv[1])
    if hasattr(os, "setsid"):
        os.setsid()
    limit_memory(facts["max_bytes"])
    # Both ends of the conversation are ours alone; what a check reads is empty, and what it prints goes to the error output. (exit() closes stdin.)
    source = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    sys.path[1:1] = facts["folders"]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    base.output = Output(answers)
    base.agent_config = {"hostname": facts["hostname"], "version": facts["version"], "tags": facts["tags"]}
    base.cache_folder = facts["cache_folder"]
    runner = Runner(base.output)
    orders = queue.Queue()
    threading.Thread(target=read_orders, args=(source, orders), daemon=True).start()
    while True:
        runner.run(json.loads(orders.get()))


own_folder = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":
    main()
