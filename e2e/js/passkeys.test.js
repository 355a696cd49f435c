'use strict';
// Choice-based sign-in with aws-amplify in headless Chromium: passkeys on its virtual
// authenticator, codes, passwords, and signing in right after signing up.

const assert = require('node:assert/strict');
const { test, before, beforeEach, after, afterEach } = require('node:test');
const { SetUserPoolMfaConfigCommand } = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPool, readCode, forgetMessages } = require('./harness');
const { addAuthenticator, bundle, evaluate, serve, launch } = require('./page');

const entry = `
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
// The library exchanges its autoSignIn while it works.
Object.assign(window, { Amplify, amplify: auth });
`;
const password = 'Passw0rd!';

let server;
let ids;
let built;
let site;
let browser;
let tab;

before(async () => {
  server = await start();
  ids = await createPool(server.admin, {
    pool: { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN'] } } },
    client: { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
  });
  await configure('preferred');
  built = await bundle(entry, 'development');
  site = await serve({ '/bundle.js': built.file }, () => '<!doctype html><meta charset="utf-8"><title>app</title><script src="/bundle.js"></script>');
});

after(async () => {
  site?.close();
  built?.remove();
  await server?.stop();
});

// Every test has a browser that has not seen an authenticator.
beforeEach(async () => {
  browser = await launch();
  tab = await browser.newPage();
  await tab.goto(site.origin);
  await evaluate(tab, ({ UserPoolId, ClientId, endpoint }) => window.Amplify.configure({
    Auth: { Cognito: { userPoolId: UserPoolId, userPoolClientId: ClientId, userPoolEndpoint: endpoint } },
  }), { ...ids, endpoint: server.endpoint });
});

afterEach(() => browser?.close());

const configure = (UserVerification) => server.admin.send(new SetUserPoolMfaConfigCommand({
  UserPoolId: ids.UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { RelyingPartyId: 'localhost', UserVerification },
}));

/** Calls a function of the library in the page. */
async function call(name, input) {
  const answer = await evaluate(tab, async ([f, argument]) => {
    try {
      return { result: JSON.parse(JSON.stringify((await window.amplify[f](argument)) ?? null)) };
    } catch (err) {
      return { name: err.name, message: err.message };
    }
  }, [name, input]);
  if (!('result' in answer)) throw Object.assign(new Error(answer.message), { name: answer.name });
  return answer.result;
}

const step = async (name, input) => (await call(name, input)).nextStep.signInStep;
const signIn = (username, options, more) => step('signIn', { username, options: { authFlowType: 'USER_AUTH', ...options }, ...more });
const confirm = (challengeResponse) => step('confirmSignIn', { challengeResponse });

/** Signs a user up without a password and lets the library sign in with the Session. */
async function signUp(username) {
  const email = `${username}@example.com`;
  const up = await call('signUp', {
    username, options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } },
  });
  assert.equal(up.nextStep.signUpStep, 'CONFIRM_SIGN_UP');
  const confirmed = await call('confirmSignUp', { username, confirmationCode: await readCode(server.endpoint, email) });
  assert.equal(confirmed.nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
  assert.equal(await step('autoSignIn'), 'DONE');
  assert.equal((await call('getCurrentUser')).username, username);
  await forgetMessages(server.endpoint);
  return email;
}

test('a user without a password, and passkeys', async () => {
  const { session: devtools, authenticatorId } = await addAuthenticator(tab);
  const email = await signUp('ann');
  assert.deepEqual((await call('listWebAuthnCredentials')).credentials, []);
  await call('associateWebAuthnCredential');
  const { credentials } = await call('listWebAuthnCredentials');
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].relyingPartyId, 'localhost');
  assert.equal(credentials[0].authenticatorAttachment, 'platform');
  assert.deepEqual(credentials[0].authenticatorTransports, ['internal']);
  assert.ok(credentials[0].friendlyCredentialName && credentials[0].createdAt);
  await assert.rejects(call('associateWebAuthnCredential'), { name: 'PasskeyAlreadyExists' });
  await call('signOut');

  assert.equal(await signIn('ann', { preferredChallenge: 'WEB_AUTHN' }), 'DONE');
  assert.equal((await call('fetchUserAttributes')).email, email);
  await call('signOut');
  const first = await call('signIn', { username: 'ann', options: { authFlowType: 'USER_AUTH' } });
  assert.equal(first.nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION');
  assert.deepEqual(first.nextStep.availableChallenges, ['EMAIL_OTP', 'WEB_AUTHN']);
  assert.equal(await confirm('WEB_AUTHN'), 'DONE');
  await call('signOut');

  // The authenticator counts, and so does the server.
  const kept = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
  assert.equal(kept.credentials.length, 1);
  assert.equal(kept.credentials[0].userHandle.length > 0, true);
  const stale = { ...kept.credentials[0], signCount: 1 };
  await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId: stale.credentialId });
  await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: { ...stale, signCount: 0 } });
  await assert.rejects(signIn('ann', { preferredChallenge: 'WEB_AUTHN' }), { name: 'NotAuthorizedException' });

  assert.equal(await signIn('ann', { preferredChallenge: 'EMAIL_OTP' }), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
  await assert.rejects(confirm('00000000x'), { name: 'CodeMismatchException' });
  assert.equal(await confirm(await readCode(server.endpoint, email)), 'DONE');
  await call('deleteWebAuthnCredential', { credentialId: credentials[0].credentialId });
  assert.deepEqual((await call('listWebAuthnCredentials')).credentials, []);
  await assert.rejects(call('deleteWebAuthnCredential', { credentialId: credentials[0].credentialId }), { name: 'ResourceNotFoundException' });
});

test('a passkey whose authenticator must verify its user', async () => {
  await addAuthenticator(tab);
  await signUp('bob');
  await configure('required');
  await call('associateWebAuthnCredential');
  await call('signOut');
  assert.equal(await signIn('bob', { preferredChallenge: 'WEB_AUTHN' }), 'DONE');
  await configure('preferred');
});

test('a security key', async () => {
  await addAuthenticator(tab, { transport: 'usb' });
  await signUp('carl');
  await call('associateWebAuthnCredential');
  const [credential] = (await call('listWebAuthnCredentials')).credentials;
  assert.deepEqual([credential.authenticatorAttachment, credential.authenticatorTransports], ['cross-platform', ['usb']]);
  await call('signOut');
  assert.equal(await signIn('carl', { preferredChallenge: 'WEB_AUTHN' }), 'DONE');
});

test('a user with a password', async () => {
  const username = 'dora';
  const email = 'dora@example.com';
  await call('signUp', { username, password, options: { userAttributes: { email } } });
  await call('confirmSignUp', { username, confirmationCode: await readCode(server.endpoint, email) });
  for (const preferredChallenge of ['PASSWORD_SRP', 'PASSWORD']) {
    assert.equal(await signIn(username, { preferredChallenge }, { password }), 'DONE');
    await call('signOut');
    await assert.rejects(signIn(username, { preferredChallenge }, { password: 'Wr0ng-Passw0rd' }), { name: 'NotAuthorizedException' });
  }
  for (const factor of ['PASSWORD_SRP', 'PASSWORD']) {
    const first = await call('signIn', { username, options: { authFlowType: 'USER_AUTH' } });
    assert.deepEqual(first.nextStep.availableChallenges, ['PASSWORD_SRP', 'PASSWORD', 'EMAIL_OTP']);
    assert.equal(await confirm(factor), 'CONFIRM_SIGN_IN_WITH_PASSWORD');
    assert.equal(await confirm(password), 'DONE');
    await call('signOut');
  }
});
