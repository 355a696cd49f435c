"""What administrators do with boto3 and the AWS CLI: groups, second factors, imports, pages."""

import base64
import hashlib
import hmac
import json
import time
import urllib.request

import pytest


def add_user(idp, pool, username, password="Passw0rd!"):
    idp.admin_create_user(
        UserPoolId=pool, Username=username, MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": f"{username}@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )
    idp.admin_set_user_password(UserPoolId=pool, Username=username, Password=password, Permanent=True)


def add_client(idp, pool, **members):
    members.setdefault("ExplicitAuthFlows", ["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    return idp.create_user_pool_client(UserPoolId=pool, ClientName="web", **members)["UserPoolClient"]["ClientId"]


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def pages(idp, operation, key, **arguments):
    """Returns what a paginator yields, two on a page."""
    found = [list(page[key]) for page in idp.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **arguments)]
    assert all(len(page) <= 2 for page in found)
    return [item for page in found for item in page]


def app_code(secret, steps=0):
    """Returns what an authenticator app shows, or will show after so many half minutes."""
    counter = int(time.time()) // 30 + steps
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_groups(idp, pool):
    client = add_client(idp, pool)
    role = "arn:aws:iam::000000000000:role/"
    for name, precedence in (("readers", 30), ("writers", 20), ("owners", 10)):
        made = idp.create_group(UserPoolId=pool, GroupName=name, Description=f"the {name}", Precedence=precedence, RoleArn=role + name)
        assert made["Group"]["Precedence"] == precedence
    with pytest.raises(idp.exceptions.GroupExistsException, match="A group with the name already exists."):
        idp.create_group(UserPoolId=pool, GroupName="owners")
    for username in ("ann", "bob", "cleo"):
        add_user(idp, pool, username)
        idp.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName="readers")
    idp.admin_add_user_to_group(UserPoolId=pool, Username="ann", GroupName="owners")

    assert {g["GroupName"] for g in pages(idp, "list_groups", "Groups", UserPoolId=pool)} == {"readers", "writers", "owners"}
    readers = pages(idp, "list_users_in_group", "Users", UserPoolId=pool, GroupName="readers")
    assert sorted(u["Username"] for u in readers) == ["ann", "bob", "cleo"]
    of_ann = pages(idp, "admin_list_groups_for_user", "Groups", UserPoolId=pool, Username="ann")
    assert sorted(g["GroupName"] for g in of_ann) == ["owners", "readers"]

    def sign_in():
        return idp.admin_initiate_auth(
            UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
        )["AuthenticationResult"]

    tokens = sign_in()
    identity = claims(tokens["IdToken"])
    assert sorted(identity["cognito:groups"]) == ["owners", "readers"] == sorted(claims(tokens["AccessToken"])["cognito:groups"])
    assert identity["cognito:preferred_role"] == role + "owners"

    idp.update_group(UserPoolId=pool, GroupName="owners", Precedence=40)
    assert claims(sign_in()["IdToken"])["cognito:preferred_role"] == role + "readers"
    idp.admin_remove_user_from_group(UserPoolId=pool, Username="ann", GroupName="readers")
    idp.delete_group(UserPoolId=pool, GroupName="owners")
    assert "cognito:groups" not in claims(sign_in()["IdToken"])
    with pytest.raises(idp.exceptions.ResourceNotFoundException, match="Group not found."):
        idp.get_group(UserPoolId=pool, GroupName="owners")


def test_pages_of_everything(idp, pool):
    names = [f"user{i}" for i in range(5)]
    for name in names:
        add_user(idp, pool, name)
    assert sorted(u["Username"] for u in pages(idp, "list_users", "Users", UserPoolId=pool)) == names

    clients = {add_client(idp, pool) for _ in range(3)}
    assert {c["ClientId"] for c in pages(idp, "list_user_pool_clients", "UserPoolClients", UserPoolId=pool)} == clients

    servers = [f"https://api{i}.example.com" for i in range(3)]
    for server in servers:
        idp.create_resource_server(UserPoolId=pool, Identifier=server, Name="API", Scopes=[{"ScopeName": "read", "ScopeDescription": "to read"}])
    listed = pages(idp, "list_resource_servers", "ResourceServers", UserPoolId=pool)
    assert sorted(s["Identifier"] for s in listed) == servers
    assert idp.describe_resource_server(UserPoolId=pool, Identifier=servers[0])["ResourceServer"] in listed

    providers = [f"oidc{i}" for i in range(3)]
    for provider in providers:
        idp.create_identity_provider(
            UserPoolId=pool, ProviderName=provider, ProviderType="OIDC", AttributeMapping={"email": "email"},
            ProviderDetails={
                "client_id": "c", "client_secret": "s", "attributes_request_method": "GET", "oidc_issuer": "https://idp.example.com", "authorize_scopes": "openid",
                **{f"{use}_url": f"https://idp.example.com/{use}" for use in ("authorize", "token", "attributes")}, "jwks_uri": "https://idp.example.com/keys",
            },
        )
    assert sorted(p["ProviderName"] for p in pages(idp, "list_identity_providers", "Providers", UserPoolId=pool)) == providers


