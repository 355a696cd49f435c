"""The AWS CLI, unmodified: a user's whole life from a terminal."""

import pytest


def test_a_users_life(server, cli):
    pool = cli("create-user-pool", "--pool-name", "cli", "--auto-verified-attributes", "email")["UserPool"]["Id"]
    client = cli(
        "create-user-pool-client", "--user-pool-id", pool, "--client-name", "web",
        "--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
    )["UserPoolClient"]["ClientId"]
    who = ("--client-id", client, "--username", "ann")

    signed_up = cli("sign-up", *who, "--password", "Passw0rd!", "--user-attributes", "Name=email,Value=cli@example.com")
    assert signed_up["UserConfirmed"] is False
    assert signed_up["CodeDeliveryDetails"] == {"Destination": "c***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    cli("confirm-sign-up", *who, "--confirmation-code", server.code("cli@example.com"))

    def sign_in(password):
        return cli(
            "initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH",
            "--auth-parameters", f"USERNAME=ann,PASSWORD={password}",
        )["AuthenticationResult"]

    tokens = sign_in("Passw0rd!")
    assert tokens["TokenType"] == "Bearer" and tokens["ExpiresIn"] == 3600

    server.forget_messages()
    assert cli("forgot-password", *who)["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    cli("confirm-forgot-password", *who, "--confirmation-code", server.code("cli@example.com"), "--password", "N3w-Passw0rd")
    tokens = sign_in("N3w-Passw0rd")
    cli("change-password", "--access-token", tokens["AccessToken"], "--previous-password", "N3w-Passw0rd", "--proposed-password", "Th1rd-Passw0rd")
    tokens = sign_in("Th1rd-Passw0rd")

    server.forget_messages()
    cli("update-user-attributes", "--access-token", tokens["AccessToken"], "--user-attributes", "Name=email,Value=new@example.com")
    before = {a["Name"]: a["Value"] for a in cli("get-user", "--access-token", tokens["AccessToken"])["UserAttributes"]}
    assert before["email"] == "new@example.com" and before["email_verified"] == "false"
    cli("verify-user-attribute", "--access-token", tokens["AccessToken"], "--attribute-name", "email", "--code", server.code("new@example.com"))
    after = {a["Name"]: a["Value"] for a in cli("get-user", "--access-token", tokens["AccessToken"])["UserAttributes"]}
    assert after["email_verified"] == "true"

    refreshed = cli(
        "initiate-auth", "--client-id", client, "--auth-flow", "REFRESH_TOKEN_AUTH",
        "--auth-parameters", "REFRESH_TOKEN=" + tokens["RefreshToken"],
    )["AuthenticationResult"]
    assert "RefreshToken" not in refreshed
    cli("global-sign-out", "--access-token", refreshed["AccessToken"])
    with pytest.raises(RuntimeError, match="Access Token has been revoked"):
        cli("get-user", "--access-token", refreshed["AccessToken"])

    cli("admin-delete-user", "--user-pool-id", pool, "--username", "ann")
    with pytest.raises(RuntimeError, match=r"UserNotFoundException.*User does not exist\."):
        cli("admin-get-user", "--user-pool-id", pool, "--username", "ann")
    cli("delete-user-pool", "--user-pool-id", pool)
    with pytest.raises(RuntimeError, match=f"User pool {pool} does not exist"):
        cli("describe-user-pool", "--user-pool-id", pool)
