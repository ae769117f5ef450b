"""The one tracer of a process, put together."""

import atexit
import os

from apm_tracing import _process
from apm_tracing._settings import Settings
from apm_tracing._telemetry import Telemetry
from apm_tracing._tracer import Tracer
from apm_tracing._worker import Worker
from apm_tracing._writer import TraceWriter

EXIT_SECONDS_MAX = 1.0  # so long the end of a program may wait for the agent


class _LazyAgent:
    """Loads the HTTP client with the first request: most programs under the launcher never send one."""

    def __init__(self, settings):
        self._settings = settings
        self._client = None

    def send(self, *args):
        if self._client is None:
            from apm_tracing._agent import AgentClient

            self._client = AgentClient(self._settings.agent_url, self._settings.agent_timeout_seconds)
        return self._client.send(*args)


def _headers():
    from apm_tracing._agent import language_headers

    return language_headers()


def _take_rates(rates):
    tracer.sampler.update(rates)


settings = Settings()
_worker = Worker()
_agent = _LazyAgent(settings)
writer = TraceWriter(_agent, _worker, _take_rates, settings.queued_spans_max, _headers)
telemetry = Telemetry(settings, _agent, _worker, _headers)
_worker.jobs = [writer, telemetry]
tracer = Tracer(settings, writer)


def _arm():
    tracer.on_first_span = telemetry.span_made
    telemetry.count_drops(
        lambda: {
            "queue_full": writer.spans_dropped_queue_full,
            "refused": writer.spans_dropped_refused,
            "fault": writer.spans_lost,
        }
    )


def _finish():
    if _worker.has_work():
        _worker.finish(EXIT_SECONDS_MAX)


def _wrap_os_exit():
    # Forked children of multiprocessing and of forking servers leave through os._exit, which runs no atexit.
    leave = os._exit

    def _exit(status):
        try:
            if not writer.is_empty:
                _finish()
        except Exception:
            pass
        leave(status)

    os._exit = _exit


def stop():
    """Another tracer took over, or the program is one that is never traced: nothing more is made or sent."""
    tracer.enabled = False
    telemetry.hold()


_arm()
_process.after_fork_in_child(_arm)
atexit.register(_finish)
_wrap_os_exit()
