'use strict';
// Takes the documentation's picture of the inbox: node picture.js [FILE], against bin/cenote.
// With a second argument it takes others beside it, to look at: dark, a text message, a phone.

const path = require('node:path');
const { start } = require('./harness');
const { createScene } = require('./scene');
const { launch } = require('./page');

async function take(file, more) {
  const server = await start();
  const browser = await launch();
  try {
    const scene = await createScene(server.admin);
    const context = await browser.newContext({ viewport: { width: 1200, height: 750 }, locale: 'en-GB' });
    const tab = await context.newPage();
    await tab.goto(`${server.endpoint}/_cenote/inbox`);
    const shoot = async (name) => {
      await tab.waitForTimeout(2500); // lets the arrivals fade
      await tab.screenshot({ path: name ? file.replace(/\.png$/, `-${name}.png`) : file });
    };
    if (more) await shoot('empty');
    const after = (advance) => fetch(`${server.endpoint}/_cenote/clock`, { method: 'POST', body: JSON.stringify({ advance }) });
    await scene.invite('jonas', 'jonas@tea.example');
    await after('17m');
    await scene.text('freja', '+4520123456');
    await after('4m20s');
    await scene.forget('alma', 'alma.berg@example.com');
    await after('2m7s');
    await scene.text('mikkel', '+4531234567');
    await after('48s');
    await scene.text('freja.work', '+4520123456');
    await after('33s');
    await scene.mail('ida', 'ida.lindqvist@example.com');
    await tab.locator('.row').nth(5).waitFor();
    if (more) await shoot('choose');
    await tab.locator('.row .open').first().click();
    await tab.frameLocator('iframe').locator('h1').waitFor();
    await shoot();
    if (more) {
      await tab.emulateMedia({ colorScheme: 'dark' });
      await shoot('dark');
      await tab.emulateMedia({ colorScheme: 'light' });
      await tab.keyboard.press('p');
      await shoot('narrow');
      await tab.keyboard.press('p');
      await tab.keyboard.press('4');
      await shoot('headers');
      await tab.locator('.row .open').nth(1).click();
      await shoot('sms');
      await tab.setViewportSize({ width: 390, height: 760 });
      await shoot('phone-sms');
      await tab.locator('#back').click();
      await shoot('phone-list');
      await tab.locator('.row .open').first().click();
      await tab.keyboard.press('1');
      await shoot('phone-mail');
    }
  } finally {
    await browser.close();
    await server.stop();
  }
}

take(path.resolve(process.argv[2] || path.join(__dirname, '..', '..', 'docs', 'inbox.png')), process.argv[3] === 'more');
