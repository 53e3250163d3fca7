"""The commands of what is done later: tried again, by a schedule, or taken away."""

from argparse import SUPPRESS

from .options import WAIT, Add, add_file, add_overrides, add_proof, add_requester


def add_retry(add: Add) -> None:
    """Add the command that tries a run again."""
    retry = add(
        "retry",
        "retry.retry",
        "Try again what a run did not do, and nothing else",
        "ioc-removal retry 20240502-0915 --not-done --dry-run",
        "ioc-removal retry 20240502-0915 --not-done --reason 'SecMaster is back'",
        more=" What failed, is unknown or\nwas refused is sent; what was done is not touched, and"
        " what is new since is not of that run.\nOf a playbook it is a run of the same text with"
        " the same inputs, under the same guards\nand approvals as any.",
    )
    retry.add_argument("given_run", metavar="RUN", help="a playbook's run or a call, by its id")
    retry.add_argument(
        "--not-done", action="store_true", help="only what it did not do; it has to be given"
    )
    retry.add_argument(
        "--dry-run", action="store_true", help="show what would be sent; of a playbook, make a plan"
    )
    add_proof(retry)
    retry.add_argument("--wait", action="store_true", help=WAIT)
    add_requester(retry)
    add_overrides(retry)


ON_SCHEDULES = """

Workers begin the runs (`ioc-removal worker`), whose connections must be those of here, so
the store is one that hosts share. However many there are, a tick has one run. The clock is
that of the store's server. A tick that no worker could begin within an hour is skipped, as
is one while the run of an earlier tick has not ended: `schedule list` and the workers' log
tell. Ticks of the time that a schedule was paused are not made up for.

--indicators FILE is read anew at each tick, on the host of the worker that begins the run."""


def add_schedules(add: Add) -> None:
    """Add the command of schedules."""
    schedule = add(
        "schedule",
        "schedule.schedule",
        "Let workers run a playbook by the clock",
        "ioc-removal schedule add nightly remove-iocs-after-triage --cron '0 3 * * *' \\",
        "      --timezone Europe/Berlin --indicators /srv/soc/triaged.csv --reason 'INC-7'",
        "ioc-removal schedule list",
        "ioc-removal schedule pause nightly",
        more=ON_SCHEDULES,
    )
    schedule.add_argument("schedule_does", metavar="add|list|remove|pause|resume")
    schedule.add_argument("name", metavar="NAME", nargs="?", help="of the schedule")
    schedule.add_argument("playbook", metavar="PLAYBOOK", nargs="?", help="of add: what is run")
    schedule.add_argument(
        "--cron", metavar="'M H D M W'", help="minute, hour, day, month, day of the week"
    )
    schedule.add_argument("--timezone", metavar="ZONE", help="such as Europe/Berlin (UTC)")
    schedule.add_argument("--tick", help=SUPPRESS)
    schedule.add_argument(
        "--input",
        metavar="NAME=VALUE",
        action="append",
        help="an input; repeated, it makes a list; NAME:=JSON for anything else",
    )
    add_file(schedule)
    add_proof(schedule)
    add_requester(schedule)


ON_PRUNING = """

The rows of a run go: what it was given, sent, read and answered, plans that expired, the
steps of its engine. The journal tells of each run that it was pruned, when and by whom, how
it ended and what its chain was, and `journal verify` accepts it. Runs that belong together,
such as an undo and what it undoes, go together or stay; what has not ended, is the newest of
a schedule, or has a plan that can still be applied, stays. So does what `journal verify` has
a problem with. Less than 7 days need --recent."""


def add_prune(add: Add) -> None:
    """Add the command that takes old runs away."""
    prune = add(
        "prune",
        "prune.prune_runs",
        "Take away the rows of runs that ended long ago",
        "ioc-removal prune --older-than 365d --dry-run",
        "ioc-removal prune --older-than 365d --reason 'retention: one year'",
        more=ON_PRUNING,
    )
    prune.add_argument("--older-than", metavar="365d", help="that ended so long ago; h, d or w")
    prune.add_argument("--dry-run", action="store_true", help="list them, and take none away")
    prune.add_argument(
        "--recent", action="store_true", help="also with less than 7 days, which is meant so"
    )
    add_requester(prune)
