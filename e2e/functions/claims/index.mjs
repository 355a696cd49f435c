// Adds a claim to each token, takes one out and adds a scope.
export const handler = async (event) => {
  event.response = {
    claimsAndScopeOverrideDetails: {
      idTokenGeneration: { claimsToAddOrOverride: { tier: 'gold' }, claimsToSuppress: ['email'] },
      accessTokenGeneration: {
        claimsToAddOrOverride: { tenant: { id: 7, source: event.triggerSource } },
        scopesToAdd: ['orders/read'],
      },
    },
  };
  return event;
};
