"""The background thread that talks to the agent."""

import _thread
import time

from apm_tracing import _process

# Taken now, early in the start of the process. gevent and eventlet replace them later, and a lock that
# waits inside their loop would stop the application.
_allocate_lock = _thread.allocate_lock
_start_new_thread = _thread.start_new_thread


class Worker:
    """Runs jobs when they are due. A job has ``due()``, a time by the worker's clock or None, and ``run()``.

    The thread starts with the first ``wake`` and is never waited for by the interpreter. It is a plain
    native thread: applications that count or patch ``threading.Thread`` do not meet it.
    """

    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self.jobs = []
        self._reset()
        _process.after_fork_in_child(self._reset)

    def _reset(self):
        self._start_lock = _allocate_lock()
        self._wake = _allocate_lock()
        self._wake.acquire()
        self._started = False
        self._idle = None  # released when everything was run at finish
        self._closing = False

    def wake(self):
        """Lets the thread look at the jobs again; starts it if need be."""
        if not self._started:
            with self._start_lock:
                if not self._started:
                    try:
                        _start_new_thread(self._run, (_process.generation,))
                        self._started = True
                    except RuntimeError:
                        return  # at the end of the interpreter no thread can start; finish() sends then
        try:
            self._wake.release()
        except RuntimeError:
            pass  # it is awake already

    def has_work(self):
        """True when the thread ever had something to do in this process, so that it may have last words."""
        return self._started

    def finish(self, timeout_seconds):
        """Runs each job a last time, and waits for that no longer than told. True when they are done."""
        self._idle = _allocate_lock()
        self._idle.acquire()
        self._closing = True
        self.wake()
        if not self._started:
            return False
        return self._idle.acquire(True, timeout_seconds)

    def _run(self, generation):
        while generation == _process.generation:
            closing = self._closing
            now = self.clock()
            wait = None
            for job in self.jobs:
                due = self._run_job(job, now, closing)
                if due is not None:
                    wait = due if wait is None else min(wait, due)
            if closing:
                self._idle.release()
                return
            self._wake.acquire(True, -1 if wait is None else max(0.0, wait - self.clock()))

    def _run_job(self, job, now, closing):
        try:
            if closing:
                job.close()
                return None
            due = job.due()
            if due is not None and due <= now:
                job.run()
                due = job.due()
            return due
        except Exception:
            return now + 1.0  # a fault of ours must neither end the thread nor spin it
