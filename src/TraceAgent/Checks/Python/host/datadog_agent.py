"""What checks ask of the agent."""
import logging

from datadog_checks.base import agent_check


def get_hostname():
    return agent_check.agent_config.get("hostname", "")


def get_config(key):
    """A setting of the agent that checks are told; None for others."""
    return agent_check.agent_config.get(key)


def get_version():
    return agent_check.agent_config.get("version", "")


def log(message, level=logging.INFO):
    logging.getLogger("agent").log(level if level >= 10 else logging.DEBUG, message)


def warning(message, *args):
    logging.getLogger("agent").warning(message, *args)
