// Confirms whoever signs up from one domain, and refuses another.
export const handler = async (event) => {
  const { email } = event.request.userAttributes;
  if (email.endsWith('@blocked.example')) throw new Error('This domain may not sign up');
  if (email.endsWith('@friends.example')) {
    event.response.autoConfirmUser = true;
    event.response.autoVerifyEmail = true;
  }
  return event;
};
