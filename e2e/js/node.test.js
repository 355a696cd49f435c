'use strict';
// amazon-cognito-identity-js in Node, and with React Native's storage helper.

const assert = require('node:assert');
const Module = require('node:module');
const path = require('node:path');
const { test, before, after } = require('node:test');
const { AdminCreateUserCommand } = require('@aws-sdk/client-cognito-identity-provider');
const lib = require('amazon-cognito-identity-js');
const { start, createPools, readCode, forgetMessages } = require('./harness');
const { make } = require('./usecases');

let server;
let ids;
const tools = {
  lib,
  readCode: (to) => readCode(server.endpoint, to),
  forgetMessages: () => forgetMessages(server.endpoint),
  createUser: (Username, TemporaryPassword, UserAttributes, UserPoolId = ids.UserPoolId) => server.admin.send(new AdminCreateUserCommand({
    UserPoolId, Username, TemporaryPassword, UserAttributes, MessageAction: 'SUPPRESS',
  })),
};

before(async () => {
  server = await start();
  ids = await createPools(server.admin);
  Object.assign(tools, ids, { endpoint: server.endpoint });
});
after(() => server?.stop());

const names = Object.keys(make({ ...tools, UserPoolId: 'us-east-1_x', ClientId: 'x' }));
for (const name of names) {
  test(`use case ${name}`, async (t) => {
    const cases = make({ ...tools, tag: name.replace(/\W/g, '').slice(0, 12) });
    const note = await cases[name]();
    if (note) t.diagnostic(note);
  });
}

test('use case 16 with React Native: the storage is filled from AsyncStorage', async () => {
  const kept = new Map();
  const AsyncStorage = {
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
    getAllKeys: (done) => done(null, [...kept.keys()]),
    multiGet: (keys, done) => done(null, keys.map((key) => [key, kept.get(key)])),
  };
  const helper = path.join(path.dirname(require.resolve('amazon-cognito-identity-js')), 'StorageHelper-rn.js');
  const loadHelper = () => {
    const load = Module._load;
    Module._load = (request, ...rest) => (
      request === '@react-native-async-storage/async-storage' ? { __esModule: true, default: AsyncStorage } : load(request, ...rest));
    try {
      delete require.cache[helper];
      const StorageHelper = require(helper).default;
      return new StorageHelper().getStorage();
    } finally {
      Module._load = load;
    }
  };

  const first = loadHelper();
  await make({ ...tools, tag: 'rn', storage: () => first })['16: the current user from storage']();

  const restarted = loadHelper();
  const pool = new lib.CognitoUserPool({ UserPoolId: ids.UserPoolId, ClientId: ids.ClientId, endpoint: server.endpoint, Storage: restarted });
  assert.strictEqual(pool.getCurrentUser(), null, 'nothing is there before the sync');
  assert.strictEqual(await new Promise((resolve, reject) => pool.storage.sync((e, r) => (e ? reject(e) : resolve(r)))), 'SUCCESS');
  const user = pool.getCurrentUser();
  const session = await new Promise((resolve, reject) => user.getSession((e, s) => (e ? reject(e) : resolve(s))));
  assert.ok(session.isValid());
});

test('a session that has expired is refreshed', async () => {
  const storage = new Map();
  const Storage = {
    setItem: (k, v) => { storage.set(k, v); }, getItem: (k) => storage.get(k) ?? null,
    removeItem: (k) => { storage.delete(k); }, clear: () => storage.clear(),
  };
  await make({ ...tools, tag: 'exp', storage: () => Storage })['4: authenticating a user']();
  const pool = new lib.CognitoUserPool({ UserPoolId: ids.UserPoolId, ClientId: ids.ClientId, endpoint: server.endpoint, Storage });
  const user = pool.getCurrentUser();
  const key = [...storage.keys()].find((k) => k.endsWith('.clockDrift'));
  storage.set(key, String(-2 * 3600)); // the client believes that its tokens expired
  const session = await new Promise((resolve, reject) => user.getSession((e, s) => (e ? reject(e) : resolve(s))));
  assert.ok(session.isValid());
});
