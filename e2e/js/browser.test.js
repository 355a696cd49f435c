'use strict';
// amazon-cognito-identity-js in headless Chromium: the distributed script in a page, and
// a webpack bundle, both from another origin than the server's.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { promisify } = require('node:util');
const { test, before, after } = require('node:test');
const { chromium } = require('playwright-core');
const { AdminCreateUserCommand } = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPool, readCode, forgetMessages } = require('./harness');
const { make } = require('./usecases');

const page = (script) => `<!doctype html><meta charset="utf-8"><title>app</title>${script}<script src="/usecases.js"></script>`;

let server;
let ids;
let browser;
let site;
let origin;
let work;

/** Makes the project that the library's README describes and builds it with webpack. */
async function bundle() {
  work = fs.mkdtempSync(path.join(os.tmpdir(), 'cenote-e2e-'));
  fs.mkdirSync(path.join(work, 'src'));
  fs.symlinkSync(path.join(__dirname, 'node_modules'), path.join(work, 'node_modules'));
  fs.writeFileSync(path.join(work, 'package.json'), '{ "private": true, "scripts": { "build": "webpack" } }\n');
  fs.writeFileSync(path.join(work, 'webpack.config.js'), `module.exports = {
  entry: './src/entry.js',
  output: { path: __dirname + '/dist', filename: 'my-app.js' },
};
`);
  fs.writeFileSync(path.join(work, 'src', 'entry.js'), "import * as lib from 'amazon-cognito-identity-js';\nwindow.AmazonCognitoIdentity = lib;\n");
  await promisify(execFile)('npm', ['run', 'build', '--', '--mode', 'production'], { cwd: work });
}

async function serve() {
  const files = {
    '/usecases.js': path.join(__dirname, 'usecases.js'),
    '/bundle.js': path.join(work, 'dist', 'my-app.js'),
    '/dist.js': path.join(path.dirname(require.resolve('amazon-cognito-identity-js/package.json')), 'dist', 'amazon-cognito-identity.min.js'),
  };
  site = http.createServer((req, res) => {
    const file = files[req.url];
    res.setHeader('Content-Type', file ? 'text/javascript' : 'text/html');
    res.end(file ? fs.readFileSync(file) : page(`<script src="${req.url}.js"></script>`));
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  origin = `http://localhost:${site.address().port}`;
}

before(async () => {
  server = await start();
  ids = await createPool(server.admin);
  await bundle();
  await serve();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  site?.close();
  if (work) fs.rmSync(work, { recursive: true });
  await server?.stop();
});

const names = Object.keys(make({ lib: {}, UserPoolId: '', ClientId: '' }));
for (const kind of ['dist', 'bundle']) {
  test(`${kind}`, async (t) => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.exposeFunction('cenoteReadCode', (to) => readCode(server.endpoint, to));
    await tab.exposeFunction('cenoteForgetMessages', () => forgetMessages(server.endpoint));
    await tab.exposeFunction('cenoteCreateUser', async (Username, TemporaryPassword, UserAttributes) => {
      await server.admin.send(new AdminCreateUserCommand({
        UserPoolId: ids.UserPoolId, Username, TemporaryPassword, UserAttributes, MessageAction: 'SUPPRESS',
      }));
    });
    await tab.goto(`${origin}/${kind}`);
    for (const name of names) {
      await t.test(`use case ${name}`, async () => {
        await tab.evaluate(async ([useCase, config]) => {
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
