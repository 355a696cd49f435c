// What triggers are measured with: a claim for each token.
export const handler = async (event) => {
  event.response = {
    claimsAndScopeOverrideDetails: {
      idTokenGeneration: { claimsToAddOrOverride: { tier: 'gold' } },
      accessTokenGeneration: { claimsToAddOrOverride: { tier: 'gold' } },
    },
  };
  return event;
};
