"""What the optimized integrations need of a role beside the call itself, as AWS's pages on each of them list it.

Source: AWS Step Functions developer guide, the IAM policies on the pages of "Integrating optimized services", and
"Additional permissions for tasks using .sync": a job is watched by polling (Describe, Get) and, where the service sends
them, by events that a managed rule of EventBridge brings; it is stopped with Stop, Cancel, Terminate or Delete.
"""

from collections.abc import Mapping
from dataclasses import dataclass

RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@dataclass(frozen=True, slots=True)
class Job:
    """What a `.sync` task needs beside the call that starts its job.

    Attributes:
        poll: The actions that tell how it stands.
        stop: The actions that stop it.
        rule: The managed rule by which the service learns that it has ended, where the service sends events.
    """

    poll: tuple[str, ...]
    stop: tuple[str, ...] = ()
    rule: str | None = None


def _sagemaker(kind: str, rule: str) -> Job:
    return Job(
        (f"sagemaker:Describe{kind}",), (f"sagemaker:Stop{kind}",), f"StepFunctionsGetEventsForSageMaker{rule}Rule"
    )


JOBS: Mapping[tuple[str, str], Job] = {
    ("athena", "startQueryExecution"): Job(("athena:GetQueryExecution",), ("athena:StopQueryExecution",)),
    ("batch", "submitJob"): Job(
        ("batch:DescribeJobs",), ("batch:TerminateJob",), "StepFunctionsGetEventsForBatchJobsRule"
    ),
    ("bedrock", "createModelCustomizationJob"): Job(
        ("bedrock:GetModelCustomizationJob",), ("bedrock:StopModelCustomizationJob",)
    ),
    ("codebuild", "startBuild"): Job(
        ("codebuild:BatchGetBuilds",), ("codebuild:StopBuild",), "StepFunctionsGetEventForCodeBuildStartBuildRule"
    ),
    ("codebuild", "startBuildBatch"): Job(
        ("codebuild:BatchGetBuildBatches",),
        ("codebuild:StopBuildBatch",),
        "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    ),
    ("databrew", "startJobRun"): Job(("databrew:ListJobRuns",), ("databrew:StopJobRun",)),
    ("ecs", "runTask"): Job(("ecs:DescribeTasks",), ("ecs:StopTask",), "StepFunctionsGetEventsForECSTaskRule"),
    ("eks", "createCluster"): Job(("eks:DescribeCluster",), ("eks:DeleteCluster",)),
    ("eks", "createFargateProfile"): Job(("eks:DescribeFargateProfile",), ("eks:DeleteFargateProfile",)),
    ("eks", "createNodegroup"): Job(("eks:DescribeNodegroup",), ("eks:DeleteNodegroup",)),
    ("eks", "deleteCluster"): Job(("eks:DescribeCluster",)),
    ("eks", "deleteFargateProfile"): Job(("eks:DescribeFargateProfile",)),
    ("eks", "deleteNodegroup"): Job(("eks:DescribeNodegroup",)),
    ("elasticmapreduce", "addStep"): Job(
        ("elasticmapreduce:DescribeStep",),
        ("elasticmapreduce:CancelSteps",),
        "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    ),
    ("elasticmapreduce", "createCluster"): Job(
        ("elasticmapreduce:DescribeCluster",),
        ("elasticmapreduce:TerminateJobFlows",),
        "StepFunctionsGetEventForEMRRunJobFlowRule",
    ),
    ("elasticmapreduce", "terminateCluster"): Job(
        ("elasticmapreduce:DescribeCluster",), (), "StepFunctionsGetEventForEMRTerminateJobFlowsRule"
    ),
    ("emr-containers", "deleteVirtualCluster"): Job(("emr-containers:DescribeVirtualCluster",)),
    ("emr-containers", "startJobRun"): Job(("emr-containers:DescribeJobRun",), ("emr-containers:CancelJobRun",)),
    ("emr-serverless", "cancelJobRun"): Job(
        ("emr-serverless:GetJobRun",), (), "StepFunctionsGetEventsForEMRServerlessJobRule"
    ),
    ("emr-serverless", "createApplication"): Job(
        ("emr-serverless:GetApplication",),
        ("emr-serverless:DeleteApplication",),
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    ("emr-serverless", "deleteApplication"): Job(
        ("emr-serverless:GetApplication",), (), "StepFunctionsGetEventsForEMRServerlessApplicationRule"
    ),
    ("emr-serverless", "startApplication"): Job(
        ("emr-serverless:GetApplication",),
        ("emr-serverless:StopApplication",),
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    ("emr-serverless", "startJobRun"): Job(
        ("emr-serverless:GetJobRun",),
        ("emr-serverless:CancelJobRun",),
        "StepFunctionsGetEventsForEMRServerlessJobRule",
    ),
    ("emr-serverless", "stopApplication"): Job(
        ("emr-serverless:GetApplication",), (), "StepFunctionsGetEventsForEMRServerlessApplicationRule"
    ),
    ("glue", "startJobRun"): Job(("glue:GetJobRun", "glue:GetJobRuns"), ("glue:BatchStopJobRun",)),
    ("mediaconvert", "createJob"): Job(
        ("mediaconvert:GetJob",), ("mediaconvert:CancelJob",), "StepFunctionsGetEventsForMediaConvertJobRule"
    ),
    ("sagemaker", "createHyperParameterTuningJob"): _sagemaker("HyperParameterTuningJob", "TuningJobs"),
    ("sagemaker", "createLabelingJob"): _sagemaker("LabelingJob", "LabelingJobs"),
    ("sagemaker", "createProcessingJob"): _sagemaker("ProcessingJob", "ProcessingJobs"),
    ("sagemaker", "createTrainingJob"): _sagemaker("TrainingJob", "TrainingJobs"),
    ("sagemaker", "createTransformJob"): _sagemaker("TransformJob", "TransformJobs"),
    ("states", "startExecution"): Job(
        ("states:DescribeExecution",), ("states:StopExecution",), "StepFunctionsGetEventsForStepFunctionsExecutionRule"
    ),
}
"""By Step Functions' name of the service and the action."""

OPERATIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("eks", "call"): (),
    ("eks", "runJob"): (),
    ("elasticmapreduce", "addStep"): ("AddJobFlowSteps",),
    ("elasticmapreduce", "cancelStep"): ("CancelSteps",),
    ("elasticmapreduce", "createCluster"): ("RunJobFlow",),
    ("elasticmapreduce", "modifyInstanceFleetByName"): ("ListInstanceFleets", "ModifyInstanceFleet"),
    ("elasticmapreduce", "modifyInstanceGroupByName"): ("ListInstanceGroups", "ModifyInstanceGroups"),
    ("elasticmapreduce", "setClusterTerminationProtection"): ("SetTerminationProtection",),
    ("elasticmapreduce", "terminateCluster"): ("TerminateJobFlows",),
}
"""The operations behind actions that are none of the service's API. Kubernetes' API asks for no IAM action."""

PASSED_TO: Mapping[str, str] = {
    "bedrock": "bedrock.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "eks": "eks.amazonaws.com",
    "emr-serverless": "emr-serverless.amazonaws.com",
    "glue": "glue.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "mediaconvert": "mediaconvert.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "sfn": "states.amazonaws.com",
    "transcribe": "transcribe.amazonaws.com",
}
"""The principal that a role is passed to (`iam:PassedToService`), for the services that hand it to one alone."""
