"""boto3, unmodified, and the raw requests that people write by hand with curl."""

import base64
import hashlib
import hmac
import json

import pytest


def make_client(idp, pool, **members):
    members.setdefault("ExplicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    return idp.create_user_pool_client(UserPoolId=pool, ClientName="web", **members)["UserPoolClient"]


def secret_hash(client, username):
    message = bytes(username + client["ClientId"], "utf-8")
    key = bytes(client["ClientSecret"], "utf-8")
    return base64.b64encode(hmac.new(key, message, digestmod=hashlib.sha256).digest()).decode()


def test_sign_up_and_errors(server, idp, pool):
    client = make_client(idp, pool)["ClientId"]
    idp.sign_up(ClientId=client, Username="ann", Password="Passw0rd!", UserAttributes=[{"Name": "email", "Value": "boto@example.com"}])
    with pytest.raises(idp.exceptions.UsernameExistsException, match="User already exists"):
        idp.sign_up(ClientId=client, Username="ann", Password="Passw0rd!")
    with pytest.raises(idp.exceptions.CodeMismatchException, match="Invalid verification code provided, please try again."):
        idp.confirm_sign_up(ClientId=client, Username="ann", ConfirmationCode="000000x")
    idp.confirm_sign_up(ClientId=client, Username="ann", ConfirmationCode=server.code("boto@example.com"))
    user = idp.admin_get_user(UserPoolId=pool, Username="ann")
    assert user["UserStatus"] == "CONFIRMED" and user["Enabled"] is True
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]


def test_pool_pages(idp):
    made = {idp.create_user_pool(PoolName=f"page{i}")["UserPool"]["Id"] for i in range(5)}
    seen = [p["Id"] for page in idp.get_paginator("list_user_pools").paginate(MaxResults=2, PaginationConfig={"PageSize": 2}) for p in page["UserPools"]]
    assert made <= set(seen) and len(seen) == len(set(seen))


def test_curl_as_the_document_says(server, idp, pool):
    client = make_client(idp, pool)["ClientId"]
    idp.admin_create_user(
        UserPoolId=pool, Username="youremail@example.com", TemporaryPassword="Temp0rary!", MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "youremail@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )
    stray_comma = """{
    "AuthParameters": {
        "USERNAME": "youremail@example.com",
        "PASSWORD": "Temp0rary!",
    },
    "AuthFlow": "USER_PASSWORD_AUTH",
    "ClientId": "%s"
}""" % client
    status, headers, body = server.post("InitiateAuth", stray_comma)
    assert status == 400 and body["__type"] == "SerializationException"
    assert headers["x-amzn-ErrorType"].rstrip(":") == "SerializationException"

    status, _, challenge = server.post("InitiateAuth", stray_comma.replace('!",\n    }', '!"\n    }'))
    assert status == 200 and challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"] == "youremail@example.com"
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == []
    assert json.loads(challenge["ChallengeParameters"]["userAttributes"]) == {"email": "youremail@example.com", "email_verified": "true"}

    answer = {
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "ChallengeResponses": {"USERNAME": "youremail@example.com", "NEW_PASSWORD": "N3w-Passw0rd"},
        "ClientId": client,
        "Session": challenge["Session"],
    }
    status, _, tokens = server.post("RespondToAuthChallenge", json.dumps(answer))
    assert status == 200 and tokens["ChallengeParameters"] == {} and tokens["AuthenticationResult"]["TokenType"] == "Bearer"
    status, _, body = server.post("RespondToAuthChallenge", json.dumps(answer))
    assert (status, body["__type"]) == (400, "NotAuthorizedException")
    assert body["message"] == "Invalid session for the user, session can only be used once."


def test_secret_hash(server, idp, pool):
    client = make_client(idp, pool, GenerateSecret=True)
    idp.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username="ann", Password="Passw0rd!", Permanent=True)

    def initiate(**more):
        return idp.initiate_auth(ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!", **more})

    assert "AccessToken" in initiate(SECRET_HASH=secret_hash(client, "ann"))["AuthenticationResult"]
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="is configured with secret but SECRET_HASH was not received"):
        initiate()
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="Unable to verify secret hash for client"):
        initiate(SECRET_HASH=secret_hash(client, "bob"))


@pytest.mark.parametrize(
    ("operation", "body", "error", "message"),
    [
        ("InitiateAuth", "not json", "SerializationException", None),
        ("InitiateAuth", '{"AuthFlow": true, "ClientId": "x"}', "SerializationException", None),
        ("InitiateAuth", '{"AuthFlow": "USER_SRP_AUTH", "ClientId": "missing"}', "ResourceNotFoundException", "User pool client missing does not exist."),
        ("SignUp", '{"ClientId": "x", "Username": "ann"}', None, None),
        ("NoSuchOperation", "{}", "UnknownOperationException", None),
        ("CreateUserPool", '{"PoolName": "x", "KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}}', "NotImplemented", None),
    ],
)
def test_bad_requests(server, operation, body, error, message):
    status, headers, answer = server.post(operation, body)
    assert status == (501 if error == "NotImplemented" else 400)
    if error:
        assert answer["__type"] == error
        assert headers["x-amzn-ErrorType"].rstrip(":") == error
    if message:
        assert answer["message"] == message
