'use strict';
// Handler files as AWS's documentation has them, run by the server: custom challenges after
// the password, a custom sender with the AWS Encryption SDK, and what those who write
// handlers see of them. Use case 25 meets custom challenges without the password.

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
const { start, lambda, createPool, createCustomPool, within } = require('./harness');

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
  // The configuration of the other tests, and two functions of this one.
  const handlers = { kind: 'process', runtime: 'nodejs', handler: 'index.handler', timeout: '20s' };
  const more = {
    sender: {
      ...handlers,
      dir: path.join(__dirname, 'functions', 'sender'),
      allow: ['kms:Decrypt'],
      environment: { KEY_ARN, CARRIER_URL: `http://127.0.0.1:${carrier.address().port}/` },
    },
    edited: { ...handlers, dir: 'edited' },
  };
  const shared = await fs.readFile(path.join(__dirname, 'cenote.yaml'), 'utf8');
  const config = path.join(folder, 'cenote.yaml');
  await fs.writeFile(config, shared.replaceAll('"../', `"${path.dirname(__dirname)}/`)
    + Object.entries(more).map(([name, entry]) => `  ${name}: ${JSON.stringify(entry)}\n`).join(''));
  server = await start('--config', config);
});

after(async () => {
  await server?.stop();
  carrier?.close();
  carrier?.closeAllConnections();
  if (folder) await fs.rm(folder, { recursive: true });
});

/** The next message that the carrier gets. */
const nextMessage = () => within(20_000, 'the message', new Promise((resolve) => {
  if (carried.length) resolve(carried.shift()); else waiting.push(resolve);
}));

const signUp = (ClientId, Username) => server.admin.send(new SignUpCommand({
  ClientId, Username, Password: password, UserAttributes: [{ Name: 'email', Value: `${Username}@example.com` }],
}));

test('custom challenges after the password', async () => {
  const { UserPoolId, ClientId } = await createCustomPool(server.admin);
  await server.admin.send(new AdminCreateUserCommand({ UserPoolId, Username: 'bob', MessageAction: 'SUPPRESS' }));
  await server.admin.send(new AdminSetUserPasswordCommand({ UserPoolId, Username: 'bob', Password: password, Permanent: true }));
  const Pool = new lib.CognitoUserPool({ UserPoolId, ClientId, endpoint: server.endpoint });
  const signIn = (given, asked) => new Promise((onSuccess, onFailure) => {
    const user = new lib.CognitoUser({ Username: 'bob', Pool });
    user.setAuthenticationFlowType('CUSTOM_AUTH');
    user.authenticateUser(new lib.AuthenticationDetails({ Username: 'bob', Password: given }), {
      onSuccess, onFailure,
      customChallenge(parameters) {
        asked.push(parameters.question);
        user.sendCustomChallengeAnswer(asked.length === 1 ? '6' : '5', this);
      },
    });
  });
  const asked = [];
  await assert.rejects(signIn('wrong', asked), { code: 'NotAuthorizedException' });
  assert.deepEqual(asked, []);
  assert.ok((await signIn(password, asked)).isValid());
  assert.deepEqual(asked, ['2 + 3', '2 + 3']);
});

test('a custom sender decrypts its code with the AWS Encryption SDK', async () => {
  const { UserPoolId, ClientId } = await createPool(server.admin, {
    pool: { LambdaConfig: { KMSKeyID: KEY_ARN, CustomEmailSender: { LambdaVersion: 'V1_0', LambdaArn: lambda('sender') } } },
  });
  await signUp(ClientId, 'cleo');
  const message = await nextMessage();
  assert.match(message.code, /^\d{6}$/);
  assert.deepEqual(
    { to: message.to, source: message.source, pool: message.pool },
    { to: 'cleo@example.com', source: 'CustomEmailSender_SignUp', pool: UserPoolId },
  );
  await server.admin.send(new ConfirmSignUpCommand({ ClientId, Username: 'cleo', ConfirmationCode: message.code }));
});

test('a handler that is edited is taken up with the next call, and prints in the terminal', async () => {
  const edit = async (version, body) => {
    const file = path.join(folder, 'edited', 'index.js');
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, `exports.handler = async (event) => {
  console.log('${version} sees', event.userName);
  ${body}
  return event;
};
`);
  };
  await edit('first', 'event.response.autoConfirmUser = true;');
  const { ClientId } = await createPool(server.admin, { pool: { LambdaConfig: { PreSignUp: lambda('edited') } } });
  assert.equal((await signUp(ClientId, 'dan')).UserConfirmed, true);
  await server.printed('edited: first sees dan\n');

  await edit('second', "throw new Error('no more members');");
  await assert.rejects(signUp(ClientId, 'eve'), {
    name: 'UserLambdaValidationException', message: 'PreSignUp failed with error no more members.',
  });
  await server.printed('edited: second sees eve\n');
  await edit('third', 'event.response.autoConfirmUser = ;');
  await assert.rejects(signUp(ClientId, 'eve'), { name: 'UserLambdaValidationException' });
  await edit('fourth', '');
  assert.equal((await signUp(ClientId, 'eve')).UserConfirmed, false);
  await server.printed('edited: fourth sees eve\n');
});
