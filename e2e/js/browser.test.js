'use strict';
// amazon-cognito-identity-js in headless Chromium: the distributed script in a page, and
// a webpack bundle, both from another origin than the server's.

const path = require('node:path');
const { test, before, after } = require('node:test');
const { AdminCreateUserCommand } = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPools, readCode, forgetMessages } = require('./harness');
const { bundle, evaluate, serve, launch } = require('./page');
const { make } = require('./usecases');

let server;
let ids;
let built;
let site;
let browser;

before(async () => {
  server = await start();
  ids = await createPools(server.admin);
  built = await bundle("import * as lib from 'amazon-cognito-identity-js';\nwindow.AmazonCognitoIdentity = lib;\n");
  site = await serve({
    '/usecases.js': path.join(__dirname, 'usecases.js'),
    '/bundle.js': built.file,
    '/dist.js': path.join(path.dirname(require.resolve('amazon-cognito-identity-js/package.json')), 'dist', 'amazon-cognito-identity.min.js'),
  }, (url) => `<!doctype html><meta charset="utf-8"><title>app</title><script src="${url}.js"></script><script src="/usecases.js"></script>`);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.close();
  built?.remove();
  await server?.stop();
});

const names = Object.keys(make({ lib: {}, UserPoolId: '', ClientId: '' }));
for (const kind of ['dist', 'bundle']) {
  test(`${kind}`, async (t) => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.exposeFunction('cenoteReadCode', (to) => readCode(server.endpoint, to));
    await tab.exposeFunction('cenoteForgetMessages', () => forgetMessages(server.endpoint));
    await tab.exposeFunction('cenoteCreateUser', async (Username, TemporaryPassword, UserAttributes, UserPoolId) => {
      await server.admin.send(new AdminCreateUserCommand({
        UserPoolId: UserPoolId || ids.UserPoolId, Username, TemporaryPassword, UserAttributes, MessageAction: 'SUPPRESS',
      }));
    });
    await tab.goto(`${site.origin}/${kind}`);
    for (const name of names) {
      await t.test(`use case ${name}`, async () => {
        await evaluate(tab, async ([useCase, config]) => {
          const cases = window.cenoteUseCases.make({
            ...config,
            lib: window.AmazonCognitoIdentity,
            readCode: window.cenoteReadCode,
            forgetMessages: window.cenoteForgetMessages,
            createUser: window.cenoteCreateUser,
            cookies: { domain: 'localhost', secure: false },
          });
          await cases[useCase]();
        }, [name, { ...ids, endpoint: server.endpoint, tag: kind + name.replace(/\W/g, '').slice(0, 12) }]);
      });
    }
    await context.close();
  });
}
