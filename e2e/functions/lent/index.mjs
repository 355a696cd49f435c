// Shows in the ID token what the function was asked and what it was lent.
export const handler = async (event) => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER } = process.env;
  event.response.claimsAndScopeOverrideDetails = {
    idTokenGeneration: {
      claimsToAddOrOverride: {
        source: event.triggerSource,
        metadata: event.request.clientMetadata ?? null,
        lent: {
          id: AWS_ACCESS_KEY_ID,
          secret: AWS_SECRET_ACCESS_KEY,
          token: AWS_SESSION_TOKEN,
          url: AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,
        },
      },
    },
  };
  return event;
};
