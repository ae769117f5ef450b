"""The name under which the oldest checks find their base class."""
from datadog_checks.base import AgentCheck, CheckException, ConfigurationError, is_affirmative

__all__ = ["AgentCheck", "CheckException", "ConfigurationError", "is_affirmative"]
