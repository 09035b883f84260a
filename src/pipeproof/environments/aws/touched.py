"""What is touched inside of botocore and moto, why, and what is lost where it has changed.

Classes are touched and not sessions, so that clients that were made before (while the user's modules were imported,
before moto was loaded) are met too; moto's own way, a handler in each new session, misses those. Where that way has to
do, moto's handler answers, and what a test asks for beyond it is refused: a test that passed without it would prove
nothing. The modules that use each are beside this one; what is touched of moto's Step Functions is listed in
`stepfunctions/moto_service`.
"""

from pipeproof.patching import Library

BOTOCORE = Library("botocore", "botocore", "1.35.0")
MOTO = Library("moto", "moto", "5.2.5")
AIOBOTOCORE = Library("aiobotocore", "aiobotocore", "2.13.0")

CALLS = BOTOCORE.hook(
    "calls are answered and not seen, and `aws.calls` and `aws.enforce` refuse to work",
    "botocore.client:BaseClient._make_api_call(self, operation_name, api_params)",
)
"""`botocore_hooks`: a call begins and ends."""

CREATION = BOTOCORE.hook(
    "an async client of AWS itself is refused when it is used, not when it is made",
    "botocore.client:BaseClient.__init__",
)
"""`async_clients`: which clients moto cannot answer in this process."""

ATTEMPTS = BOTOCORE.hook(
    "policies and faults do not hit, and `aws.enforce`, `aws.fail`, `aws.throttle` and `aws.delay` refuse to work",
    "botocore.endpoint:Endpoint._do_get_response(self, request, operation_model, context)",
)
"""`botocore_hooks`: made-up answers, which botocore reads like real ones: retries, exceptions and waiters behave."""

SENDING = BOTOCORE.hook(
    "clients that were made before the fixture `aws` was opened are not stubbed",
    "botocore.endpoint:Endpoint._send(self, request)",
    "botocore.awsrequest:AWSResponse(url, status_code, headers, raw)",
    refuse="a call cannot be answered",
)
"""`botocore_hooks`: what is sent goes to moto, and never out of the process."""

SIGNING = BOTOCORE.hook(
    "clients that were made before the fixture `aws` was opened sign with the keys that they found",
    "botocore.signers:RequestSigner.get_auth_instance(self, signing_name, region_name, signature_version, "
    "request_credentials)",
    fields=("_credentials",),
)
"""`botocore_hooks`: stub keys in place of the machine's."""

WAITS = BOTOCORE.hook(
    "waits between attempts and of waiters take their time",
    "botocore.endpoint:time",
    "botocore.waiter:time",
    "botocore.retries.bucket:TokenBucket._acquire(self, amount, block)",
    "botocore.retries.bucket:TokenBucket._refill(self)",
    "botocore.retries.bucket:TokenBucket._sleep_amount(self, amount)",
    "botocore.retries.standard:RetryHandler.needs_retry(self)",
    fields=("_current_capacity", "_last_timestamp", "_sleep"),
)
"""`waiting`: waits pass at once."""

ANSWERING = MOTO.hook(
    "clients that were made before the fixture `aws` was opened are not stubbed",
    "moto.core.models:botocore_stubber.process_request(request)",
    "moto.core.models:botocore_stubber.enabled",
    "moto.core.botocore_stubber:MockRawResponse(response_input)",
)
"""`sending`: moto's answer to a request; its own handler is off meanwhile, acting before a policy is asked."""

KNOWING = MOTO.hook(
    "an operation that moto lacks is reported as an endpoint that it lacks",
    "moto.backend_index:backend_url_patterns",
)
"""`sending`: which hosts moto has."""

STATE = MOTO.hook(
    "`aws` and `aws_server` of one test share nothing that `aws_server` was opened with first",
    "moto.core.base_backend:BackendDict.reset()",
    "moto.core.model_instances:reset_model_data()",
)
"""`moto_state`: both fixtures use one state, emptied by the first and by the last."""

ACTIVE = MOTO.hook(
    "Tasks without a mock are answered by moto inside of the fixture `aws` alone, and not in `mock_aws()`",
    "moto.core.models:MockAWS._mocks_active",
)
"""`stepfunctions/aws/moto_backend`: whether moto answers boto3 now."""

ATHENA = MOTO.hook(
    "queries to Athena get moto's own empty results, and `aws.query_results` refuses to work",
    "moto.athena.models:AthenaBackend.start_query_execution"
    "(self, query, context, config, workgroup, execution_parameters)",
    "moto.athena.models:AthenaBackend._store_query_result_in_s3(self, exec_id)",
    "moto.athena.models:QueryResults(rows, column_info)",
    "moto.athena.responses:AthenaResponse.get_query_execution(self)",
    "moto.athena.responses:AthenaResponse.get_query_results(self)",
    "moto.athena.responses:AthenaResponse._get_param(self, param_name)",
    refuse="a query to Athena cannot be answered",
)
"""`queries/athena`: queries are answered with what a test has queued, or executed."""

REDSHIFT = MOTO.hook(
    "statements to Redshift's Data API get moto's own made-up results, and `aws.query_results` refuses to work",
    "moto.redshiftdata.models:RedshiftDataAPIServiceBackend.execute_statement"
    "(self, cluster_identifier, database, db_user, parameters, secret_arn, sql)",
    "moto.redshiftdata.responses:RedshiftDataAPIServiceResponse.describe_statement(self)",
    "moto.redshiftdata.responses:RedshiftDataAPIServiceResponse.get_statement_result(self)",
    "moto.redshiftdata.responses:RedshiftDataAPIServiceResponse._get_param(self, param_name)",
    "moto.redshiftdata.responses:RedshiftDataAPIServiceResponse.redshiftdata_backend",
    refuse="a statement to Redshift cannot be answered",
)
"""`queries/redshift_data`: the same for the Data API of Redshift."""

RDS = MOTO.hook(
    "statements to RDS's Data API get moto's own empty results, and `aws.query_results` refuses to work",
    "moto.rdsdata.models:RDSDataServiceBackend.execute_statement(self, resource_arn, sql)",
    "moto.rdsdata.models:QueryResults(records, column_metadata, number_of_records_updated)",
    refuse="a statement to RDS cannot be answered",
)
"""`queries/redshift_data`: and for that of RDS."""

MOTO_ROUTING = Library("moto", "moto", "5.2.5")
"""moto again: its routing came later than the rest."""

WIRE = MOTO_ROUTING.hook(
    "calls over the wire are answered and not seen, and refused while a policy is enforced",
    "moto.core.parse:PROTOCOL_PARSERS",
    "moto.core.request:Request",
    "moto.core.request:determine_request_protocol(service_model, content_type)",
    "moto.core.routing:get_service_router(service_name)",
)
"""`wire`: which operation a request to moto's server calls, with which parameters."""

ASYNC_CALLS = AIOBOTOCORE.hook(
    "async clients that were made before the fixture `aws` was opened are not refused",
    "aiobotocore.client:AioBaseClient._make_api_call(self, operation_name, api_params)",
)
"""`async_clients`: touched where aiobotocore is loaded."""
