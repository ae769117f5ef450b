"""Priority sampling by the rates that the agent answers."""

_LOW = 0xFFFFFFFFFFFFFFFF
_FACTOR = 1111111111111111111


class PrioritySampler:
    """Decides by the rate of ``service:<service>,env:<env>``; without one it keeps.

    Nothing is dropped here: an unsampled trace is sent with priority 0, so that the statistics see it.
    """

    def __init__(self):
        self._rates = {}

    def update(self, rate_by_service):
        """Takes the agent's rates; values that are no numbers are left out."""
        rates = {}
        for key, rate in dict(rate_by_service).items():
            if isinstance(rate, (int, float)) and not isinstance(rate, bool):
                rates[str(key)] = min(1.0, max(0.0, float(rate)))
        self._rates = rates

    def decide(self, context, root):
        """Sets priority and decision maker in ``context``, and the rate on the local root."""
        rate = self._rates.get("service:%s,env:%s" % (root.service, root.meta.get("env", "")))
        if rate is None:
            context.priority = 1
        else:
            context.priority = 1 if keeps(context.trace_id, rate) else 0
            root.metrics["_dd.agent_psr"] = rate
        if context.priority > 0:
            context.tags["_dd.p.dm"] = "-0" if rate is None else "-1"
        else:
            context.tags.pop("_dd.p.dm", None)


def keeps(trace_id, rate):
    """The decision that every tracer takes alike from the low 64 bits of a trace id."""
    return rate >= 1 or ((trace_id & _LOW) * _FACTOR & _LOW) < rate * 2.0**64
