"""Ours come first; checks that are installed as packages of this name are found as well."""
from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
