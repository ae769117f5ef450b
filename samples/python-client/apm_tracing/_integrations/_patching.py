"""How a function of somebody else's is replaced."""

import functools


def wrap(owner, name, make):
    """Replaces ``owner.name`` by ``make(original)``, once. Does nothing when there is no such attribute."""
    original = getattr(owner, name, None)
    if original is None or getattr(original, "apm_original", None) is not None:
        return
    replacement = functools.wraps(original)(make(original))
    replacement.apm_original = original
    setattr(owner, name, replacement)
