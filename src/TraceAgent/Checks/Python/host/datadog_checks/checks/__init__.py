"""The same under the name of the years between `checks` and `datadog_checks.base`."""
from datadog_checks.base import AgentCheck

__all__ = ["AgentCheck"]
