"""What checks import from here."""
from .agent_check import AgentCheck
from .config import is_affirmative
from .errors import CheckException, ConfigurationError

__all__ = ["AgentCheck", "CheckException", "ConfigurationError", "is_affirmative"]
