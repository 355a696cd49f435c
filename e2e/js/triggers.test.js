'use strict';
// Handler files as AWS's documentation has them, run by the server, and clients that meet
// them: use case 25, and a custom sender with the AWS Encryption SDK.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs/promises');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { test, before, after } = require('node:test');
const {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, SignUpCommand, ConfirmSignUpCommand,
} = require('@aws-sdk/client-cognito-identity-provider');
const lib = require('amazon-cognito-identity-js');
const { start, createPool } = require('./harness');

const arn = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const KEY_ARN = 'arn:aws:kms:us-east-1:000000000000:key/11112222-3333-4444-5555-666677778888';
const password = 'Passw0rd!';

let server;
let folder;
let carrier;
const carried = [];
const waiting = [];

before(async () => {
  carrier = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      response.end();
      const message = JSON.parse(body);
      const next = waiting.shift();
      if (next) next(message); else carried.push(message);
    });
  });
  carrier.listen(0, '127.0.0.1');
  await once(carrier, 'listening');
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cenote-e2e-'));
  const config = path.join(folder, 'cenote.yaml');
  const shared = path.join(__dirname, '..', 'functions');
  const handlers = { kind: 'process', runtime: 'nodejs', handler: 'index.handler', timeout: '20s' };
  await fs.writeFile(config, JSON.stringify({ // which is YAML, too
    functions: {
      '*': { ...handlers, dir: `${shared}/{name}` },
      '*python': { ...handlers, runtime: 'python', dir: `${shared}/{name}` },
      sender: {
        ...handlers,
        dir: path.join(__dirname, 'functions', 'sender'),
        allow: ['kms:Decrypt'],
        environment: { KEY_ARN, CARRIER_URL: `http://127.0.0.1:${carrier.address().port}/` },
      },
    },
  }));
  server = await start('--config', config);
});

after(async () => {
  await server?.stop();
  carrier.close();
  carrier.closeAllConnections();
  await fs.rm(folder, { recursive: true });
});

/** The next message that the carrier gets. */
const nextMessage = () => new Promise((resolve) => {
  if (carried.length) resolve(carried.shift()); else waiting.push(resolve);
});

async function member(UserPoolId, Username) {
  await server.admin.send(new AdminCreateUserCommand({ UserPoolId, Username, MessageAction: 'SUPPRESS' }));
  await server.admin.send(new AdminSetUserPasswordCommand({ UserPoolId, Username, Password: password, Permanent: true }));
}

const customPool = () => createPool(server.admin, {
  pool: {
    LambdaConfig: {
      DefineAuthChallenge: arn('define'), CreateAuthChallenge: arn('create-python'), VerifyAuthChallengeResponse: arn('verify'),
    },
  },
  client: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
});

/** Answers the sums that the functions ask, one wrong before the right one. */
function answerer(user, resolve, reject, asked) {
  const callbacks = {
    onSuccess: resolve,
    onFailure: reject,
    customChallenge(parameters) {
      asked.push(parameters.question);
      user.sendCustomChallengeAnswer(asked.length === 1 ? '6' : '5', callbacks);
    },
  };
  return callbacks;
}

test('use case 25: a passwordless custom flow', async () => {
  const { UserPoolId, ClientId } = await customPool();
  await member(UserPoolId, 'ann');
  const Pool = new lib.CognitoUserPool({ UserPoolId, ClientId, endpoint: server.endpoint });
  const user = new lib.CognitoUser({ Username: 'ann', Pool });
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  const asked = [];
  const session = await new Promise((resolve, reject) => {
    user.initiateAuth(new lib.AuthenticationDetails({ Username: 'ann' }), answerer(user, resolve, reject, asked));
  });
  assert.deepEqual(asked, ['2 + 3', '2 + 3']);
  assert.equal(session.getAccessToken().payload.username, 'ann');
});

test('use case 25 with SRP first', async () => {
  const { UserPoolId, ClientId } = await customPool();
  await member(UserPoolId, 'bob');
  const Pool = new lib.CognitoUserPool({ UserPoolId, ClientId, endpoint: server.endpoint });
  for (const [given, right] of [['wrong', false], [password, true]]) {
    const user = new lib.CognitoUser({ Username: 'bob', Pool });
    user.setAuthenticationFlowType('CUSTOM_AUTH');
    const asked = [];
    const signIn = new Promise((resolve, reject) => {
      user.authenticateUser(new lib.AuthenticationDetails({ Username: 'bob', Password: given }), answerer(user, resolve, reject, asked));
    });
    if (right) {
      assert.ok((await signIn).isValid());
      assert.deepEqual(asked, ['2 + 3', '2 + 3']);
    } else {
      await assert.rejects(signIn, { code: 'NotAuthorizedException' });
      assert.deepEqual(asked, []);
    }
  }
});

test('a custom sender decrypts its code with the AWS Encryption SDK', async () => {
  const { UserPoolId, ClientId } = await createPool(server.admin, {
    pool: { LambdaConfig: { KMSKeyID: KEY_ARN, CustomEmailSender: { LambdaVersion: 'V1_0', LambdaArn: arn('sender') } } },
  });
  await server.admin.send(new SignUpCommand({
    ClientId, Username: 'cleo', Password: password, UserAttributes: [{ Name: 'email', Value: 'cleo@example.com' }],
  }));
  const message = await nextMessage();
  assert.match(message.code, /^\d{6}$/);
  assert.deepEqual(
    { to: message.to, source: message.source, pool: message.pool },
    { to: 'cleo@example.com', source: 'CustomEmailSender_SignUp', pool: UserPoolId },
  );
  await server.admin.send(new ConfirmSignUpCommand({ ClientId, Username: 'cleo', ConfirmationCode: message.code }));
});
