"""Delete one SecMaster indicator as the official SDK does: ADDRESS PROJECT WORKSPACE ID."""

import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdksecmaster.v1 import (
    DeleteIndicatorRequest,
    DeleteIndicatorRequestBody,
    SecMasterClient,
)

address, project, workspace, id_ = sys.argv[1:]
credentials = BasicCredentials("AKEXAMPLE00000000000", "example-secret", project)
client = (
    SecMasterClient.new_builder().with_credentials(credentials).with_endpoints([address]).build()
)
request = DeleteIndicatorRequest(
    workspace_id=workspace, body=DeleteIndicatorRequestBody(batch_ids=[id_])
)
sys.stdout.write(f"{client.delete_indicator(request).data.success_ids}\n")
