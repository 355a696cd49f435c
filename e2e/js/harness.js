'use strict';
// Starts the built server for a test file and gives it what an app developer has: an
// administrator's client, and the codes that the server sent.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const {
  CognitoIdentityProviderClient,
  CreateUserPoolCommand,
  CreateUserPoolClientCommand,
  SetUserPoolMfaConfigCommand,
} = require('@aws-sdk/client-cognito-identity-provider');

const binary = process.env.CENOTE_BIN || path.join(__dirname, '..', '..', 'bin', 'cenote');

async function freePort() {
  const probe = net.createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The servers of this process, which do not outlive it however it ends. */
const servers = new Set();
process.on('exit', () => { for (const server of servers) server.kill('SIGTERM'); });
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => process.exit(status));

/** Fails when a promise takes longer than so many milliseconds. */
async function within(limit, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function end(server) {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
  server.kill('SIGTERM');
  try {
    await within(15_000, 'ending the server', once(server, 'exit'));
  } catch (err) {
    server.kill('SIGKILL');
    throw err;
  }
}

/** Starts `cenote dev` on an empty store, with more arguments where there are some; stop() ends it. */
async function start(...more) {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const config = more.includes('--config') ? [] : ['--config', path.join(__dirname, 'cenote.yaml')];
  const server = spawn(binary, ['dev', '--ephemeral', '--listen', `127.0.0.1:${port}`, ...config, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.add(server);
  let failure;
  server.once('error', (err) => { failure = err; });
  server.once('exit', () => servers.delete(server));
  let printed = '';
  let log = '';
  server.stdout.on('data', (chunk) => { printed += chunk; });
  server.stderr.on('data', (chunk) => { log += chunk; });
  try {
    for (let tries = 0; ; tries++) {
      if (failure || server.exitCode !== null) throw new Error(`the server ended:\n${log}`, { cause: failure });
      const ready = await fetch(`${endpoint}/readyz`, { signal: AbortSignal.timeout(5_000) }).then((r) => r.ok, () => false);
      if (ready) break;
      if (tries === 200) throw new Error(`the server is not ready:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (err) {
    await end(server);
    throw err;
  }
  const admin = new CognitoIdentityProviderClient({
    endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    endpoint,
    admin,
    /** Waits until a text stands in the terminal. */
    async printed(text) {
      while (!printed.includes(text)) await once(server.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
    },
    async stop() {
      admin.destroy();
      await end(server);
    },
  };
}

/** Makes a pool that verifies e-mail addresses, and a public client of it. */
async function createPool(admin, { pool = {}, client = {} } = {}) {
  const { UserPool } = await admin.send(new CreateUserPoolCommand({
    PoolName: 'e2e', AutoVerifiedAttributes: ['email'], ...pool,
  }));
  const { UserPoolClient } = await admin.send(new CreateUserPoolClientCommand({
    UserPoolId: UserPool.Id,
    ClientName: 'web',
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    ...client,
  }));
  return { UserPoolId: UserPool.Id, ClientId: UserPoolClient.ClientId, ClientSecret: UserPoolClient.ClientSecret };
}

/** The ARN of a function of cenote.yaml. */
const lambda = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** Makes a pool whose users sign in by the challenges of functions. */
function createCustomPool(admin) {
  return createPool(admin, {
    pool: { LambdaConfig: {
      DefineAuthChallenge: lambda('define'), CreateAuthChallenge: lambda('create-python'), VerifyAuthChallengeResponse: lambda('verify'),
    } },
    client: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
  });
}

/**
 * Makes the pools of the use cases. The result has the ids of one without second factors,
 * and under names those of others:
 *   optional    users may have second factors: by SMS, by e-mail and by an app
 *   demanded    users must have one
 *   custom      users sign in by the challenges of functions: the sum of 2 and 3, at most three times
 *   choice      users sign in by a password, a code or a passkey, as they like
 *   devices     like optional, and a device that the user wants remembered spares it
 */
async function createPools(admin) {
  const withFactors = async (MfaConfiguration, pool) => {
    const ids = await createPool(admin, { pool: {
      // What recovers a password is no second factor, and both addresses are to be one.
      AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] },
      EmailConfiguration: { EmailSendingAccount: 'DEVELOPER', SourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/example.com' },
      ...pool,
    } });
    await admin.send(new SetUserPoolMfaConfigCommand({
      UserPoolId: ids.UserPoolId,
      MfaConfiguration,
      SoftwareTokenMfaConfiguration: { Enabled: true },
      EmailMfaConfiguration: {},
      SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sms', ExternalId: 'e2e' } },
    }));
    return ids;
  };
  const choice = async () => {
    const ids = await createPool(admin, {
      pool: {
        Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN'] } },
        SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sms', ExternalId: 'e2e' },
      },
      client: { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
    });
    await admin.send(new SetUserPoolMfaConfigCommand({
      UserPoolId: ids.UserPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { RelyingPartyId: 'localhost', UserVerification: 'preferred' },
    }));
    return ids;
  };
  return {
    ...await createPool(admin),
    custom: await createCustomPool(admin),
    optional: await withFactors('OPTIONAL'),
    demanded: await withFactors('ON'),
    choice: await choice(),
    devices: await withFactors('OPTIONAL', {
      DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true },
    }),
  };
}

/** Empties the inbox, so that the next code read is the next one sent. */
async function forgetMessages(endpoint) {
  await fetch(`${endpoint}/_cenote/messages`, { method: 'DELETE', signal: AbortSignal.timeout(20_000) });
}

/** Returns the newest code sent to an address, waiting for it if need be. */
async function readCode(endpoint, to) {
  const query = new URLSearchParams({ to, limit: '1', wait: '5s' });
  const { messages } = await (await fetch(`${endpoint}/_cenote/messages?${query}`, { signal: AbortSignal.timeout(20_000) })).json();
  if (messages.length === 0) throw new Error(`no message to ${to}`);
  return messages[0].code;
}

module.exports = { start, lambda, createPool, createCustomPool, createPools, readCode, forgetMessages, within };
