"""The version that is reported to the agent and built into the package."""

VERSION = "0.1.0"
