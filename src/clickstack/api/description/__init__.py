"""What the REST API says about itself: one OpenAPI 3.1 document, and the page that shows it.

Enters: the routers of v2. Leaves: the document, as a dict. What the code knows (paths, parameters, bodies) is taken
from the routes; what it does not know (names, words, replies, examples) stands in one file per noun. A test holds
replies of a running server against it.

Do not add here: anything a request needs to be answered.
"""

from .document import describe
from .managed import describe_managed

__all__ = ["describe", "describe_managed"]
