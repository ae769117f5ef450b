"""Calls of other programs."""
import subprocess

from ..errors import CheckException


class SubprocessOutputEmptyError(CheckException):
    """The program wrote nothing although something was expected."""


def get_subprocess_output(command, log, raise_on_empty_output=True, log_debug=True, env=None):
    """What a program wrote, what it wrote to its error output, and its exit code."""
    if isinstance(command, str):
        command = command.split()
    if log_debug:
        log.debug("running %s", command)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    out, err = process.communicate()
    out, err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    if raise_on_empty_output and not out:
        raise SubprocessOutputEmptyError("%s wrote nothing; its error output: %s" % (command[0], err.strip()))
    return out, err, process.returncode
