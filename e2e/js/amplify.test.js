'use strict';
// aws-amplify in headless Chromium, from a webpack bundle on another origin than the server's.

const path = require('node:path');
const vm = require('node:vm');
const fs = require('node:fs');
const { test, before, after } = require('node:test');
const { AdminCreateUserCommand } = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPools, readCode, forgetMessages } = require('./harness');
const { addAuthenticator, bundle, evaluate, serve, launch } = require('./page');

const entry = `
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito';
import * as utils from 'aws-amplify/utils';
// autoSignIn is another function after each sign-up, which a copy would not see.
window.amplify = Object.assign(Object.create(auth), { Amplify, utils, tokenProvider: cognitoUserPoolsTokenProvider });
`;

let server;
let ids;
let built;
let site;
let browser;

before(async () => {
  server = await start();
  ids = await createPools(server.admin);
  built = await bundle(entry, 'development');
  site = await serve({
    '/usecases.js': path.join(__dirname, 'usecases.js'),
    '/amplify.js': path.join(__dirname, 'amplify.js'),
    '/bundle.js': built.file,
  }, () => '<!doctype html><meta charset="utf-8"><title>app</title><script src="/bundle.js"></script>'
    + '<script src="/usecases.js"></script><script src="/amplify.js"></script>');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.close();
  built?.remove();
  await server?.stop();
});

/** Returns the names of the cases, which stand in a script for browsers. */
function caseNames() {
  const context = vm.createContext({});
  for (const script of ['usecases.js', 'amplify.js']) vm.runInContext(fs.readFileSync(path.join(__dirname, script), 'utf8'), context);
  return Object.keys(vm.runInContext('cenoteAmplify.make({ amplify: {} })', context));
}

test('amplify', async (t) => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.exposeFunction('cenoteReadCode', (to) => readCode(server.endpoint, to));
  await tab.exposeFunction('cenoteForgetMessages', () => forgetMessages(server.endpoint));
  await tab.exposeFunction('cenoteCreateUser', async (Username, TemporaryPassword, UserAttributes, UserPoolId) => {
    await server.admin.send(new AdminCreateUserCommand({
      UserPoolId: UserPoolId || ids.UserPoolId, Username, TemporaryPassword, UserAttributes, MessageAction: 'SUPPRESS',
    }));
  });
  await addAuthenticator(tab);
  await tab.goto(site.origin);
  for (const [number, name] of caseNames().entries()) {
    await t.test(name, async () => {
      await evaluate(tab, async ([useCase, config]) => {
        const cases = window.cenoteAmplify.make({
          ...config,
          amplify: window.amplify,
          readCode: window.cenoteReadCode,
          forgetMessages: window.cenoteForgetMessages,
          createUser: window.cenoteCreateUser,
        });
        await cases[useCase]();
      }, [name, { ...ids, endpoint: server.endpoint, tag: `c${number}` }]);
    });
  }
  await context.close();
});
