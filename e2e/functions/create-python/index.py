"""Makes a sum for the user to solve."""


def handler(event, context):
    if event["request"]["challengeName"] == "CUSTOM_CHALLENGE":
        event["response"]["publicChallengeParameters"] = {"question": "2 + 3"}
        event["response"]["privateChallengeParameters"] = {"answer": "5"}
        event["response"]["challengeMetadata"] = "SUM"
    return event
