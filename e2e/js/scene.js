'use strict';
// What the inbox's test and its picture show: pools with texts of their own, and users who
// get mails and text messages from them.

const {
  AdminCreateUserCommand, AdminSetUserPasswordCommand, CreateUserPoolDomainCommand, ForgotPasswordCommand, SignUpCommand,
} = require('@aws-sdk/client-cognito-identity-provider');
const { createPool } = require('./harness');

/** Mails as shops write them: tables, inline styles, an image from elsewhere. */
const letter = (title, lead, action, image = '') => `<style>a { color: #1d3b36; text-decoration: none }</style>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f1ec">
<tr><td align="center" style="padding:26px 12px 42px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:540px;background:#ffffff;border-radius:14px;font-family:Helvetica,Arial,sans-serif;color:#27303a">
<tr><td style="padding:22px 34px;background:#1d3b36;border-radius:14px 14px 0 0;color:#ffffff;font-size:19px;letter-spacing:1px"><b>Nordic</b>Tea ${image}</td></tr>
<tr><td style="padding:26px 34px 6px"><h1 style="margin:0 0 10px;font-size:23px;line-height:1.3">${title}</h1><p style="margin:0;font-size:15px;line-height:1.6">${lead}</p></td></tr>
<tr><td style="padding:18px 34px 8px">${action}</td></tr>
<tr><td style="padding:10px 34px 26px;font-size:12px;line-height:1.6;color:#77808a">You did not ask for this? Then somebody mistyped an address, and you need do nothing.<br>Nordic Tea, 12 Harbour Street, Aarhus</td></tr>
</table></td></tr></table>`;

const button = '<div style="background:#e0a458;border-radius:8px;width:210px;padding:13px 0;text-align:center;font-weight:bold;font-size:15px">{##Confirm my address##}</div>';
const digits = '<div style="background:#f3f1ec;border-radius:8px;padding:14px;text-align:center;font-size:30px;letter-spacing:8px"><b>{####}</b></div>';

/** Makes a pool whose mails confirm by a link, and one whose messages hold a code. */
async function createScene(admin, { image } = {}) {
  const shop = await createPool(admin, { pool: {
    PoolName: 'nordic-tea',
    EmailConfiguration: {
      EmailSendingAccount: 'DEVELOPER', SourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/tea.example',
      From: 'Nordic Tea <hello@tea.example>', ReplyToEmailAddress: 'help@tea.example',
    },
    VerificationMessageTemplate: {
      DefaultEmailOption: 'CONFIRM_WITH_LINK',
      EmailSubjectByLink: 'Confirm your address – tea is ready ☕',
      EmailMessageByLink: letter('Good to have you, one more step', 'Press the button, and your account at Nordic Tea is ready. The link works for 24 hours.', button, image),
      EmailSubject: 'Your Nordic Tea code',
      EmailMessage: letter('A new password', 'Type this code where you asked for it.', digits),
    },
    AdminCreateUserConfig: { InviteMessageTemplate: {
      EmailSubject: 'You are invited to Nordic Tea',
      EmailMessage: letter('Welcome to the team', 'Your user name is {username}. Sign in with the password below.', digits),
      SMSMessage: '{username}, your password is {####}',
    } },
  } });
  await admin.send(new CreateUserPoolDomainCommand({ UserPoolId: shop.UserPoolId, Domain: 'nordic-tea' }));
  const bank = await createPool(admin, { pool: {
    PoolName: 'fjord-bank',
    AutoVerifiedAttributes: ['phone_number'],
    SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sms', ExternalId: 'e2e' },
    VerificationMessageTemplate: { SmsMessage: 'Fjord Bank: {####} is your code. We never ask for it by phone.' },
  } });
  const signUp = ({ ClientId }, Username, Name, Value) => admin.send(new SignUpCommand({
    ClientId, Username, Password: 'Correct-horse-1', UserAttributes: [{ Name, Value }],
  }));
  const invite = (Username, address, MessageAction) => admin.send(new AdminCreateUserCommand({
    UserPoolId: shop.UserPoolId, Username, MessageAction,
    UserAttributes: [{ Name: 'email', Value: address }, { Name: 'email_verified', Value: 'true' }],
  }));
  return {
    shop,
    bank,
    mail: (user, address) => signUp(shop, user, 'email', address),
    text: (user, number) => signUp(bank, user, 'phone_number', number),
    invite,
    async forget(Username, address) {
      await invite(Username, address, 'SUPPRESS');
      await admin.send(new AdminSetUserPasswordCommand({ UserPoolId: shop.UserPoolId, Username, Password: 'Correct-horse-1', Permanent: true }));
      await admin.send(new ForgotPasswordCommand({ ClientId: shop.ClientId, Username }));
    },
  };
}

module.exports = { createScene };
