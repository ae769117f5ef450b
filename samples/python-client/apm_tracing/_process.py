"""What belongs to this process and changes in a forked child: identity, and who wants to know."""

import os
import uuid

runtime_id = str(uuid.uuid4())
generation = 0  # counts forks between the first process and this one
_after_fork = []


def after_fork_in_child(callback):
    """Calls back in each forked child, in the order of registration, before the child runs on."""
    _after_fork.append(callback)


def _child():
    global runtime_id, generation
    generation += 1
    runtime_id = str(uuid.uuid4())
    for callback in _after_fork:
        try:
            callback()
        except Exception:
            pass  # a child that cannot trace still has to run


if hasattr(os, "register_at_fork"):  # absent on Windows, where nothing forks
    os.register_at_fork(after_in_child=_child)
