"""Message templates: a safe subset of Handlebars (reference/alerts-and-teams.md §3.4).

`parse(text)` gives a Template or raises TemplateError with a position; `Template.render(view)` never raises for what a
view lacks. Templates cannot call anything, see only the view, and are bounded in size, depth and output.
"""

from .nodes import TemplateError
from .parser import parse
from .render import Template

__all__ = ["Template", "TemplateError", "compile_template"]


def compile_template(text: str) -> Template:
    """Raises TemplateError, which says where and what."""
    return Template(parse(text))
