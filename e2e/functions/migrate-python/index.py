"""Brings in the users of an older directory."""

USERS = {
    "legacy": {"password": "Old-passw0rd!"},
    # Has to choose another password.
    "stale": {"password": "Old-passw0rd!", "status": "RESET_REQUIRED"},
}


def handler(event, context):
    user = USERS.get(event["userName"].split("-")[0])
    if user is None:
        return event
    if event["triggerSource"] == "UserMigration_Authentication":
        if event["request"]["password"] != user["password"]:
            raise Exception("Bad password")
        event["response"]["finalUserStatus"] = user.get("status", "CONFIRMED")
    event["response"]["userAttributes"] = {
        "email": event["userName"] + "@example.com",
        "email_verified": "true",
        "phone_number": None,
    }
    event["response"]["messageAction"] = "SUPPRESS"
    return event
