'use strict';
// AWS SDK for JavaScript v3: administration, sign-in with a client secret, errors.

const assert = require('node:assert');
const crypto = require('node:crypto');
const { test, before, after } = require('node:test');
const idp = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPool, readCode } = require('./harness');

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const secretHash = ({ ClientId, ClientSecret }, username) =>
  crypto.createHmac('sha256', ClientSecret).update(username + ClientId).digest('base64');

test('a pool is described as it was created', async () => {
  const { UserPoolId } = await createPool(server.admin);
  const { UserPool } = await server.admin.send(new idp.DescribeUserPoolCommand({ UserPoolId }));
  assert.strictEqual(UserPool.Name, 'e2e');
  assert.ok(UserPool.CreationDate instanceof Date && Math.abs(Date.now() - UserPool.CreationDate) < 60_000);
  assert.deepStrictEqual(UserPool.Policies.PasswordPolicy, {
    MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true,
    TemporaryPasswordValidityDays: 7,
  });
  assert.strictEqual(UserPool.SchemaAttributes.length, 20);
});

test('a client with a secret signs up and in', async () => {
  const ids = await createPool(server.admin, { client: { GenerateSecret: true } });
  const { ClientId } = ids;
  const proof = { SecretHash: secretHash(ids, 'ann') };
  await server.admin.send(new idp.SignUpCommand({
    ClientId, Username: 'ann', Password: 'Passw0rd!', ...proof, UserAttributes: [{ Name: 'email', Value: 'ann@example.com' }],
  }));
  await server.admin.send(new idp.ConfirmSignUpCommand({
    ClientId, Username: 'ann', ConfirmationCode: await readCode(server.endpoint, 'ann@example.com'), ...proof,
  }));
  const initiate = (parameters) => server.admin.send(new idp.InitiateAuthCommand({
    ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'ann', PASSWORD: 'Passw0rd!', ...parameters },
  }));
  const { AuthenticationResult } = await initiate({ SECRET_HASH: proof.SecretHash });
  const user = await server.admin.send(new idp.GetUserCommand({ AccessToken: AuthenticationResult.AccessToken }));
  assert.strictEqual(user.Username, 'ann');
  const refreshed = await server.admin.send(new idp.InitiateAuthCommand({
    ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH',
    AuthParameters: { REFRESH_TOKEN: AuthenticationResult.RefreshToken, SECRET_HASH: proof.SecretHash },
  }));
  assert.ok(refreshed.AuthenticationResult.IdToken && !refreshed.AuthenticationResult.RefreshToken);
  await assert.rejects(initiate({}), {
    name: 'NotAuthorizedException', message: `Client ${ClientId} is configured with secret but SECRET_HASH was not received`,
  });
  await assert.rejects(initiate({ SECRET_HASH: secretHash(ids, 'bob') }), {
    name: 'NotAuthorizedException', message: `Unable to verify secret hash for client ${ClientId}`,
  });
});

test('users are listed in pages and by filter', async () => {
  const { UserPoolId } = await createPool(server.admin);
  for (let i = 0; i < 7; i++) {
    await server.admin.send(new idp.AdminCreateUserCommand({
      UserPoolId, Username: `user${i}`, MessageAction: 'SUPPRESS', UserAttributes: [{ Name: 'email', Value: `user${i}@example.com` }],
    }));
  }
  const seen = [];
  let PaginationToken;
  do {
    const page = await server.admin.send(new idp.ListUsersCommand({ UserPoolId, Limit: 3, PaginationToken }));
    seen.push(...page.Users.map((u) => u.Username));
    PaginationToken = page.PaginationToken;
  } while (PaginationToken);
  assert.deepStrictEqual(seen.sort(), ['user0', 'user1', 'user2', 'user3', 'user4', 'user5', 'user6']);
  const { Users } = await server.admin.send(new idp.ListUsersCommand({ UserPoolId, Filter: 'email = "USER3@example.com"' }));
  assert.deepStrictEqual(Users.map((u) => u.Username), ['user3']);
});

test('refresh tokens rotate', async () => {
  const { UserPoolId, ClientId } = await createPool(server.admin, {
    client: {
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
      RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 0 },
    },
  });
  await server.admin.send(new idp.AdminCreateUserCommand({ UserPoolId, Username: 'ann', MessageAction: 'SUPPRESS' }));
  await server.admin.send(new idp.AdminSetUserPasswordCommand({ UserPoolId, Username: 'ann', Password: 'Passw0rd!', Permanent: true }));
  const { AuthenticationResult: first } = await server.admin.send(new idp.InitiateAuthCommand({
    ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'ann', PASSWORD: 'Passw0rd!' },
  }));
  const get = (RefreshToken) => server.admin.send(new idp.GetTokensFromRefreshTokenCommand({ ClientId, RefreshToken }));
  const { AuthenticationResult: second } = await get(first.RefreshToken);
  assert.ok(second.RefreshToken && second.RefreshToken !== first.RefreshToken);
  await assert.rejects(get(first.RefreshToken), { name: 'RefreshTokenReuseException' });
});

test('what is not built is refused', async () => {
  const pool = { KeyConfiguration: { KeyType: 'CUSTOMER_MANAGED_KEY', KmsKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/11112222-3333-4444-5555-666677778888' } };
  await assert.rejects(createPool(server.admin, { pool }), (err) => {
    assert.strictEqual(err.$metadata.httpStatusCode, 501);
    assert.match(err.message, /KeyConfiguration/);
    return true;
  });
  await assert.rejects(server.admin.send(new idp.DescribeUserPoolCommand({ UserPoolId: 'us-east-1_missing00' })), {
    name: 'ResourceNotFoundException', message: 'User pool us-east-1_missing00 does not exist.',
  });
});
