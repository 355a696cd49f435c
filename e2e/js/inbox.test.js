'use strict';
// The inbox as a page, in headless Chromium: what a developer sees and does, and what a
// mail that means harm may not.

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { test, before, beforeEach, after } = require('node:test');
const { AdminGetUserCommand, SignUpCommand } = require('@aws-sdk/client-cognito-identity-provider');
const { start, createPool, forgetMessages } = require('./harness');
const { createScene } = require('./scene');
const { launch } = require('./page');

let server;
let browser;
let elsewhere; // a server that no mail may ask for anything unless the reader wants it
let asked = [];
let scene;
let context;
let tab;
let users = 0;

before(async () => {
  elsewhere = http.createServer((req, res) => {
    asked.push(req.url);
    res.setHeader('Content-Type', 'image/svg+xml');
    res.end('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  server = await start();
  scene = await createScene(server.admin, { image: `<img alt="" src="${origin()}/logo.svg">` });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  elsewhere?.close();
  await server?.stop();
});

// Every test has an empty inbox and a tab that follows it.
beforeEach(async () => {
  asked = [];
  await context?.close();
  await forgetMessages(server.endpoint);
  context = await browser.newContext({ viewport: { width: 1200, height: 750 }, permissions: ['clipboard-read', 'clipboard-write'] });
  tab = await context.newPage();
  await tab.goto(`${server.endpoint}/_cenote/inbox`);
  await tab.locator('#status.live').waitFor();
});

const origin = () => `http://127.0.0.1:${elsewhere.address().port}`;
const name = (of) => of + ++users;
const rows = () => tab.locator('#messages .row');
const listed = () => tab.locator('#messages .row .to').allTextContents();
const view = (key) => tab.locator(`#tabs [data-tab=${key}]`).click();
const clipboard = () => tab.evaluate(() => navigator.clipboard.readText());
const messages = async () => (await (await fetch(`${server.endpoint}/_cenote/messages`)).json()).messages;

/** Waits until so many messages are listed. */
async function count(n) {
  await tab.waitForFunction((want) => document.querySelectorAll('#messages .row').length === want, n);
}

test('it explains itself while it is empty, and shows what arrives without a reload', async () => {
  assert.match(await tab.locator('#empty pre').innerText(), new RegExp(`AWS_ENDPOINT_URL=${server.endpoint}\n`));
  await tab.evaluate(() => { window.loadedOnce = true; });
  const [ann, bob] = [name('ann'), name('bob')];
  await scene.mail(ann, `${ann}@example.com`);
  await count(1);
  assert.equal(await tab.locator('#empty').isVisible(), false);
  await scene.text(bob, '+4520000001');
  await count(2);
  assert.equal(await tab.title(), '(2) Inbox · Cenote');
  assert.deepEqual(await listed(), ['+4520000001', `${ann}@example.com`]);
  const [sms] = await messages();
  assert.equal(await rows().first().locator('.about').innerText(), `Fjord Bank: ${sms.code} is your code. We never ask for it by phone.`);
  assert.equal(await rows().first().locator('.why').innerText(), `sign-up · ${bob} · fjord-bank`);
  assert.equal(await rows().first().locator('.chip').innerText(), sms.code);
  await forgetMessages(server.endpoint);
  await tab.locator('#empty').waitFor();
  assert.equal(await tab.evaluate(() => window.loadedOnce), true);
});

test('a mail is shown as it looks, with its code and its link ready', async () => {
  const user = name('ida');
  await scene.mail(user, `${user}@example.com`);
  await rows().first().locator('.open').click();
  assert.equal(await tab.locator('#subject').innerText(), 'Confirm your address – tea is ready ☕');
  assert.equal(await tab.locator('iframe').getAttribute('sandbox'), 'allow-popups allow-popups-to-escape-sandbox');
  const mail = tab.frameLocator('iframe');
  assert.equal(await mail.locator('h1').innerText(), 'Good to have you, one more step');
  const [sent] = await messages();
  assert.equal(await mail.getByText('Confirm my address').getAttribute('href'), sent.link);

  await tab.locator('#copy').click();
  await tab.getByText('Copied').waitFor();
  assert.equal(await clipboard(), sent.code);
  await tab.keyboard.press('l');
  await tab.locator('#copy-link.copied').waitFor();
  assert.equal(await clipboard(), sent.link);
  await rows().first().locator('.chip').click();
  await tab.locator('.chip.copied').waitFor();
  assert.equal(await clipboard(), sent.code);

  await view('text');
  assert.match(await tab.locator('#body pre').innerText(), /one more step\n\nPress the button, and .*\n\nConfirm my address \(http:/);
  await view('html');
  assert.equal(await tab.locator('#body pre').textContent(), sent.body);
  await view('headers');
  const header = (of) => tab.locator(`#body dt:text-is("${of}") + dd`).innerText();
  assert.equal(await header('From'), '"Nordic Tea" <hello@tea.example>');
  assert.equal(await header('Reply-To'), '<help@tea.example>');
  assert.equal(await header('Content-Type'), 'text/html; charset=UTF-8');
  await view('source');
  assert.match(await tab.locator('#body pre').textContent(), /^Subject:\s+=\?UTF-8\?/m);
  await view('json');
  assert.equal(JSON.parse(await tab.locator('#body pre').textContent()).id, sent.id);

  const [confirmation] = await Promise.all([context.waitForEvent('page'), tab.locator('#open').click()]);
  await confirmation.waitForLoadState();
  const { UserStatus } = await server.admin.send(new AdminGetUserCommand({ UserPoolId: scene.shop.UserPoolId, Username: user }));
  assert.equal(UserStatus, 'CONFIRMED');
});

test('what a mail has elsewhere is loaded when its reader wants it', async () => {
  const user = name('ida');
  await scene.mail(user, `${user}@example.com`);
  await rows().first().locator('.open').click();
  await tab.frameLocator('iframe').locator('h1').waitFor();
  assert.equal(await tab.locator('#remote').isVisible(), true);
  assert.deepEqual(asked, []);
  await Promise.all([tab.waitForResponse(`${origin()}/logo.svg`), tab.locator('#load').click()]);
  assert.equal(await tab.locator('#remote').isVisible(), false);
  assert.deepEqual(asked, ['/logo.svg']);
});

test('a text message is shown on a phone, after those before it', async () => {
  for (const user of [name('freja'), name('freja')]) await scene.text(user, '+4520000002');
  await count(2);
  const [second, first] = await messages();
  await rows().first().locator('.open').click();
  assert.deepEqual(await tab.locator('.bubble').allTextContents(), [first.body, second.body]);
  assert.equal(await tab.locator('.bubble:not(.earlier) u').innerText(), second.code);
  assert.equal(await tab.locator('.size').innerText(), '62 characters (GSM), 1 part');
  assert.equal(await tab.locator('.caller').innerText(), 'fjord-bank\nto +4520000002');
  assert.deepEqual(await tab.locator('#tabs button:visible').allTextContents(), ['Preview', 'Text', 'JSON']);
});

test("of what a pool's own function sends, the code is shown that it got", async () => {
  const LambdaArn = 'arn:aws:lambda:us-east-1:000000000000:function:send-mail';
  const pool = await createPool(server.admin, { pool: { PoolName: 'own', LambdaConfig: {
    CustomEmailSender: { LambdaArn, LambdaVersion: 'V1_0' }, KMSKeyID: 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-4333-8444-555555555555',
  } } });
  const Username = name('ida');
  await server.admin.send(new SignUpCommand({
    ClientId: pool.ClientId, Username, Password: 'Correct-horse-1', UserAttributes: [{ Name: 'email', Value: 'ida@example.com' }],
  }));
  await rows().first().locator('.open').click();
  assert.match(await tab.locator('#body').innerText(), new RegExp(`the code went, encrypted, to the function ${LambdaArn}$`));
  const [sent] = await messages();
  assert.match(sent.code, /^\d{6}$/);
  assert.equal(await tab.locator('#code').innerText(), sent.code);
  assert.deepEqual(await tab.locator('#tabs button:visible').allTextContents(), ['Preview', 'JSON']);
  assert.equal((await fetch(`${server.endpoint}/_cenote/inbox/${sent.id}`)).status, 404);
});

test('search and filters find messages', async () => {
  const [ann, bob, eva] = [name('ann'), name('bob'), name('eva')];
  await scene.mail(ann, `${ann}@example.com`);
  await scene.text(bob, '+4520000003');
  await scene.invite(eva, `${eva}@example.com`);
  await count(3);
  const [, sms] = await messages();
  const all = [`${eva}@example.com`, '+4520000003', `${ann}@example.com`];
  for (const [words, want] of [
    ['TEA', [all[0], all[2]]], [sms.code, [all[1]]], [`${ann} confirm`, [all[2]]], ['invitation', [all[0]]],
    ['+4520000003', [all[1]]], ['border-radius', []], [`user:${ann}`, [all[2]]], [`USER:${ann.slice(0, -1)}`, []], ['to:+4520000003 source:SignUp', [all[1]]],
    ['https://tea', []], ['toString:1', []], [scene.bank.ClientId, [all[1]]],
  ]) {
    await tab.locator('#search').fill(words);
    assert.deepEqual(await listed(), want, words);
  }
  await tab.locator('#search').press('Escape');
  assert.deepEqual(await listed(), all);
  await tab.locator('#media [data-medium=SMS]').click();
  assert.deepEqual(await listed(), [all[1]]);
  await tab.locator('#pools').selectOption({ label: 'nordic-tea' });
  assert.deepEqual(await listed(), []);
  await tab.locator('#widen').click();
  assert.deepEqual(await listed(), all);
  await rows().first().locator('.open').click();
  await tab.locator('#chips').getByText('nordic-tea').click();
  assert.deepEqual(await listed(), [all[0], all[2]]);
  await tab.locator('#chips').getByText(eva).click();
  assert.deepEqual(await listed(), [all[0]]);
});

test('keys walk, copy and delete; nothing else is touched', async () => {
  const numbers = ['+4520000011', '+4520000012', '+4520000013'];
  for (const number of numbers) await scene.text(name('kim'), number);
  await count(3);
  await tab.keyboard.press('j');
  await tab.keyboard.press('j');
  const shown = () => tab.locator('#addresses').innerText();
  assert.match(await shown(), /4520000012/);
  await tab.keyboard.press('c');
  await tab.locator('#copy.copied').waitFor();
  assert.equal(await clipboard(), (await messages())[1].code);
  await tab.keyboard.press('3');
  assert.equal(await tab.locator('#tabs [aria-pressed=true]').innerText(), 'JSON');
  await tab.keyboard.press('Delete');
  await count(2);
  assert.match(await shown(), /4520000011/); // the neighbour
  await tab.keyboard.press('k');
  assert.match(await shown(), /4520000013/);
  await tab.locator('#delete').click();
  await count(1);
  await tab.keyboard.press('/');
  await tab.keyboard.type('jkc'); // typed, not done
  assert.equal(await tab.locator('#search').inputValue(), 'jkc');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('?');
  assert.equal(await tab.locator('#keys').isVisible(), true);
  await tab.keyboard.press('Escape');
  await tab.waitForFunction(async () => (await (await fetch('/_cenote/messages')).json()).messages.length === 1);
});

test('on a phone the list and the message take turns', async () => {
  const user = name('ida');
  await scene.mail(user, `${user}@example.com`);
  await count(1);
  await tab.setViewportSize({ width: 390, height: 760 });
  const list = () => tab.locator('.list').isVisible();
  await rows().first().locator('.open').click();
  await tab.frameLocator('iframe').locator('h1').waitFor();
  assert.equal(await list(), false);
  assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth), 390);
  await tab.locator('#back').click();
  assert.equal(await list(), true);
  await rows().first().locator('.open').click();
  assert.equal(await list(), false);
  await tab.goBack();
  await tab.locator('.list').waitFor();
});

test('all messages are deleted after a question', async () => {
  for (const number of ['+4520000021', '+4520000022']) await scene.text(name('kim'), number);
  await count(2);
  const questions = [];
  tab.once('dialog', (dialog) => { questions.push(dialog.message()); dialog.dismiss(); });
  await tab.locator('#clear').click();
  assert.equal((await messages()).length, 2);
  tab.once('dialog', (dialog) => { questions.push(dialog.message()); dialog.accept(); });
  await tab.locator('#clear').click();
  await tab.locator('#empty').waitFor();
  assert.deepEqual(await messages(), []);
  assert.deepEqual(questions, ['Delete all 2 messages?', 'Delete all 2 messages?']);
});

test('a hostile mail does not run, and asks nobody for anything', async () => {
  const harm = 'top.harmed=1;parent.harmed=1;alert(1)';
  const pool = await createPool(server.admin, { pool: {
    PoolName: 'hostile',
    VerificationMessageTemplate: {
      EmailSubject: `<img src=x onerror=${harm}>{####}`,
      EmailMessage: `<h1>{####}</h1><script>${harm}</script><img src=x onerror="${harm}"><svg onload="${harm}"></svg>
<base href="${origin()}"><meta http-equiv="refresh" content="0;url=${origin()}/refresh"><link rel="stylesheet" href="${origin()}/style">
<style>@import url(${origin()}/import); body { background: url(${origin()}/background) }</style><img src="${origin()}/image">
<img src="/_cenote/messages"><iframe src="javascript:${harm}"></iframe><iframe srcdoc="<script>${harm}</script>"></iframe>
<object data="${origin()}/object"></object><video src="${origin()}/video" autoplay></video>
<form action="${origin()}/form"><input name="a" value="b"><button>send</button></form>
<a href="javascript:${harm}">one</a> <a href="javascript:${harm}" target="_top">two</a> <a href="${origin()}/top" target="_top">three</a>
<a href="${origin()}/self" target="_self">four</a>`,
    },
  } });
  context.on('dialog', (dialog) => { asked.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const username = `<img/src=x/onerror=${harm}>`;
  await server.admin.send(new SignUpCommand({
    ClientId: pool.ClientId, Username: username, Password: 'Correct-horse-1', UserAttributes: [{ Name: 'email', Value: 'eve@example.com' }],
  }));
  await rows().first().locator('.open').click();
  const [sent] = await messages();
  const mail = tab.frameLocator('iframe');
  assert.equal(await mail.locator('h1').innerText(), sent.code);
  assert.equal(await tab.locator('#subject').innerText(), sent.subject);
  assert.equal(await tab.locator('.detail img, .list img').count(), 0);
  for (const [i, key] of ['text', 'html', 'headers', 'source', 'json', 'preview'].entries()) {
    await tab.keyboard.press(String((i + 1) % 6 + 1));
    assert.equal(await tab.locator('#tabs [aria-pressed=true]').getAttribute('data-tab'), key);
  }
  for (const label of ['send', 'one', 'two', 'three']) await mail.getByText(label, { exact: true }).click();
  for (const other of context.pages()) if (other !== tab) await other.close();
  assert.equal(tab.url(), `${server.endpoint}/_cenote/inbox#${sent.id}`);
  assert.equal(await mail.locator('h1').innerText(), sent.code); // where it was
  await mail.getByText('four').click();
  await scene.text(name('kim'), '+4520000031'); // the page still works
  await count(2);
  assert.equal(await tab.evaluate(() => window.harmed), undefined);
  assert.deepEqual(asked, []);

  // Opened by itself it has no more rights.
  await tab.goto(`${server.endpoint}/_cenote/inbox/${sent.id}`);
  assert.equal(await tab.locator('h1').innerText(), sent.code);
  assert.equal(await tab.evaluate(() => `${window.origin} ${window.harmed}`), 'null undefined');
  assert.deepEqual(asked, []);
});
