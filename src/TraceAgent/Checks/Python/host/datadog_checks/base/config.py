"""Reading of settings."""


def is_affirmative(value):
    """Whether a setting says yes, as a boolean, a number or a word."""
    if value is None:
        return False
    if isinstance(value, int):
        return bool(value)
    return str(value).lower() in ("yes", "true", "1", "y", "on")
