"""The commands: their arguments, and an example of each."""

from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any

from ..indicators.reader import FORMATS
from .parser import Parser, common_options, whole_parser

SHELLS = ("bash", "zsh", "tcsh")
HUAWEI_AUTH = ("aksk", "iam_token", "iam_password")  # of the sandbox, which is not imported here
WAIT = "stay while a person is asked, and go on by itself; without it the command ends (status 4)"

Add = Callable[..., Parser]

ON_JOURNAL = """
The newest runs come first; values are found as they are, refanged and normalised.

`journal verify` says whether the journal is as it was written, names each row that is
not, and tells a hash to keep elsewhere, which --expect compares.

--format jsonl gives every column as it is stored, with its hash (docs/journal.md);
csv has an apostrophe before what a spreadsheet would take for a formula."""


def parser_with_commands() -> Parser:
    """Return the whole parser."""
    parser = whole_parser()
    commands = parser.add_subparsers(
        metavar="COMMAND", title="commands", parser_class=Parser, dest="command"
    )
    common = common_options(first=False)

    def add(name: str, does: str, about: str, *examples: str, more: str = "") -> Parser:
        lines = "\n".join(f"  {example}" for example in examples)
        command = commands.add_parser(
            name,
            parents=[common],
            help=about[0].lower() + about[1:],
            description=f"{about}.{more}",
            epilog=f"example{'s' if len(examples) > 1 else ''}:\n{lines}",
            argument_default=SUPPRESS,
        )
        command.set_defaults(does=does)
        return command

    _add_actions(add)
    _add_playbooks(add)
    _add_plans(add)
    _add_approvals(add)
    _add_runs(add)
    _add_guards(add)
    _add_journal(add)
    _add_rehearsals(add)
    return parser


def _add_actions(add: Add) -> None:
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
        "ioc-removal call cybertrace-false-positives-unmark --indicators triaged.csv --dry-run",
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
    _add_file(call)
    call.add_argument("--dry-run", action="store_true", help="check everything, remove nothing")
    _add_proof(call)
    call.add_argument(
        "--expect-tags",
        metavar="TAG",
        nargs="+",
        action="extend",
        help="refuse a WAF rule unless its provider tags are exactly these",
    )
    _add_requester(call)
    _add_overrides(call)


def _add_playbooks(add: Add) -> None:
    add("playbooks", "playbooks.show_playbooks", "List the playbooks", "ioc-removal playbooks")
    run = add(
        "run",
        "run.run",
        "Run a playbook",
        "ioc-removal run remove-iocs-after-triage --indicators triaged.csv",
        "ioc-removal run remove-iocs-after-triage --indicators triaged.csv \\",
        "      --input suppliers=InternalTI --input suppliers=TriageFeed",
        "ioc-removal run unmark-false-positives --indicators fp.txt --dry-run --out plan.txt",
        "ioc-removal run --plan plan.txt --ticket INC-42",
        more=" With --dry-run a plan is\nmade: what a run would do, for a person to read;"
        " with --plan that is done, and nothing else.",
    )
    run.add_argument("playbook", metavar="PLAYBOOK", nargs="?")
    run.add_argument(
        "--input",
        metavar="NAME=VALUE",
        action="append",
        help="an input; repeated, it makes a list; NAME:=JSON for anything else",
    )
    _add_file(run)
    run.add_argument(
        "--dry-run", action="store_true", help="run the reads, remove nothing, make a plan"
    )
    run.add_argument(
        "--out", metavar="FILE", help="write the plan of --dry-run there too; - is stdout"
    )
    run.add_argument(
        "--plan", metavar="ID|FILE", help="apply this plan: its playbook, its inputs, its removals"
    )
    _add_proof(run)
    run.add_argument("--wait", action="store_true", help=WAIT)
    _add_requester(run)
    _add_overrides(run)
    undo = add(
        "undo",
        "undo.undo",
        "Undo a run: put back what it removed",
        "ioc-removal undo 20240502-0915 --dry-run",
        "ioc-removal undo 20240502-0915 --indicator 192.0.2.57 --reason 'true positive'",
        more=" What cannot be put back, such\nas dates, ids and tags, is said of each indicator."
        " An undo is itself a run, which can be undone.",
    )
    undo.add_argument("given_run", metavar="RUN", help="its id, or the first characters")
    undo.add_argument(
        "--indicator", metavar="VALUE", action="append",
        help="only this one, by value or id; may be repeated",
    )  # fmt: skip
    undo.add_argument("--dry-run", action="store_true", help="list what would be put back")
    undo.add_argument(
        "--verify", action="store_true", help="read back what was done, where that is possible"
    )
    _add_requester(undo)
    _add_overrides(undo)
    resume = add(
        "resume", "run.resume", "Go on with a run that stopped without ending, or was decided",
        "ioc-removal resume", "ioc-removal resume 20240502-0915",
        more=" Without RUN,\nthe one that can go on; of several, they are listed.",
    )  # fmt: skip
    resume.add_argument("given_run", metavar="RUN", nargs="?")
    resume.add_argument("--wait", action="store_true", help=WAIT)


