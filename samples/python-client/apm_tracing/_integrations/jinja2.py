"""Jinja2: a span per rendered template, inside a trace only."""

from apm_tracing._integrations._patching import wrap
from apm_tracing._runtime import tracer


def patch(module):
    """:param module: ``jinja2.environment``."""
    wrap(module.Template, "render", _render)


def _render(original):
    def render(self, *args, **kwargs):
        # Generators of static sites render thousands of templates outside of any trace; those are not asked for.
        above = tracer.current_span() if tracer.enabled else None
        if above is None:
            return original(self, *args, **kwargs)
        in_flask = above._segment.local_root.meta.get("component") == "flask"
        name = getattr(self, "name", None) or "<memory>"
        operation = "flask.render_template" if in_flask else "jinja2.render"
        with above.tracer.trace(operation, resource=name, span_type="template") as span:
            span.meta["component"] = "jinja2"
            span.meta["jinja2.template_name"] = name
            return original(self, *args, **kwargs)

    return render
