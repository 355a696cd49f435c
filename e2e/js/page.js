'use strict';
// What the tests in headless Chromium share: bundles as applications make them, a site of
// another origin than the server's, and the browser.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { promisify } = require('node:util');
const { chromium } = require('playwright-core');
const { within } = require('./harness');

/**
 * Makes a project of one source file as the libraries' documentation describes it and
 * builds it with webpack for production or, faster, for development; remove() deletes it.
 */
async function bundle(source, mode = 'production') {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cenote-e2e-'));
  const remove = () => fs.rmSync(work, { recursive: true, force: true });
  process.once('exit', remove);
  fs.mkdirSync(path.join(work, 'src'));
  fs.symlinkSync(path.join(__dirname, 'node_modules'), path.join(work, 'node_modules'));
  fs.writeFileSync(path.join(work, 'package.json'), '{ "private": true, "scripts": { "build": "webpack" } }\n');
  fs.writeFileSync(path.join(work, 'webpack.config.js'), `module.exports = {
  entry: './src/entry.js',
  output: { path: __dirname + '/dist', filename: 'my-app.js' },
};
`);
  fs.writeFileSync(path.join(work, 'src', 'entry.js'), source);
  await promisify(execFile)('npm', ['run', 'build', '--', '--mode', mode, '--devtool', 'false'], { cwd: work, timeout: 90_000 });
  return { file: path.join(work, 'dist', 'my-app.js'), remove };
}

/** Serves scripts by their path, and for every other path what page returns for it. */
async function serve(scripts, page) {
  const site = http.createServer((req, res) => {
    const file = scripts[req.url];
    res.setHeader('Content-Type', file ? 'text/javascript' : 'text/html');
    res.end(file ? fs.readFileSync(file) : page(req.url));
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  return {
    origin: `http://localhost:${site.address().port}`,
    close() {
      site.close();
      site.closeAllConnections();
    },
  };
}

function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/**
 * Calls a function in a tab. A page may wait for ever, such as for an authenticator that
 * nobody touches; this does not.
 */
function evaluate(tab, f, argument) {
  return within(45_000, 'what runs in the page', tab.evaluate(f, argument));
}

/**
 * Gives a tab an authenticator that makes passkeys and says that its user is there. Chromium
 * waits for ever for one of another transport than those that its profile has used: a browser
 * is for one transport.
 */
async function addAuthenticator(tab, options) {
  const session = await tab.context().newCDPSession(tab);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true, ...options,
    },
  });
  return { session, authenticatorId };
}

module.exports = { addAuthenticator, bundle, evaluate, serve, launch };