def _add_approvals(add: Add) -> None:
    add(
        "approvals", "approvals.show_approvals", "List the runs that wait for a decision",
        "ioc-removal approvals", "ioc-removal approvals --json",
    )  # fmt: skip
    approve = add(
        "approve", "approvals.approve", "Say yes to what a run asks",
        "ioc-removal approve 20240502-0915 --actor anna --ticket INC-4711",
        "ioc-removal approve 20240502-0915 --plan 3f9ac1d2",
        more=" The settings name who may\n(approval.approvers); who wants the run may not.",
    )  # fmt: skip
    approve.add_argument("given_run", metavar="RUN")
    approve.add_argument(
        "--plan", metavar="HASH", help="what is approved, by its first 8 digits or more"
    )
    approve.add_argument(
        "--answer", metavar="NAME=VALUE", action="append", help="what is asked beside yes or no"
    )
    _add_requester(approve)
    reject = add(
        "reject", "approvals.reject", "Say no to what a run asks",
        'ioc-removal reject 20240502-0915 --reason "still used by the proxy team"',
        more=" It removes nothing\nmore then.",
    )  # fmt: skip
    reject.add_argument("given_run", metavar="RUN")
    _add_requester(reject)


def _add_runs(add: Add) -> None:
    runs = add(
        "runs", "runs.show_runs", "List the runs, newest first", "ioc-removal runs --limit 5"
    )
    runs.add_argument("--limit", type=int, metavar="N", help="at most so many (20)")
    show = add(
        "show", "show.show", "Show a run: what became of each indicator",
        "ioc-removal show 20240502-0915", "ioc-removal show 20240502-0915 --json",
        more=" The first characters of RUN are enough.",
    )  # fmt: skip
    show.add_argument("given_run", metavar="RUN")
    show.add_argument(
        "--unused", action="store_true", help="list what its indicator file held and was not used"
    )
    test = add(
        "test", "probe.probe", "Test connections: read something harmless",
        "ioc-removal test", "ioc-removal test cybertrace",
        more=" Without a name, all of\nthe settings.",
    )  # fmt: skip
    test.add_argument("names", metavar="CONNECTION", nargs="*")


def _add_guards(add: Add) -> None:
    add(
        "guards", "guards.show_guards", "List the guards: what is refused, or warned about",
        "ioc-removal guards",
        "ioc-removal call cybertrace-indicators-delete --arg supplier=InternalTI \\",
        "      --arg indicators=co.uk --override suffix --reason 'INC-7: imported by mistake'",
        more=" A guard\nthat refuses says how to go on.",
    )  # fmt: skip


def _add_plans(add: Add) -> None:
    plan = add(
        "plan", "plan.show_plan", "Show a plan: what a run would do",
        "ioc-removal plan 20240502-0915", "ioc-removal plan 20240502-0915 --out plan.txt",
        more=" The first characters\nof its id are enough, or of its SHA-256.",
    )  # fmt: skip
    plan.add_argument("given_plan", metavar="ID")
    plan.add_argument("--out", metavar="FILE", help="write it to a file instead; - is stdout")
    plans = add(
        "plans", "plan.show_plans", "List the plans, newest first", "ioc-removal plans --limit 5"
    )
    plans.add_argument("--limit", type=int, metavar="N", help="at most so many (20)")


