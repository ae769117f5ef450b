"""The base class of checks, with the members that checks written for the Datadog agent use.

What a check submits goes out through the module's `output`, which whoever runs checks sets before.
"""
import logging
import math
import os
import re
from collections import deque

from .errors import CheckException

output = None
agent_config = {}
cache_folder = ""


class AgentCheck(object):
    OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3

    __NAMESPACE__ = ""

    def __init__(self, *args, **kwargs):
        # Newer checks are made with (name, init_config, instances), older ones with (name, init_config, agentConfig, instances).
        given = list(args)
        self.name = kwargs.get("name") or (given[0] if given else "")
        self.init_config = kwargs.get("init_config") or (given[1] if len(given) > 1 else None) or {}
        rest = given[2:]
        instances = kwargs.get("instances")
        if instances is None:
            instances = rest[-1] if rest and isinstance(rest[-1], (list, tuple)) else []
        self.instances = list(instances)
        self.instance = self.instances[0] if self.instances else None
        first = rest[0] if rest else None
        self.agentConfig = kwargs.get("agentConfig") or (first if isinstance(first, dict) else None) or agent_config
        self.hostname = agent_config.get("hostname", "")
        self.check_id = ""
        self.check_initializations = deque()
        self.log = logging.getLogger(self.name or type(self).__name__)
        self._counted_before = set()

    def check(self, instance):
        raise NotImplementedError("%s has no method check(self, instance)" % type(self).__name__)

    def run(self):
        """One run: what the check prepared for its first run, then check()."""
        while self.check_initializations:
            prepare = self.check_initializations[0]
            prepare()
            self.check_initializations.popleft()
        self.check(self.instance)

    def gauge(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("gauge", name, value, tags, hostname, device_name, raw)

    def rate(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("rate", name, value, tags, hostname, device_name, raw)

    def count(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("count", name, value, tags, hostname, device_name, raw)

    def monotonic_count(self, name, value, tags=None, hostname=None, device_name=None, raw=False, flush_first_value=False):
        if flush_first_value:
            context = (name, tuple(sorted(map(str, tags or []))), hostname, device_name)
            if context not in self._counted_before:
                self._counted_before.add(context)
                self._submit("count", name, value, tags, hostname, device_name, raw)
        self._submit("monotonic_count", name, value, tags, hostname, device_name, raw)

    def histogram(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("histogram", name, value, tags, hostname, device_name, raw)

    def historate(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("historate", name, value, tags, hostname, device_name, raw)

    def distribution(self, name, value, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("distribution", name, value, tags, hostname, device_name, raw)

    def increment(self, name, value=1, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("counter", name, value, tags, hostname, device_name, raw)

    def decrement(self, name, value=-1, tags=None, hostname=None, device_name=None, raw=False):
        self._submit("counter", name, value, tags, hostname, device_name, raw)

    def service_check(self, name, status, tags=None, hostname=None, message=None, raw=False):
        output.service_check(self._full_name(name, raw), int(status), self._tags(tags), _text(hostname), _text(message))

    def event(self, event):
        if not isinstance(event, dict):
            raise CheckException("event() takes a dict, not %s" % type(event).__name__)
        sent = dict((_text(key), value if isinstance(value, (int, float)) else _text(value)) for key, value in event.items() if value is not None and key not in ("tags", "api_key"))
        sent["tags"] = self._tags(event.get("tags"))
        output.event(sent)

    def warning(self, text, *args):
        output.warning(_text(text) % args if args else _text(text))

    def set_metadata(self, name, value, **options):
        output.metadata(_text(name), _text(value))

    def is_metadata_collection_enabled(self):
        return True

    def read_persistent_cache(self, key):
        """What was last written under the key; an empty text when nothing was."""
        try:
            with open(self._cache_file(key)) as file:
                return file.read()
        except (IOError, OSError):
            return ""

    def write_persistent_cache(self, key, value):
        if not os.path.isdir(cache_folder):
            os.makedirs(cache_folder)
        draft = self._cache_file(key) + ".new"
        with open(draft, "w") as file:
            file.write(value)
        os.replace(draft, self._cache_file(key))

    def normalize(self, metric, prefix=None, fix_case=False):
        """A metric's name without characters that names do not have."""
        name = _snake_case(_text(metric)) if fix_case else _text(metric)
        name = re.sub(r"[,+*\-/()\[\]{}\s]+", "_", name)
        name = re.sub(r"_+", "_", name).strip("_")
        name = name.replace("._", ".").replace("_.", ".")
        if not prefix:
            return name
        return "%s.%s" % (_snake_case(_text(prefix)) if fix_case else _text(prefix), name)

    @property
    def http(self):
        raise CheckException("self.http is not part of Apm's AgentCheck; import requests (or urllib.request) and call it directly")

    def _submit(self, kind, name, value, tags, hostname, device_name, raw):
        if value is None:
            return
        try:
            number = float(value)
        except (TypeError, ValueError):
            self.warning("Metric: %s has non float value: %s. Only float values can be submitted as metrics." % (name, value))
            return
        if not math.isfinite(number):
            self.warning("Metric: %s has the value %s, which is not kept." % (name, number))
            return
        all_tags = self._tags(tags)
        if device_name:
            all_tags.append("device:" + _text(device_name))
        output.metric(kind, self._full_name(name, raw), number, all_tags, _text(hostname))

    def _full_name(self, name, raw):
        return _text(name) if raw or not self.__NAMESPACE__ else "%s.%s" % (self.__NAMESPACE__, _text(name))

    def _tags(self, tags):
        if tags is None:
            return []
        if isinstance(tags, (str, bytes)):
            self.warning("tags=%r is a text; it is taken as one tag. Write tags=[%r]." % (tags, tags))
            tags = [tags]
        return [_text(tag) for tag in tags if tag is not None]

    def _cache_file(self, key):
        return os.path.join(cache_folder, re.sub(r"[^A-Za-z0-9_.-]", "_", "%s_%s" % (self.name, key))[:200])


def _text(value):
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _snake_case(name):
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([^_.])([A-Z][a-z]+)", r"\1_\2", name)).lower()
