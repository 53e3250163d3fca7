"""Stand-ins for CyberTrace, SecMaster and WAF over real HTTP, to rehearse playbooks on."""

from .sandbox import Sandbox
from .seed import default_seed, read_seed

__all__ = ["Sandbox", "default_seed", "read_seed"]