def _add_journal(add: Add) -> None:
    journal = add(
        "journal",
        "journal.journal",
        "Show what became of an indicator, who wanted it and why; verify or export it",
        "ioc-removal journal --indicator 192.0.2.57",
        "ioc-removal journal --since 7d --format csv --out journal.csv",
        "ioc-removal journal --run 20240502-0915 --format jsonl --out journal.jsonl",
        "ioc-removal journal verify --expect 9c1e...",
        more=ON_JOURNAL,
    )
    journal.add_argument("what", metavar="verify", nargs="?", help="verify the journal")
    journal.add_argument("--indicator", metavar="VALUE", help="only this value or id")
    journal.add_argument("--run", metavar="RUN", dest="only_run", help="only this run")
    journal.add_argument("--since", metavar="TIME", help="2024-05-01 (UTC), or 7d, 12h, 90m ago")
    journal.add_argument("--format", choices=("jsonl", "csv"), help="export all of it")
    journal.add_argument("--out", metavar="FILE", help="export to a file that is not there yet")
    journal.add_argument("--expect", metavar="HASH", help="of verify: a hash that was kept")


def _add_rehearsals(add: Add) -> None:
    sandbox = add(
        "sandbox", "sandbox.sandbox", "Start stand-ins of the three systems, to rehearse on",
        "ioc-removal sandbox --port 8443 --write-settings sandbox.yml",
        "ioc-removal --settings sandbox.yml call cybertrace-suppliers-list",
        "ioc-removal sandbox --list-faults > faults.yml && ioc-removal sandbox --faults faults.yml",
        more=" With\n--faults they misbehave: refusals, nonsense, answers late or lost;"
        "\n--list-faults shows each. GET …/sandbox/state and …/sandbox/requests tell the truth.",
    )  # fmt: skip
    sandbox.add_argument("--port", type=int, metavar="PORT", help="on 127.0.0.1; else a free one")
    sandbox.add_argument("--seed", metavar="FILE", help="what the systems hold, YAML or JSON")
    sandbox.add_argument(
        "--faults", metavar="FILE", help="how they misbehave: a list, YAML or JSON"
    )
    sandbox.add_argument(
        "--list-faults", action="store_true", help="print a file with every fault, and end"
    )
    sandbox.add_argument("--write-settings", metavar="FILE", help="write settings that lead to it")
    sandbox.add_argument(
        "--huawei-auth", choices=HUAWEI_AUTH, help="credentials for Huawei Cloud in the settings"
    )
    sandbox.add_argument("--tls", action="store_true", help="speak HTTPS, with a new certificate")
    sandbox.add_argument(
        "--client-certificate", action="store_true", help="demand one of clients; implies --tls"
    )
    add(
        "demo", "demo.demo", "Run the playbooks on stand-ins of the three systems",
        "ioc-removal demo",
        more=" It needs\nno settings and leaves nothing behind.",
    )  # fmt: skip
    completion = add(
        "completion", "completion.completion", "Print a completion script for a shell",
        'eval "$(ioc-removal completion bash)"',
    )  # fmt: skip
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def _add_proof(command: Parser) -> None:
    command.add_argument(
        "--verify", action="store_true", help="read back what was done, where that is possible"
    )
    command.add_argument(
        "--lookup", action="store_true",
        help="keep what CyberTrace tells of each indicator, which it may record as detections",
    )  # fmt: skip


def _add_requester(command: Parser) -> None:
    group: Any = command.add_argument_group("who wants it, and why: kept in the journal")
    add = group.add_argument
    add("--actor", metavar="NAME", help="who; else the user of the operating system")
    add("--ticket", metavar="ID", help="the case that it belongs to")
    add("--reason", metavar="TEXT", help="why")


def _add_overrides(command: Parser) -> None:
    group: Any = command.add_argument_group("guards (`ioc-removal guards` lists them)")
    group.add_argument(
        "--override",
        metavar="GUARD",
        action="append",
        help="go on although this guard refuses; needs --reason, and is recorded",
    )


def _add_file(command: Parser) -> None:
    group: Any = command.add_argument_group("indicators from a file")
    add = group.add_argument
    add("--indicators", metavar="FILE", help="CSV, text, STIX or MISP; - is stdin")
    add("--format", choices=FORMATS, help="how the file is read, if its name and content mislead")
    add("--column", metavar="NAME", help="of a CSV file, by header or by number from 1")
    add("--to-ids-only", action="store_true", help="of MISP, only what is marked for detection")
