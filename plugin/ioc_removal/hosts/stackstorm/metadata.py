"""What the pack says of itself: pack.yaml, requirements, README, an example of its config."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from importlib.resources import files
from string import Template

from ... import __version__
from ...errors import DefinitionError
from ...integration import Integration
from ...loader import read
from ..yaml_text import yaml_text
from .inside.configuration import MOST
from .pack import PACK, PackFile
from .playbooks import shipped_playbooks

DISTRIBUTION = "ioc-removal"
EMAIL = "ioc-removal@example.com"  # StackStorm registers no pack without one
EXTRA = "postgresql"  # StackStorm installs a pack's requirements before it has a config
STACKSTORM = ">=3.9.0"  # the first that masks nested config and runs on Python 3.10


def metadata_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the files that are not one for an action."""
    about, needs = _distribution()
    whole = read("integration.yml")["title"]
    yield (
        "pack.yaml",
        yaml_text(
            {
                "ref": PACK,
                "name": whole,
                "description": about,
                "keywords": ["ioc", "soar", *(n for n, s in integration.systems.items() if s.auth)],
                "version": __version__,
                "python_versions": ["3"],
                "stackstorm_version": STACKSTORM,
                "author": whole,
                "email": EMAIL,
            }
        ),
    )
    yield "requirements.txt", "".join(f"{line}\n" for line in needs)
    yield f"{PACK}.yaml.example", _filled("config.yaml")
    titles = {one.name: one.title for one in integration.definitions.values()}
    titles |= {one.name: one.title for one in shipped_playbooks()}
    actions = [f"| `{PACK}.{name}` | {title} |" for name, title in titles.items()]
    yield (
        "README.md",
        _filled("README.md", about=about, actions="\n".join(actions), most=f"{MOST:,}"),
    )


def _distribution() -> tuple[str, list[str]]:
    """Return the summary of the plugin, and the libraries that it needs, also for any store."""
    try:
        found = metadata(DISTRIBUTION)
    except PackageNotFoundError as error:
        raise DefinitionError("the plugin is not installed: run make run, or pip") from error
    needs = []
    for line in found.get_all("Requires-Dist") or ():
        library, _, marker = line.partition(";")
        if "extra ==" not in marker:
            needs.append(line)
        elif marker.replace("'", '"').strip() == f'extra == "{EXTRA}"':
            needs.append(library.strip())
    return str(found["Summary"]), sorted(needs, key=str.lower)


def _filled(name: str, /, **places: str) -> str:
    """Return a text of texts/ with what goes in the place of each $name."""
    text = files(__package__).joinpath("texts", name).read_text(encoding="utf-8")
    return Template(text).substitute(places)
