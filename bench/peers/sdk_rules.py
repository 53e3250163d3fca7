"""Delete WAF rules with the SDK's async client: ADDRESS PROJECT POLICY RULES; RULES a JSON file."""

import json
import sys
from pathlib import Path

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkwaf.v1 import DeleteIpReputationRuleRequest, WafAsyncClient

address, project, policy, rules = sys.argv[1:]
credentials = BasicCredentials("AKEXAMPLE00000000000", "example-secret", project)
client = (
    WafAsyncClient.new_builder().with_credentials(credentials).with_endpoints([address]).build()
)
asked = [
    client.delete_ip_reputation_rule_async(
        DeleteIpReputationRuleRequest(policy_id=policy, rule_id=rule)
    )
    for rule in json.loads(Path(rules).read_text(encoding="utf-8"))["rules"][0]["rule_ids"]
]
sys.stdout.write(f"{len([one.result() for one in asked])}\n")
