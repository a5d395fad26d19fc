"""Text → nodes of a template."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from clickstack.core.limits import TEMPLATE_CHARS_MAX, TEMPLATE_NESTING_MAX

from .nodes import (
    BLOCK_HELPERS,
    CALL_HELPERS,
    Block,
    Call,
    Expression,
    Literal,
    Node,
    Output,
    Path,
    TemplateError,
    Text,
)

# One tag; comments first, for they may hold braces. `~` eats white-space on its side.
_TAG = re.compile(
    r"\{\{~?!--.*?--~?\}\}|\{\{~?![^}]*\}\}|(?P<raw>\{\{\{)(?P<inner>[^{}]*)\}\}\}"
    r"|\{\{(?P<left>~?)(?P<sign>[#/&]?)(?P<body>[^{}]*?)(?P<right>~?)\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"[^\"]*\"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?(?=[\s)]|$))|(?P<bracket>[()])"
    r"|(?P<path>(?:\.\./)*(?:@?[^\s()\"'\[\]./{}~]+|\[[^\]]*\]|\.\.|\.)(?:[./](?:[^\s()\"'\[\]./{}~]+|\[[^\]]*\]))*))"
)
_SEGMENT = re.compile(r"\[([^\]]*)\]|[^./\[\]]+")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "undefined": None}


@dataclass
class _Open:
    """A block being read."""

    helper: str
    arguments: tuple[Expression, ...]
    position: int
    then: list[Node] = field(default_factory=list)
    otherwise: list[Node] | None = None

    @property
    def nodes(self) -> list[Node]:
        return self.then if self.otherwise is None else self.otherwise


def parse(text: str) -> tuple[Node, ...]:
    """Raises TemplateError."""
    if len(text) > TEMPLATE_CHARS_MAX:
        raise TemplateError(f"A template has at most {TEMPLATE_CHARS_MAX} characters", TEMPLATE_CHARS_MAX)
    stack = [_Open("", (), 0)]
    end, trim = 0, False
    for match in _TAG.finditer(text):
        _add_text(stack[-1], text[end : match.start()], end, trim_left=trim, trim_right=_eats(match, "left"))
        _add_tag(stack, match)
        end, trim = match.end(), _eats(match, "right")
    _add_text(stack[-1], text[end:], end, trim_left=trim, trim_right=False)
    if len(stack) > 1:
        raise TemplateError(f"{{{{#{stack[-1].helper}}}}} is not closed", stack[-1].position)
    return tuple(stack[0].then)


def _eats(match: re.Match[str], side: str) -> bool:
    if match["body"] is None and match["raw"] is None:  # a comment
        return match[0][2] == "~" if side == "left" else match[0][-3] == "~"
    return match[side] == "~"


def _add_text(block: _Open, text: str, start: int, *, trim_left: bool, trim_right: bool) -> None:
    stray = text.find("{{")
    if stray >= 0:
        raise TemplateError("{{ is not closed by }}", start + stray)
    text = text.lstrip() if trim_left else text
    text = text.rstrip() if trim_right else text
    if text:
        block.nodes.append(Text(text))


def _add_tag(stack: list[_Open], match: re.Match[str]) -> None:
    position = match.start()
    if match["raw"] is not None:
        stack[-1].nodes.append(Output(_one_expression(match["inner"], position)))
    elif match["body"] is None:
        return  # a comment
    elif match["sign"] == "#":
        _open(stack, match["body"], position)
    elif match["sign"] == "/":
        _close(stack, match["body"].strip(), position)
    elif match["body"].strip() in ("else", "^"):
        if len(stack) == 1 or stack[-1].otherwise is not None:
            raise TemplateError("{{else}} belongs inside a block, once", position)
        stack[-1].otherwise = []
    else:
        stack[-1].nodes.append(Output(_one_expression(match["body"], position)))


def _open(stack: list[_Open], body: str, position: int) -> None:
    if len(stack) > TEMPLATE_NESTING_MAX:
        raise TemplateError(f"Blocks are nested more than {TEMPLATE_NESTING_MAX} deep", position)
    helper, _, rest = body.strip().partition(" ")
    if helper not in BLOCK_HELPERS:
        raise TemplateError(f"Unknown block {{{{#{helper}}}}}; there are {', '.join(BLOCK_HELPERS)}", position)
    arguments = _expressions(rest, position)
    if len(arguments) != BLOCK_HELPERS[helper]:
        raise TemplateError(f"{{{{#{helper}}}}} takes {BLOCK_HELPERS[helper]} argument(s)", position)
    stack.append(_Open(helper, arguments, position))


def _close(stack: list[_Open], helper: str, position: int) -> None:
    if len(stack) == 1 or stack[-1].helper != helper:
        raise TemplateError(f"{{{{/{helper}}}}} closes nothing", position)
    done = stack.pop()
    stack[-1].nodes.append(Block(done.helper, done.arguments, tuple(done.then), tuple(done.otherwise or ())))


def _one_expression(text: str, position: int) -> Expression:
    """What an output tag holds: a value, or a helper with its arguments."""
    found = _expressions(text, position)
    if len(found) == 1:
        return found[0]
    if not found:
        raise TemplateError("There is nothing between the braces", position)
    head = found[0]
    if isinstance(head, Path) and len(head.keys) == 1 and not head.ups:
        return _call(head.keys[0], found[1:], position)
    raise TemplateError("A value takes no arguments", position)


def _expressions(text: str, position: int) -> tuple[Expression, ...]:
    levels: list[list[Expression]] = [[]]
    at = 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise TemplateError(f"Cannot read {text[at:].strip()[:20]!r}", position)
        at = token.end()
        if token["bracket"] == "(":
            if len(levels) > TEMPLATE_NESTING_MAX:
                raise TemplateError(f"Parentheses are nested more than {TEMPLATE_NESTING_MAX} deep", position)
            levels.append([])
        elif token["bracket"] == ")":
            if len(levels) == 1:
                raise TemplateError("A ) closes nothing", position)
            inner = levels.pop()
            head = inner[0] if inner else None
            if not isinstance(head, Path) or len(head.keys) != 1:
                raise TemplateError("Parentheses hold a helper and its arguments", position)
            levels[-1].append(_call(head.keys[0], tuple(inner[1:]), position))
        else:
            levels[-1].append(_atom(token, position))
    if len(levels) > 1:
        raise TemplateError("A ( is not closed", position)
    return tuple(levels[0])


def _call(helper: str, arguments: tuple[Expression, ...], position: int) -> Call:
    if helper not in CALL_HELPERS:
        raise TemplateError(f"Unknown helper {helper!r}; there are {', '.join(CALL_HELPERS)}", position)
    if len(arguments) != CALL_HELPERS[helper]:
        raise TemplateError(f"{helper} takes {CALL_HELPERS[helper]} argument(s)", position)
    return Call(helper, arguments)


def _atom(token: re.Match[str], position: int) -> Expression:
    if token["string"] is not None:
        return Literal(token["string"][1:-1])
    if token["number"] is not None:
        return Literal(float(token["number"]))
    text: str = token["path"]
    if text in _WORDS:
        return Literal(_WORDS[text])
    ups = 0
    while text == ".." or text.startswith("../"):
        ups, text = ups + 1, text[3:]
    data = text.startswith("@")
    keys = tuple(match[1] if match[1] is not None else match[0] for match in _SEGMENT.finditer(text.lstrip("@")))
    if data and not keys:
        raise TemplateError("There is no name after @", position)
    return Path(keys[1:] if keys[:1] == ("this",) else keys, ups, data)
