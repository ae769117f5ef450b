"""The same under an older name."""
from datadog_checks.base.errors import CheckException, ConfigurationError

__all__ = ["CheckException", "ConfigurationError"]
