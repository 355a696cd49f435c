"""Brings in the users of an older directory."""

USERS = {
    "legacy": {"password": "Old-passw0rd!", "email": "legacy@example.com"},
}


def handler(event, context):
    user = USERS.get(event["userName"].split("-")[0])
    if user is None:
        return event
    if event["triggerSource"] == "UserMigration_Authentication":
        if event["request"]["password"] != user["password"]:
            raise Exception("Bad password")
        event["response"]["finalUserStatus"] = "CONFIRMED"
    event["response"]["userAttributes"] = {
        "email": event["userName"] + "@example.com",
        "email_verified": "true",
    }
    event["response"]["messageAction"] = "SUPPRESS"
    return event
