"""Playbooks and data that would blow a run up, through the whole engine: each ends in a line."""

import pytest

from conducting import Runner, runner

__all__ = ["runner"]
ONE_TASK = """
version: 1.0
input:
  - indicators: []
vars:
  - grown: x
tasks:
  grow:
    action: core.noop
    next:
      - when: "{{{{ {when} }}}}"
        publish:
          - grown: "{{{{ {publish} }}}}"
        do: rest
  rest:
    action: core.noop
output:
  - grown: "{{{{ {output} }}}}"
"""
HARMLESS = {"when": "True", "publish": "1", "output": "1"}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("where", HARMLESS)
@pytest.mark.parametrize(
    ("bomb", "said"),
    [
        ("'a' * 10 ** 9", "only numbers can be calculated with"),
        ("9 ** 9 ** 9 ** 9 ** 9", "the result has more than 4,096 bits"),
        ("range(10 ** 9) | list", "Range too big"),
        ("''['__class__']", "is unsafe"),
    ],
)
def test_an_expression_that_blows_up_ends_the_run_in_a_line(
    runner: Runner, where: str, bomb: str, said: str
) -> None:
    name = runner.write("bomb", ONE_TASK.format(**{**HARMLESS, where: bomb}))
    record = runner.run(name)
    assert (record["status"], record["result"]) == ("ended", "failed")
    assert said in record["errors"][0]["message"]
    assert "\n" not in record["errors"][0]["message"]


@pytest.mark.parametrize("text", ["{{7*7}}", "{{7-7}}", "{% for x in y %}", "{# #}"])
def test_an_indicator_that_looks_like_an_expression_stays_text(runner: Runner, text: str) -> None:
    url = f"http://malware.example/{text}"
    record = runner.run("remove-iocs-after-triage", indicators=[url])
    sent = [row["indicator"] for request in runner.sent() for row in request["body"]]
    assert sent == [url] * ("*" not in text)  # a guard takes that for a wildcard
    assert {row["value"] for row in record["outcomes"]} == {url}
    assert {row["value"] for row in record["output"]["report"]} == {url}
