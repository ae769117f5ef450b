"""What checks raise."""


class CheckException(Exception):
    """A run failed."""


class ConfigurationError(CheckException):
    """The settings of the instance cannot be used."""
