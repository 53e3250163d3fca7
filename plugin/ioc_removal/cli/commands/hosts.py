"""The commands for SOAR platforms."""

from .options import Add

HOSTS = ("stackstorm", "xsoar")


def add_hosts(add: Add) -> None:
    """Add the commands for SOAR platforms."""
    export = add(
        "export", "export.export", "Write the native package of a SOAR platform",
        "ioc-removal export xsoar --out content",
        more=" The same\ncatalogue and handlers in the platform's form; stackstorm: a pack with "
        "the playbooks as\nworkflows; xsoar: a content pack.",
    )  # fmt: skip
    export.add_argument("host", metavar="HOST", choices=HOSTS, help=f"one of: {', '.join(HOSTS)}")
    export.add_argument(
        "--out", metavar="DIR", required=True,
        help="the folder: new, empty, or an earlier export that nobody changed",
    )  # fmt: skip
