"""The fixture `aws` beside bare `mock_aws`, and the reset of `aws_server` beside a restart of moto's server.

Run it as `python benchmarks/bench_aws.py`. Medians of one run, in milliseconds; a ratio over 1 is in our favour.
"""

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import boto3
from moto import mock_aws

from pipeproof.environments.aws import open_aws, serve, start_server

ROUNDS = 15


def measure(*ways: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The median milliseconds of each way; they take turns, so that what disturbs one disturbs the others."""
    times: list[list[float]] = [[] for _ in ways]
    for way in ways:
        way()
    for _ in range(rounds):
        for way, taken in zip(ways, times, strict=True):
            start = time.perf_counter()
            way()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def use_s3(s3: object) -> None:
    s3.create_bucket(Bucket="raw")
    for number in range(5):
        s3.put_object(Bucket="raw", Key=f"in/{number}", Body=b"x")
        s3.get_object(Bucket="raw", Key=f"in/{number}")["Body"].read()


def bare_empty() -> None:
    with mock_aws():
        pass


def ours_empty() -> None:
    with open_aws():
        pass


def bare_test() -> None:
    with mock_aws():
        use_s3(boto3.client("s3", region_name="us-east-1"))


def ours_test() -> None:
    with open_aws() as aws:
        use_s3(aws.client("s3"))


def ours_with_boto3() -> None:
    with open_aws():
        use_s3(boto3.client("s3"))


def ours_enforced() -> None:
    policy = {
        "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::raw", "arn:aws:s3:::raw/*"]}
    }
    with open_aws() as aws, aws.enforce(policy):
        use_s3(aws.client("s3"))


def calls_bare() -> Callable[[], None]:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="raw")
    return lambda: client.put_object(Bucket="raw", Key="a", Body=b"x")


def restart_moto_server() -> None:
    """What a fixture around `moto_server` does for each test."""
    port = "5931"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).read()
                break
            except OSError:
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait()


def restart_moto_thread() -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(f"http://{host}:{port}/moto-api/", timeout=5).read()
    server.stop()


def row(name: str, milliseconds: float, beside: float | None = None) -> None:
    ratio = f"{beside / milliseconds:8.2f} x" if beside else ""
    print(f"  {name:<58} {milliseconds:9.1f} ms {ratio}")


def main() -> None:
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    print("A test without a call, from start to end")
    bare, ours = measure(bare_empty, ours_empty)
    row("mock_aws", bare)
    row("aws", ours, bare)

    print("A test with one client and eleven calls of S3")
    bare, ours, default, enforced = measure(bare_test, ours_test, ours_with_boto3, ours_enforced)
    row("mock_aws, boto3.client()", bare)
    row("aws, aws.client()", ours, bare)
    row("aws, boto3.client()", default, bare)
    row("aws, aws.client(), a policy enforced", enforced, bare)

    print("One call (S3 PutObject) of a client that is there")
    with mock_aws():
        (bare,) = measure(calls_bare(), rounds=200)
    with open_aws():
        (ours,) = measure(calls_bare(), rounds=200)
    row("mock_aws", bare)
    row("aws (seen: actions, resources)", ours, bare)

    print("A server with no state left, for the next test")
    process, thread = (measure(way, rounds=5)[0] for way in (restart_moto_server, restart_moto_thread))
    with start_server() as server:

        def next_test() -> None:
            with open_aws() as aws, serve(aws, server):
                pass

        def after_use() -> None:
            with open_aws() as aws, serve(aws, server):
                aws.client("s3").create_bucket(Bucket="raw")

        reset, used = measure(next_test, after_use)
    row("moto's server, a process started anew", process)
    row("moto's server, a thread started anew (ThreadedMotoServer)", thread)
    row("aws_server, set up and torn down", reset, process)
    row("aws_server, with a bucket made by a new client", used, process)


if __name__ == "__main__":
    main()
