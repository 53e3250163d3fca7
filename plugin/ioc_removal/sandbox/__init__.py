"""Stand-ins for CyberTrace, SecMaster, WAF and IAM over real HTTP, to rehearse playbooks on."""

from .sandbox import Sandbox
from .seed import default_seed, read_faults, read_seed

__all__ = ["Sandbox", "default_seed", "read_faults", "read_seed"]
