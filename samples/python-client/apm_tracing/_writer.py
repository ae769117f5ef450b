"""Collects finished chunks and sends them to ``PUT /v0.4/traces``."""

import _thread
import json
import time

from apm_tracing import _process
from apm_tracing._msgpack import pack_array_head, pack_into

EARLY_FLUSHES = 20  # so many flushes come quickly: someone is looking whether it works
EARLY_FLUSH_SECONDS = 0.25
FLUSH_SECONDS = 1.0
RETRY_SECONDS_MAX = 5.0
PAYLOAD_BYTES_MAX = 8 * 1024 * 1024


class TraceWriter:
    """A bounded queue in front of the agent, run by the worker.

    Full queue: the new chunk is dropped and counted. Agent away: chunks wait in the queue and are sent again.
    """

    def __init__(self, agent, worker, on_rates, queued_spans_max, headers):
        """
        :param on_rates: gets the agent's ``rate_by_service``.
        :param headers: callable giving the request headers.
        """
        self._agent = agent
        self._worker = worker
        self._on_rates = on_rates
        self._queued_spans_max = queued_spans_max
        self._headers = headers
        self._reset()
        _process.after_fork_in_child(self._reset)

    def _reset(self):
        self._lock = _thread.RLock()  # re-entrant: a signal handler may finish a span inside put
        self._chunks = []
        self._queued_spans = 0
        self._due = None
        self._flushes = 0
        self._failures = 0
        self.spans_sent = 0
        self.spans_dropped_queue_full = 0
        self.spans_dropped_refused = 0  # the agent answered 4xx
        self.spans_lost = 0  # by a fault of ours
        self.last_error = None

    def put(self, spans):
        """Takes a chunk; drops and counts it when the queue is full. Never waits."""
        with self._lock:
            if self._queued_spans + len(spans) > self._queued_spans_max:
                self.spans_dropped_queue_full += len(spans)
                return
            self._chunks.append(spans)
            self._queued_spans += len(spans)
            first = self._due is None
            if first:
                early = self._flushes < EARLY_FLUSHES
                self._due = self._worker.clock() + (EARLY_FLUSH_SECONDS if early else FLUSH_SECONDS)
        if first:
            self._worker.wake()

    def count_lost(self, spans):
        """Counts spans that could not be completed."""
        with self._lock:
            self.spans_lost += len(spans)

    @property
    def spans_dropped(self):
        """All spans that were dropped in this process, for whatever reason."""
        return self.spans_dropped_queue_full + self.spans_dropped_refused + self.spans_lost

    @property
    def is_empty(self):
        """True when everything taken was sent or dropped."""
        return self._queued_spans == 0

    def flush(self, timeout_seconds):
        """Asks for a flush now and waits for an empty queue, at most so long. True when it is empty."""
        end = self._worker.clock() + timeout_seconds
        with self._lock:
            if self._queued_spans:
                self._due = self._worker.clock()
        self._worker.wake()
        while not self.is_empty and self._worker.clock() < end:
            time.sleep(0.005)
        return self.is_empty

    def due(self):
        """When to run next; None while there is nothing to send."""
        return self._due

    def run(self):
        """Sends what is queued."""
        with self._lock:
            chunks, self._chunks = self._chunks, []
            self._due = None
            self._flushes += 1
        while chunks:
            taken, encoded = self._encode(chunks)
            batch = chunks[:taken]
            if encoded and not self._send(encoded):
                self._put_back(chunks)
                return
            self._forget(batch)
            chunks = chunks[taken:]

    def close(self):
        """The last run."""
        self.run()

    def _encode(self, chunks):
        """How many of the first chunks fit into one request, and (span count, bytes) of each that can be written."""
        parts = []
        size = 0
        taken = 0
        for chunk in chunks:
            part = bytearray()
            try:
                pack_array_head(part, len(chunk))
                for span in chunk:
                    pack_into(part, span.wire())
            except Exception:
                self.count_lost(chunk)
                part = None
            if part is not None:
                if parts and size + len(part) > PAYLOAD_BYTES_MAX:
                    break
                parts.append((len(chunk), part))
                size += len(part)
            taken += 1
        return taken, parts

    def _send(self, parts):
        """False when the agent cannot be reached or is not well, and the batch should wait."""
        from apm_tracing._agent import AgentUnreachable

        body = bytearray()
        pack_array_head(body, len(parts))
        for _, part in parts:
            body += part
        headers = self._headers()
        headers["Content-Type"] = "application/msgpack"
        headers["X-Datadog-Trace-Count"] = str(len(parts))
        headers["Datadog-Client-Computed-Top-Level"] = "yes"
        try:
            status, answer = self._agent.send("PUT", "/v0.4/traces", bytes(body), headers)
        except AgentUnreachable as error:
            self.last_error = str(error)
            return False
        if status >= 500 or status in (408, 429):
            self.last_error = "the agent answered %d" % status
            return False
        self._failures = 0
        spans = sum(count for count, _ in parts)
        if status >= 300:
            self.last_error = "the agent answered %d: %s" % (status, answer[:200].decode("utf-8", "replace"))
            self.spans_dropped_refused += spans
            return True
        self.spans_sent += spans
        self._take_rates(answer)
        return True

    def _take_rates(self, answer):
        try:
            rates = json.loads(answer.decode("utf-8")).get("rate_by_service")
            if rates is not None:
                self._on_rates(rates)
        except (ValueError, AttributeError, TypeError):
            pass  # "OK" from an old agent: the rates stay as they are

    def _forget(self, batch):
        with self._lock:
            self._queued_spans -= sum(len(chunk) for chunk in batch)

    def _put_back(self, chunks):
        with self._lock:
            self._failures += 1
            self._chunks = chunks + self._chunks
            delay = min(FLUSH_SECONDS * 2 ** (self._failures - 1), RETRY_SECONDS_MAX)
            self._due = self._worker.clock() + delay
