"""Message templates: what they say, where they are wrong, and that nothing gets out of hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.alerts.template import TemplateError, compile_template
from clickstack.core.limits import TEMPLATE_CHARS_MAX, TEMPLATE_OUTPUT_CHARS_MAX, TEMPLATE_STEPS_MAX

VIEW = {
    "alert": {"name": "Errors", "threshold": 5, "thresholdMax": None},
    "attributes": {"k8s": {"pod.name": "web-1"}, "service": "api & <co>"},
    "group": 'ServiceName:"api"',
    "value": 7.0,
    "ratio": 0.25,
    "samples": [{"Body": "one"}, {"Body": "two"}],
    "tags": ["a", "b"],
    "isGroupedAlert": True,
    "empty": [],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain { braces } stay", "plain { braces } stay"),
        ("{{value}} > {{alert.threshold}}, {{ratio}}", "7 > 5, 0.25"),
        ("{{attributes.service}} {{{group}}} {{&group}}", 'api & <co> ServiceName:"api" ServiceName:"api"'),
        ("{{attributes.k8s.pod.name}} {{attributes.k8s.[pod.name]}}", "web-1 web-1"),
        ("[{{missing}}][{{missing.deep}}][{{value.deep}}][{{alert.thresholdMax}}]", "[][][][]"),
        ("{{#if isGroupedAlert}}G{{else}}U{{/if}}{{#if empty}}e{{else}}none{{/if}}", "Gnone"),
        ("{{#unless missing}}no{{/unless}}", "no"),
        ("{{#each samples}}{{@index}}:{{Body}}{{#unless @last}}, {{/unless}}{{/each}}", "0:one, 1:two"),
        ("{{#each tags}}{{this}}{{.}}{{/each}}{{#each empty}}x{{else}}-{{/each}}", "aabb-"),
        ("{{#each alert}}{{@key}}={{this}};{{/each}}", "name=Errors;threshold=5;thresholdMax=;"),
        ("{{#with alert}}{{name}} {{../value}} {{value}}{{/with}}", "Errors 7 7"),
        ('{{#if (eq alert.name "Errors")}}same{{/if}}', "same"),
        ("{{#if (and (gt value 6) (not missing))}}hot{{/if}}", "hot"),
        ('{{eq value 7}} {{eq "7" value}} {{eq true 1}}', "true false false"),
        ('{{#is_match "attributes.service" "api & <co>"}}yes{{/is_match}}', "yes"),
        ('{{#is_match "group" "other"}}yes{{else}}no{{/is_match}}', "no"),
        ("a {{! a note }}b{{!-- with }} braces --}}c", "a bc"),
        ("a  {{~value~}}  b", "a7b"),
        ("{{tags}} {{alert}} {{isGroupedAlert}}", "a,b [object Object] true"),
        ("{{value.__class__}}{{alert.keys}}{{tags.append}}", ""),
    ],
)
def test_rendering(template: str, text: str) -> None:
    assert compile_template(template).render(VIEW) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("ab {{value", "{{ is not closed by }} (at character 4)"),
        ("{{#if value}}x", "{{#if}} is not closed (at character 1)"),
        ("x{{/if}}", "{{/if}} closes nothing (at character 2)"),
        ("{{#if a}}{{/each}}", "{{/each}} closes nothing"),
        ("{{#loop a}}{{/loop}}", "Unknown block {{#loop}}"),
        ("{{#if}}{{/if}}", "{{#if}} takes 1 argument(s)"),
        ("{{else}}", "{{else}} belongs inside a block"),
        ("{{}}", "There is nothing between the braces"),
        ("{{shout value}}", "Unknown helper 'shout'"),
        ("{{@}}", "There is no name after @"),
        ("{{#each tags}}{{@ }}{{/each}}", "There is no name after @"),
        ("{{eq value}}", "eq takes 2 argument(s)"),
        ("{{(eq a b}}", "A ( is not closed"),
        ("{{a) }}", "A ) closes nothing"),
        ('{{"open}}', "Cannot read"),
        ("x" * (TEMPLATE_CHARS_MAX + 1), "at most"),
        ("{{#if a}}" * 30, "nested more than"),
    ],
)
def test_a_wrong_template_says_where_and_why(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_template(template)
    assert message in str(caught.value)


def test_loops_in_loops_end() -> None:
    loops = "{{#each many}}" * 6 + "x" + "{{/each}}" * 6
    text = compile_template(loops).render({"many": list(range(1000))})
    assert len(text) <= TEMPLATE_OUTPUT_CHARS_MAX


def test_helpers_in_helpers_end() -> None:
    tree = "value"
    for _ in range(8):
        tree = f"(or {tree} {tree})"
    compiled = compile_template("{{#each many}}" * 3 + "{{" + tree + "}}" + "{{/each}}" * 3)
    counted = 0

    class Counting(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> object:
            nonlocal counted
            counted += 1
            return super().__getitem__(key)

    compiled.render(Counting(many=list(range(1000)), value=0))
    assert counted <= TEMPLATE_STEPS_MAX


def test_escaping_meets_values_and_not_the_text_around_them() -> None:
    assert compile_template("[x] {{group}}").render({"group": "[x]"}, lambda text: text.replace("[", "(")) == "[x] (x]"


def test_values_are_never_templates() -> None:
    assert compile_template("{{group}}").render({"group": "{{value}}{{#if"}) == "{{value}}{{#if"


@given(st.text(st.sampled_from("{}#/~!&()\"'[]. @abeq0-else if"), max_size=60))
def test_any_text_is_a_template_or_a_template_error(text: str) -> None:
    try:
        rendered = compile_template(text).render(VIEW)
    except TemplateError as error:
        rendered = text[: error.position]
    assert len(rendered) <= TEMPLATE_OUTPUT_CHARS_MAX
