"""Starts the built server and gives tests what an app developer has."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CENOTE_BIN", str(ROOT / "bin" / "cenote"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_ready(process, url):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError("the server is not ready")


class Server:
    """A running `cenote dev` and its inbox."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self):
        return boto3.client(
            "cognito-idp",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def code(self, to):
        query = urllib.parse.urlencode({"to": to, "limit": 1, "wait": "5s"})
        with urllib.request.urlopen(f"{self.endpoint}/_cenote/messages?{query}", timeout=20) as answer:
            messages = json.load(answer)["messages"]
        assert messages, f"no message to {to}"
        return messages[0]["code"]

    def forget_messages(self):
        request = urllib.request.Request(f"{self.endpoint}/_cenote/messages", method="DELETE")
        urllib.request.urlopen(request, timeout=20).close()

    def post(self, operation, body):
        """Sends raw bytes as curl would; returns status, headers and the decoded body."""
        request = urllib.request.Request(
            self.endpoint + "/",
            data=body.encode(),
            headers={
                "X-Amz-Target": "AWSCognitoIdentityProviderService." + operation,
                "Content-Type": "application/x-amz-json-1.1",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, json.load(refused)


@pytest.fixture(scope="session")
def server():
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [BINARY, "dev", "--ephemeral", "--listen", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(process, endpoint + "/readyz")
        yield Server(endpoint)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@pytest.fixture
def idp(server):
    return server.client()


@pytest.fixture
def pool(idp):
    return idp.create_user_pool(PoolName="boto3", AutoVerifiedAttributes=["email"])["UserPool"]["Id"]


@pytest.fixture
def cli(server):
    """Runs the AWS CLI and returns its decoded output."""

    def run(*arguments):
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
        }
        aws = pathlib.Path(sys.executable).with_name("aws")
        done = subprocess.run([aws, "cognito-idp", *arguments, "--output", "json"], env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return run