def test_second_factor_from_a_terminal(idp, cli, pool):
    client = add_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    add_user(idp, pool, "ann")
    cli("set-user-pool-mfa-config", "--user-pool-id", pool, "--mfa-configuration", "OPTIONAL", "--software-token-mfa-configuration", "Enabled=true")

    def sign_in():
        return cli("initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", "USERNAME=ann,PASSWORD=Passw0rd!")

    token = sign_in()["AuthenticationResult"]["AccessToken"]
    secret = cli("associate-software-token", "--access-token", token)["SecretCode"]
    verify = ("verify-software-token", "--access-token", token, "--friendly-device-name", "phone", "--user-code")
    with pytest.raises(RuntimeError, match="EnableSoftwareTokenMFAException"):
        cli(*verify, app_code(secret, 1000))
    assert cli(*verify, app_code(secret)) == {"Status": "SUCCESS"}
    cli("set-user-mfa-preference", "--access-token", token, "--software-token-mfa-settings", "Enabled=true,PreferredMfa=true")
    user = cli("get-user", "--access-token", token)
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA" and user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]

    challenge = sign_in()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA" and challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"

    def respond(code):
        return cli(
            "respond-to-auth-challenge", "--client-id", client, "--challenge-name", "SOFTWARE_TOKEN_MFA", "--session", challenge["Session"],
            "--challenge-responses", f"USERNAME=ann,SOFTWARE_TOKEN_MFA_CODE={code}",
        )

    with pytest.raises(RuntimeError, match="CodeMismatchException"):
        respond(app_code(secret, 1000))
    assert respond(app_code(secret, 1))["AuthenticationResult"]["ExpiresIn"] == 3600


def test_import(idp, pool):
    client = add_client(idp, pool)
    header = idp.get_csv_header(UserPoolId=pool)["CSVHeader"]
    rows = [{"cognito:username": f"old{i}", "cognito:mfa_enabled": "false", "email": f"old{i}@example.com", "email_verified": "true"} for i in range(3)]
    rows.append({**rows[0], "cognito:username": "broken", "email": "no address"})
    text = "\n".join(",".join(row.get(column, "") for column in header) for row in [dict(zip(header, header)), *rows]) + "\n"

    job = idp.create_user_import_job(UserPoolId=pool, JobName="old", CloudWatchLogsRoleArn="arn:aws:iam::000000000000:role/import")["UserImportJob"]
    assert job["Status"] == "Created"
    upload = urllib.request.Request(job["PreSignedUrl"], data=text.encode(), method="PUT", headers={"x-amz-server-side-encryption": "aws:kms"})
    urllib.request.urlopen(upload, timeout=20).close()
    idp.start_user_import_job(UserPoolId=pool, JobId=job["JobId"])
    deadline = time.monotonic() + 30
    while job["Status"] in ("Created", "Pending", "InProgress"):
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
        job = idp.describe_user_import_job(UserPoolId=pool, JobId=job["JobId"])["UserImportJob"]
    assert (job["Status"], job["ImportedUsers"], job["FailedUsers"]) == ("Succeeded", 3, 1)
    assert [j["JobId"] for j in idp.list_user_import_jobs(UserPoolId=pool, MaxResults=10)["UserImportJobs"]] == [job["JobId"]]

    user = idp.admin_get_user(UserPoolId=pool, Username="old1")
    assert user["UserStatus"] == "RESET_REQUIRED"
    assert {"Name": "email", "Value": "old1@example.com"} in user["UserAttributes"]
    with pytest.raises(idp.exceptions.PasswordResetRequiredException, match="Password reset required for the user"):
        idp.admin_initiate_auth(
            UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "old1", "PASSWORD": "Passw0rd!"},
        )
