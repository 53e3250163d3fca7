"""The commands of rehearsals, and completion."""

from .options import Add

SHELLS = ("bash", "zsh", "tcsh")
HUAWEI_AUTH = ("aksk", "iam_token", "iam_password")  # of the sandbox, which is not imported here


def add_rehearsals(add: Add) -> None:
    """Add the commands of rehearsals."""
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
