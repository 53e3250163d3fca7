"""The commands of playbooks and their plans."""

from .options import WAIT, Add, add_file, add_overrides, add_proof, add_requester


def add_playbooks(add: Add) -> None:
    """Add the commands of playbooks."""
    add("playbooks", "playbooks.show_playbooks", "List the playbooks", "ioc-removal playbooks")
    run = add(
        "run",
        "run.run",
        "Run a playbook",
        "ioc-removal run remove-iocs-after-triage --indicators triaged.csv",
        "ioc-removal run remove-iocs-after-triage --indicators triaged.csv \\",
        "      --input suppliers=InternalTI --input suppliers=TriageFeed",
        "ioc-removal run unmark-false-positives --indicators fp.txt \\",
        "      --input unmark_detections=false --dry-run --out plan.txt",
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
    add_file(run)
    run.add_argument(
        "--dry-run", action="store_true", help="run the reads, remove nothing, make a plan"
    )
    run.add_argument(
        "--out", metavar="FILE", help="write the plan of --dry-run there too; - is stdout"
    )
    run.add_argument(
        "--plan", metavar="ID|FILE", help="apply this plan: its playbook, its inputs, its removals"
    )
    add_proof(run)
    run.add_argument("--wait", action="store_true", help=WAIT)
    run.add_argument(
        "--detach", action="store_true",
        help="only begin it, print its id and leave; a worker on the store goes on with it",
    )  # fmt: skip
    run.add_argument(
        "--request-id", metavar="ID",
        help="a name of your own for this run: the same again follows it, and begins no other",
    )  # fmt: skip
    add_requester(run)
    add_overrides(run)
    resume = add(
        "resume", "run.resume", "Go on with a run that stopped without ending, or was decided",
        "ioc-removal resume", "ioc-removal resume 20240502-0915",
        more=" Without RUN,\nthe one that can go on; of several, they are listed.",
    )  # fmt: skip
    resume.add_argument("given_run", metavar="RUN", nargs="?")
    resume.add_argument("--wait", action="store_true", help=WAIT)


def add_plans(add: Add) -> None:
    """Add the commands of plans."""
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
