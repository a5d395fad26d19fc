"""Where a click on a row of a table leads (reference/openapi-v2.json, `OnClick`)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from clickstack.core.limits import CHART_TEXT_CHARS_MAX, CLICK_FILTERS_MAX

from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import Items, Variants, wrong
from .tile_fields import ABSENT, STORABLE, Expression, QueryLanguage, Template

_SCHEME = re.compile(r"[\s\x00-\x1f]*([A-Za-z][A-Za-z0-9+.\-]*)[\s\x00-\x1f]*:")


def _web_address(template: str) -> str:
    """The contract asks for an absolute http(s) address; one that begins with a placeholder is judged when clicked."""
    scheme = _SCHEME.match(template)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise wrong("urlTemplate must be an http or https address")
    return template


def _required(noun: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text:
            raise wrong(f"{noun} is required")
        return text

    return AfterValidator(check)


class TargetById(WireModel):
    mode: Literal["id"]
    id: ObjectId


class TargetByTemplate(WireModel):
    mode: Literal["template"]
    template: Template


Target = Annotated[TargetById | TargetByTemplate, Variants("mode", {"id": TargetById, "template": TargetByTemplate})]


class FilterTemplate(WireModel):
    kind: Literal["expressionTemplate"]
    expression: Annotated[str, Field(max_length=CHART_TEXT_CHARS_MAX), _required("Expression"), STORABLE]
    template: Annotated[str, Field(max_length=CHART_TEXT_CHARS_MAX), _required("Template"), STORABLE]


class _Inside(WireModel):
    target: Target
    where_template: Expression = ABSENT
    where_language: QueryLanguage = "lucene"
    filters: Annotated[list[FilterTemplate], Items(most=CLICK_FILTERS_MAX)] = ABSENT


class OpenSearch(_Inside):
    type: Literal["search"]


class OpenDashboard(_Inside):
    type: Literal["dashboard"]


class OpenAddress(WireModel):
    type: Literal["external"]
    url_template: Annotated[
        str, Field(min_length=1, max_length=CHART_TEXT_CHARS_MAX), AfterValidator(_web_address), STORABLE
    ]


OnClick = Annotated[
    OpenSearch | OpenDashboard | OpenAddress,
    Variants("type", {"search": OpenSearch, "dashboard": OpenDashboard, "external": OpenAddress}),
]
