"""The commands of actions, guards and connections."""

from .options import Add, add_file, add_overrides, add_proof, add_requester


def add_actions(add: Add) -> None:
    """Add the commands of actions."""
    add("actions", "actions.show_actions", "List the actions", "ioc-removal actions")
    describe = add(
        "describe", "describe.show_action", "Describe an action: arguments, effect, outputs",
        "ioc-removal describe cybertrace-indicators-delete",
    )  # fmt: skip
    describe.add_argument("action", metavar="ACTION")
    call = add(
        "call",
        "call.call",
        "Call an action",
        "ioc-removal call cybertrace-indicators-delete --arg supplier=InternalTI \\",
        "      --arg indicators=192.0.2.57 --arg indicators=tux.example.com",
        "ioc-removal call cybertrace-false-positives-unmark --indicators triaged.csv \\",
        "      --arg unmark_detections=false --dry-run",
        "ioc-removal call waf-ip-reputation-rules-find \\",
        """      --arg 'rules:=[{"policy_id": "6d39...", "names": ["block-large"]}]'""",
    )
    call.add_argument("action", metavar="ACTION")
    call.add_argument(
        "--arg",
        metavar="NAME=VALUE",
        action="append",
        help="an argument; repeated, it makes a list; NAME:=JSON for anything else",
    )
    call.add_argument(
        "--args", metavar="FILE", help="arguments as a JSON or YAML object; - is stdin"
    )
    add_file(call)
    call.add_argument("--dry-run", action="store_true", help="check everything, remove nothing")
    add_proof(call)
    call.add_argument(
        "--expect-tags",
        metavar="TAG",
        nargs="+",
        action="extend",
        help="refuse a WAF rule unless its provider tags are exactly these",
    )
    add_requester(call)
    add_overrides(call)
    test = add(
        "test", "probe.probe", "Test connections: read something harmless",
        "ioc-removal test", "ioc-removal test cybertrace",
        more=" Without a name, all of\nthe settings.",
    )  # fmt: skip
    test.add_argument("names", metavar="CONNECTION", nargs="*")


def add_guards(add: Add) -> None:
    """Add the commands of guards."""
    add(
        "guards", "guards.show_guards", "List the guards: what is refused, or warned about",
        "ioc-removal guards",
        "ioc-removal call cybertrace-indicators-delete --arg supplier=InternalTI \\",
        "      --arg indicators=co.uk --override suffix --reason 'INC-7: imported by mistake'",
        more=" A guard\nthat refuses says how to go on.",
    )  # fmt: skip
