#!/usr/bin/env bash
# 2026-11-30. botocore puts an operation's host prefix before a custom endpoint's host, and an IP address gets one too.
#
# `boto3.client("stepfunctions", endpoint_url="http://127.0.0.1:PORT")` answers list_state_machines(), but
# start_sync_execution() of the same client asks the host "sync-127.0.0.1", which does not exist: EndpointConnectionError
# where the server (moto's, LocalStack's, Step Functions Local) is up. The same with AWS_ENDPOINT_URL set. The option
# that turns it off is Config(inject_host_prefix=False), or the variable AWS_DISABLE_HOST_PREFIX_INJECTION=true in newer
# versions; neither is named in the error.
#
# Versions: boto3 1.44.5, botocore 1.44.5, Python 3.11.
# Output seen: Could not connect to the endpoint URL: "http://sync-127.0.0.1:PORT/"
# What to do: set AWS_DISABLE_HOST_PREFIX_INJECTION=true (or inject_host_prefix=False) wherever a local endpoint is set.
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.5 botocore==1.44.5
cat > "$folder/try.py" <<'P'
import http.server, threading
import boto3, botocore
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"stateMachines": [], "executionArn": "arn", "startDate": 0, "stopDate": 0, "status": "SUCCEEDED"}'
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
options = dict(endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
print("botocore", botocore.__version__)
client = boto3.client("stepfunctions", config=Config(retries={"total_max_attempts": 1}), **options)
print("list_state_machines:", client.list_state_machines()["stateMachines"])
try:
    client.start_sync_execution(stateMachineArn=arn)
except EndpointConnectionError as error:
    print("start_sync_execution:", error)
    assert "sync-127.0.0.1" in str(error)
else:
    raise SystemExit("the host has no prefix any more")
plain = boto3.client("stepfunctions", config=Config(inject_host_prefix=False), **options)
print("with inject_host_prefix=False:", plain.start_sync_execution(stateMachineArn=arn)["status"])
P
"$folder/venv/bin/python" "$folder/try.py"
