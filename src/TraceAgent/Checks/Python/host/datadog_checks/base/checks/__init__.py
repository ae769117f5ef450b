"""The same under the name that some checks use."""
from ..agent_check import AgentCheck

__all__ = ["AgentCheck"]
