"""Runs a function right after a module was imported, whoever imports it."""

import sys

from apm_tracing._quiet import warn_failed


class ImportHooks:
    """A finder in front of ``sys.meta_path`` that finds nothing itself: it asks the others and adds a step
    to the loader they return. Modules, loaders and specs stay those of Python."""

    def __init__(self, callbacks):
        """:param callbacks: {full module name: function of the module}; each is called once."""
        self._callbacks = dict(callbacks)

    def install(self):
        """Serves modules that are imported from now on, and those that are there already."""
        sys.meta_path.insert(0, self)
        for name in list(self._callbacks):
            module = sys.modules.get(name)
            if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
                self._imported(module, name)

    def find_spec(self, name, path=None, target=None):
        """Called by the import system for every module that is not loaded yet."""
        if name not in self._callbacks:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                self._add_step(spec.loader)
                return spec
        return None

    def _add_step(self, loader):
        execute = getattr(loader, "exec_module", None)
        if execute is None or isinstance(loader, type):
            return  # built-in and frozen modules share one loader; none of ours is among them

        def exec_module(module):
            try:
                del loader.exec_module
            except AttributeError:
                pass
            execute(module)
            self._imported(module, module.__name__)

        try:
            loader.exec_module = exec_module
        except AttributeError:
            pass

    def _imported(self, module, name):
        callback = self._callbacks.pop(name, None)
        if callback is None:
            return
        try:
            callback(module)
        except Exception as error:
            warn_failed("preparing %s" % name, error)
