"""Runs a Lambda handler for Python: loads it, then asks the Runtime API for events one by one."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback

HOST, _, PREFIX = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
BASE = ("/" + PREFIX if PREFIX else "") + "/2018-06-01/runtime/"
connection = http.client.HTTPConnection(HOST)


def call(method, target, body=None, headers=None):
    connection.request(method, BASE + target, body, headers or {})
    response = connection.getresponse()
    return response.headers, response.read()


class Context:
    """What Lambda tells a handler about its invocation."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        print(message, flush=True)


def failure(error):
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_exception(type(error), error, error.__traceback__),
    }


def report(target, told):
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": told["errorType"]}
    call("POST", target, json.dumps(told), headers)


def load():
    root, name = os.environ["LAMBDA_TASK_ROOT"], os.environ["_HANDLER"]
    sys.path.insert(0, root)
    module, dot, member = name.rpartition(".")
    if not dot:
        raise ValueError("Bad handler '%s'" % name)
    return getattr(importlib.import_module(module.replace("/", ".")), member)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    try:
        handler = load()
    except BaseException as error:
        traceback.print_exc()
        told = failure(error)
        if isinstance(error, ImportError):
            told["errorType"] = "Runtime.ImportModuleError"
        elif isinstance(error, AttributeError):
            told["errorType"] = "Runtime.HandlerNotFound"
        report("init/error", told)
        sys.exit(1)
    while True:
        headers, body = call("GET", "invocation/next")
        request = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            result = json.dumps(handler(json.loads(body), Context(headers)), ensure_ascii=False).encode()
        except Exception as error:
            traceback.print_exc()
            report("invocation/%s/error" % request, failure(error))
            continue
        call("POST", "invocation/%s/response" % request, result, {"Content-Type": "application/json"})


main()
