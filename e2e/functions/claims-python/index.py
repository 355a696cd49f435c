"""Adds a claim to the ID token with the first version of the event."""


def handler(event, context):
    event["response"]["claimsOverrideDetails"] = {
        "claimsToAddOrOverride": {"function": context.function_name},
        "claimsToSuppress": ["email"],
    }
    return event
