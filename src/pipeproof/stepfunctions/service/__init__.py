"""Step Functions' own API on the stubs: what boto3's stepfunctions client is answered, by way of this engine."""
