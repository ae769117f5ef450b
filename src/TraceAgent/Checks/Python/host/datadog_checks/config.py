"""The same under an older name."""
from datadog_checks.base.config import is_affirmative

__all__ = ["is_affirmative"]
