'use strict';
// What aws-amplify does in the place of each use case of amazon-cognito-identity-js (the
// first table of that library's README). Run in a browser, with these tools:
//   amplify                {Amplify, tokenProvider, utils} and everything of aws-amplify/auth
//   UserPoolId, ClientId, endpoint
//   optional, demanded, devices, choice, custom   {UserPoolId, ClientId} of other pools
//   readCode(address), forgetMessages()
//   createUser(username, temporaryPassword, attributes, UserPoolId)   AdminCreateUser

(function define(root) {
  const password = 'Passw0rd!';
  const { appCode, check, same, phoneOf } = root.cenoteUseCases;

  async function fails(promise, name, text) {
    let result;
    try {
      result = await promise;
    } catch (err) {
      check(err.name === name, `got ${err.name} (${err.message}), want ${name}`);
      check(text === undefined || err.message === text, `got "${err.message}", want "${text}"`);
      return;
    }
    throw new Error(`got ${JSON.stringify(result)}, want ${name}`);
  }

  function make(tools) {
    const { amplify: a, endpoint } = tools;
    let made = 0;
    const unique = () => `user${++made}${tools.tag}`;

    /** Points the library at a pool. */
    function use(ids = tools, more = {}) {
      a.Amplify.configure({
        Auth: { Cognito: { userPoolId: ids.UserPoolId, userPoolClientId: ids.ClientId, userPoolEndpoint: endpoint, ...more } },
      });
    }

    async function signUp(options = {}) {
      const username = unique();
      const u = { username, email: `${username}@example.com`, phone: phoneOf(username) };
      const result = await a.signUp({
        username, password, ...options,
        options: { userAttributes: { email: u.email, phone_number: u.phone }, ...options.options },
      });
      return { ...u, result };
    }

    async function confirmed(options) {
      const u = await signUp(options);
      await a.confirmSignUp({ username: u.username, confirmationCode: await tools.readCode(u.email) });
      return u;
    }

    async function signIn(u, options) {
      const { isSignedIn, nextStep } = await a.signIn({ username: u.username, password: u.password || password, options });
      check(isSignedIn === (nextStep.signInStep === 'DONE'), JSON.stringify([isSignedIn, nextStep]));
      return nextStep;
    }

    async function signedIn(options) {
      const u = await confirmed();
      same((await signIn(u, options)).signInStep, 'DONE');
      return u;
    }

    /** Returns another code than the right one. */
    const wrong = (code) => (code === '000000' ? '000001' : '000000');

    const confirmSignIn = async (challengeResponse, options) => (await a.confirmSignIn({ challengeResponse, options })).nextStep;
    const deviceKey = async () => (await a.fetchAuthSession()).tokens.accessToken.payload.device_key;

    /** Signs in with a code by SMS. */
    async function signInBySMS(u) {
      const step = await signIn(u);
      same([step.signInStep, step.codeDeliveryDetails.deliveryMedium], ['CONFIRM_SIGN_IN_WITH_SMS_CODE', 'SMS']);
      return confirmSignIn(await tools.readCode(u.phone));
    }

    const cases = {
      async 'Sign Up, Confirm Sign Up, Resend Sign Up Code'() {
        const u = await signUp();
        same([u.result.isSignUpComplete, u.result.nextStep.signUpStep, u.result.nextStep.codeDeliveryDetails], [
          false, 'CONFIRM_SIGN_UP', { destination: 'u***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' },
        ]);
        same((await signIn(u)).signInStep, 'CONFIRM_SIGN_UP');
        same((await a.resendSignUpCode({ username: u.username })).destination, 'u***@e***');
        await fails(a.confirmSignUp({ username: u.username, confirmationCode: '999999x' }), 'CodeMismatchException',
          'Invalid verification code provided, please try again.');
        const done = await a.confirmSignUp({ username: u.username, confirmationCode: await tools.readCode(u.email) });
        same([done.isSignUpComplete, done.nextStep.signUpStep], [true, 'DONE']);
        await fails(a.signUp({ username: u.username, password }), 'UsernameExistsException', 'User already exists');
      },

      async 'Sign In, by each flow'() {
        const u = await confirmed();
        for (const authFlowType of [undefined, 'USER_SRP_AUTH', 'USER_PASSWORD_AUTH']) {
          same((await signIn(u, { authFlowType })).signInStep, 'DONE');
          same((await a.getCurrentUser()).username, u.username);
          await a.signOut();
        }
        use(tools, { loginWith: { username: true } });
        for (const authFlowType of ['USER_SRP_AUTH', 'USER_PASSWORD_AUTH']) {
          await fails(signIn({ ...u, password: 'Wr0ng-Passw0rd' }, { authFlowType }), 'NotAuthorizedException', 'Incorrect username or password.');
          await fails(signIn({ username: 'nobody' }, { authFlowType }), 'UserNotFoundException', 'User does not exist.');
        }
        await fails(a.getCurrentUser(), 'UserUnAuthenticatedException');
      },

      async 'Sign In with CUSTOM_WITHOUT_SRP and CUSTOM_WITH_SRP'() {
        use(tools.custom);
        const u = await confirmed();
        for (const authFlowType of ['CUSTOM_WITHOUT_SRP', 'CUSTOM_WITH_SRP']) {
          const without = authFlowType === 'CUSTOM_WITHOUT_SRP';
          const step = (await a.signIn({ username: u.username, password: without ? undefined : password, options: { authFlowType } })).nextStep;
          same([step.signInStep, step.additionalInfo.question], ['CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', '2 + 3']);
          same((await confirmSignIn('6')).signInStep, 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE');
          same((await confirmSignIn('5')).signInStep, 'DONE');
          await a.signOut();
        }
      },

      async 'Sign In with a new password'() {
        const username = unique();
        await tools.createUser(username, 'Temp0rary!', [{ Name: 'email', Value: `${username}@example.com` }]);
        const step = await signIn({ username, password: 'Temp0rary!' });
        same(step.signInStep, 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED');
        same((await confirmSignIn(password, { userAttributes: { nickname: 'joe' } })).signInStep, 'DONE');
        same((await a.fetchUserAttributes()).nickname, 'joe');
      },

      async 'Token Saving Mechanism'() {
        const u = await confirmed();
        const cookies = new a.utils.CookieStorage({ domain: 'localhost', secure: false, path: '/', sameSite: 'strict' });
        for (const storage of [a.utils.sessionStorage, cookies, a.utils.defaultStorage]) {
          a.tokenProvider.setKeyValueStorage(storage);
          await signIn(u);
          const key = `CognitoIdentityServiceProvider.${tools.ClientId}.${u.username}.accessToken`;
          same(await storage.getItem(key), (await a.fetchAuthSession()).tokens.accessToken.toString());
          await a.signOut();
          same(await storage.getItem(key), null);
        }
      },

      async 'Fetch Auth Session, Token Expiration'() {
        const u = await signedIn();
        const first = (await a.fetchAuthSession()).tokens;
        const id = first.idToken.payload;
        same([id.token_use, id.aud, id.email, id['cognito:username']], ['id', tools.ClientId, u.email, u.username]);
        same((await a.fetchAuthSession()).tokens.accessToken.toString(), first.accessToken.toString());
        const second = (await a.fetchAuthSession({ forceRefresh: true })).tokens;
        check(second.accessToken.payload.jti !== first.accessToken.payload.jti, 'the same token');
        same(second.accessToken.payload.origin_jti, first.accessToken.payload.origin_jti);
        // The library believes that two hours have passed.
        localStorage.setItem(`CognitoIdentityServiceProvider.${tools.ClientId}.${u.username}.clockDrift`, String(2 * 3600 * 1000));
        const third = (await a.fetchAuthSession()).tokens;
        check(third.accessToken.payload.jti !== second.accessToken.payload.jti, 'the same token');
      },

      async 'Fetch, Update, Delete User Attributes'() {
        const u = await signedIn();
        same((await a.fetchUserAttributes()).email, u.email);
        const updated = await a.updateUserAttributes({ userAttributes: { nickname: 'joe', name: 'Joe' } });
        same([updated.nickname.isUpdated, updated.nickname.nextStep.updateAttributeStep], [true, 'DONE']);
        await a.updateUserAttribute({ userAttribute: { attributeKey: 'nickname', value: 'jo' } });
        const got = await a.fetchUserAttributes();
        same([got.nickname, got.name], ['jo', 'Joe']);
        await a.deleteUserAttributes({ userAttributeKeys: ['nickname'] });
        same((await a.fetchUserAttributes()).nickname, undefined);
        await fails(a.updateUserAttributes({ userAttributes: { 'custom:none': '1' } }), 'InvalidParameterException');
      },

      async 'Send User Attribute Code, Confirm User Attribute'() {
        const u = await signedIn();
        const email = `new-${u.email}`;
        const changed = await a.updateUserAttribute({ userAttribute: { attributeKey: 'email', value: email } });
        same(changed.nextStep.updateAttributeStep, 'CONFIRM_ATTRIBUTE_WITH_CODE');
        same((await a.fetchUserAttributes()).email_verified, 'false');
        await a.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: await tools.readCode(email) });
        same((await a.fetchUserAttributes()).email_verified, 'true');
        await tools.forgetMessages();
        same((await a.sendUserAttributeVerificationCode({ userAttributeKey: 'email' })).attributeName, 'email');
        await fails(a.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: '999999x' }), 'CodeMismatchException');
        await a.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: await tools.readCode(email) });
      },

      async 'Update MFA Preference, Fetch MFA Preference'() {
        use(tools.optional);
        const u = await signedIn();
        same(await a.fetchMFAPreference(), {});
        await a.updateMFAPreference({ sms: 'ENABLED' });
        same(await a.fetchMFAPreference(), { enabled: ['SMS'] });
        await a.updateMFAPreference({ sms: 'PREFERRED' });
        same(await a.fetchMFAPreference(), { enabled: ['SMS'], preferred: 'SMS' });
        await fails(a.updateMFAPreference({ totp: 'PREFERRED' }), 'InvalidParameterException');
        await a.signOut();
        same((await signInBySMS(u)).signInStep, 'DONE');
        await a.updateMFAPreference({ sms: 'NOT_PREFERRED' });
        same(await a.fetchMFAPreference(), { enabled: ['SMS'] });
        await a.updateMFAPreference({ sms: 'DISABLED' });
        same(await a.fetchMFAPreference(), {});
        await a.signOut();
        same((await signIn(u)).signInStep, 'DONE');
      },

      async 'TOTP Setup, Sign In with a choice of second factors'() {
        use(tools.optional);
        const u = await signedIn();
        const setup = await a.setUpTOTP();
        same(setup.getSetupUri('App', u.username).href, `otpauth://totp/App:${u.username}?secret=${setup.sharedSecret}&issuer=App`);
        await fails(a.verifyTOTPSetup({ code: wrong(await appCode(setup.sharedSecret)) }), 'EnableSoftwareTokenMFAException');
        await a.verifyTOTPSetup({ code: await appCode(setup.sharedSecret) });
        await a.updateMFAPreference({ totp: 'ENABLED', sms: 'ENABLED' });
        await a.signOut();
        const step = await signIn(u);
        same([step.signInStep, step.allowedMFATypes.sort()], ['CONTINUE_SIGN_IN_WITH_MFA_SELECTION', ['SMS', 'TOTP']]);
        same((await confirmSignIn('TOTP')).signInStep, 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
        await fails(confirmSignIn(wrong(await appCode(setup.sharedSecret, 1))), 'CodeMismatchException');
        same((await confirmSignIn(await appCode(setup.sharedSecret, 1))).signInStep, 'DONE');
        await a.signOut();
        await signIn(u);
        same((await confirmSignIn('SMS')).signInStep, 'CONFIRM_SIGN_IN_WITH_SMS_CODE');
        same((await confirmSignIn(await tools.readCode(u.phone))).signInStep, 'DONE');
      },

      async 'TOTP Setup while signing in'() {
        use(tools.demanded);
        const username = unique();
        await tools.createUser(username, 'Temp0rary!', [], tools.demanded.UserPoolId);
        same((await signIn({ username, password: 'Temp0rary!' })).signInStep, 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED');
        const choice = await confirmSignIn(password);
        same([choice.signInStep, choice.allowedMFATypes.sort()], ['CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION', ['EMAIL', 'TOTP']]);
        const step = await confirmSignIn('TOTP');
        same(step.signInStep, 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP');
        const { sharedSecret } = step.totpSetupDetails;
        await fails(confirmSignIn(wrong(await appCode(sharedSecret))), 'EnableSoftwareTokenMFAException');
        same((await confirmSignIn(await appCode(sharedSecret))).signInStep, 'DONE');
        await a.signOut();
        same((await signIn({ username })).signInStep, 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
        same((await confirmSignIn(await appCode(sharedSecret, 1))).signInStep, 'DONE');
      },

      async 'Sign In with a code by e-mail, also set up while signing in'() {
        use(tools.optional);
        const u = await signedIn();
        await a.updateMFAPreference({ email: 'PREFERRED' });
        same(await a.fetchMFAPreference(), { enabled: ['EMAIL'], preferred: 'EMAIL' });
        await a.signOut();
        same((await signIn(u)).signInStep, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
        same((await confirmSignIn(await tools.readCode(u.email))).signInStep, 'DONE');
        await a.signOut();

        use(tools.demanded);
        const username = unique();
        const email = `${username}@example.com`;
        await tools.createUser(username, 'Temp0rary!', [], tools.demanded.UserPoolId);
        await signIn({ username, password: 'Temp0rary!' });
        same((await confirmSignIn(password)).signInStep, 'CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION');
        same((await confirmSignIn('EMAIL')).signInStep, 'CONTINUE_SIGN_IN_WITH_EMAIL_SETUP');
        same((await confirmSignIn(email)).signInStep, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
        same((await confirmSignIn(await tools.readCode(email))).signInStep, 'DONE');
        same((await a.fetchUserAttributes()).email_verified, 'true');
      },

      async 'Fetch Devices, Remember Device, Forget Device'() {
        use(tools.devices);
        const u = await signedIn();
        const key = await deviceKey();
        await a.updateMFAPreference({ sms: 'PREFERRED' });
        const [device, ...others] = await a.fetchDevices();
        same([device.id, others], [key, []]);
        check(device.name && device.createDate instanceof Date && device.lastAuthenticatedDate instanceof Date, JSON.stringify(device));
        await a.signOut();
        same((await signInBySMS(u)).signInStep, 'DONE');
        same(await deviceKey(), key);
        await a.rememberDevice();
        await a.signOut();
        same((await signIn(u)).signInStep, 'DONE');
        same(await deviceKey(), key);
        await a.forgetDevice();
        same(await a.fetchDevices(), []);
        await a.signOut();
        same((await signInBySMS(u)).signInStep, 'DONE');
        check(await deviceKey() !== key, 'the device was not forgotten');
      },

      async 'Forget Device, from another device'() {
        use(tools.devices);
        const u = await signedIn();
        const key = await deviceKey();
        await a.forgetDevice({ device: { id: key } });
        await a.signOut();
        // The library still names it, is told so, and registers itself anew.
        same((await signIn(u)).signInStep, 'DONE');
        check(await deviceKey() !== key, 'the device was not forgotten');
      },

      async 'Sign In with USER_AUTH'() {
        use(tools.choice);
        const u = await confirmed();
        const authFlowType = 'USER_AUTH';
        const selecting = async () => {
          const step = await signIn({ ...u, password: undefined }, { authFlowType });
          same([step.signInStep, step.availableChallenges.sort()], [
            'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION', ['EMAIL_OTP', 'PASSWORD', 'PASSWORD_SRP', 'SMS_OTP'],
          ]);
        };
        const done = async (step) => {
          same(step.signInStep, 'DONE');
          await a.signOut();
        };
        for (const preferredChallenge of ['PASSWORD_SRP', 'PASSWORD']) {
          await done(await signIn(u, { authFlowType, preferredChallenge }));
          await selecting();
          same((await confirmSignIn(preferredChallenge)).signInStep, 'CONFIRM_SIGN_IN_WITH_PASSWORD');
          await done(await confirmSignIn(password));
        }
        for (const [preferredChallenge, address, signInStep] of [
          ['EMAIL_OTP', u.email, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE'], ['SMS_OTP', u.phone, 'CONFIRM_SIGN_IN_WITH_SMS_CODE'],
        ]) {
          same((await signIn(u, { authFlowType, preferredChallenge })).signInStep, signInStep);
          const code = await tools.readCode(address);
          await fails(confirmSignIn(code === '00000000' ? '00000001' : '00000000'), 'CodeMismatchException');
          await done(await confirmSignIn(code));
          await selecting();
          same((await confirmSignIn(preferredChallenge)).signInStep, signInStep);
          await done(await confirmSignIn(await tools.readCode(address)));
        }
      },

      async 'Sign Up without a password, Auto Sign In'() {
        use(tools.choice);
        const u = await signUp({ password: undefined, options: { autoSignIn: { authFlowType: 'USER_AUTH' } } });
        const { nextStep } = await a.confirmSignUp({ username: u.username, confirmationCode: await tools.readCode(u.email) });
        same(nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
        same((await a.autoSignIn()).nextStep.signInStep, 'DONE');
        same((await a.fetchUserAttributes()).email_verified, 'true');
      },

      async 'Passkeys'() {
        use(tools.choice);
        const u = await signedIn();
        await a.associateWebAuthnCredential();
        const { credentials: [passkey, ...others] } = await a.listWebAuthnCredentials();
        same([passkey.relyingPartyId, others], ['localhost', []]);
        check(passkey.createdAt instanceof Date && passkey.friendlyCredentialName, JSON.stringify(passkey));
        await a.signOut();
        const authFlowType = 'USER_AUTH';
        same((await signIn(u, { authFlowType, preferredChallenge: 'WEB_AUTHN' })).signInStep, 'DONE');
        same((await a.getCurrentUser()).username, u.username);
        await a.signOut();
        const step = await signIn({ ...u, password: undefined }, { authFlowType });
        check(step.availableChallenges.includes('WEB_AUTHN'), JSON.stringify(step));
        same((await confirmSignIn('WEB_AUTHN')).signInStep, 'DONE');
        await a.deleteWebAuthnCredential({ credentialId: passkey.credentialId });
        same((await a.listWebAuthnCredentials()).credentials, []);
        await a.signOut();
        const without = await signIn(u, { authFlowType, preferredChallenge: 'WEB_AUTHN' });
        same(without.signInStep, 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION');
      },

      async 'Update Password'() {
        const u = await signedIn();
        await fails(a.updatePassword({ oldPassword: 'Wr0ng-Passw0rd', newPassword: 'N3w-Passw0rd' }), 'NotAuthorizedException', 'Incorrect username or password.');
        await a.updatePassword({ oldPassword: password, newPassword: 'N3w-Passw0rd' });
        await a.signOut();
        await fails(signIn(u), 'NotAuthorizedException');
        same((await signIn({ ...u, password: 'N3w-Passw0rd' })).signInStep, 'DONE');
      },

      async 'Reset Password'() {
        const u = await confirmed();
        await tools.forgetMessages();
        const { nextStep } = await a.resetPassword({ username: u.username });
        same([nextStep.resetPasswordStep, nextStep.codeDeliveryDetails.deliveryMedium], ['CONFIRM_RESET_PASSWORD_WITH_CODE', 'EMAIL']);
        await a.confirmResetPassword({ username: u.username, newPassword: 'F0rgotten!', confirmationCode: await tools.readCode(u.email) });
        same((await signIn({ ...u, password: 'F0rgotten!' })).signInStep, 'DONE');
      },

      async 'Delete User'() {
        const u = await signedIn();
        await a.deleteUser();
        await fails(a.getCurrentUser(), 'UserUnAuthenticatedException');
        await fails(signIn(u), 'UserNotFoundException');
      },

      async 'Sign Out, also everywhere'() {
        const u = await signedIn();
        const { accessToken } = (await a.fetchAuthSession()).tokens;
        const call = async (operation, body) => (await fetch(endpoint, {
          method: 'POST', body: JSON.stringify(body),
          headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}` },
        })).json();
        await a.signOut();
        same((await call('GetUser', { AccessToken: accessToken.toString() })).message, 'Access Token has been revoked');
        await signIn(u);
        const other = (await a.fetchAuthSession()).tokens;
        // Another device, of which this library knows nothing.
        const elsewhere = await call('InitiateAuth', {
          ClientId: tools.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: u.username, PASSWORD: password },
        });
        await a.signOut({ global: true });
        for (const AccessToken of [other.accessToken.toString(), elsewhere.AuthenticationResult.AccessToken]) {
          same((await call('GetUser', { AccessToken })).message, 'Access Token has been revoked');
        }
        await fails(a.fetchUserAttributes(), 'UserUnAuthenticatedException');
      },
    };

    /** Every case begins and ends with nobody signed in. */
    return Object.fromEntries(Object.entries(cases).map(([name, f]) => [name, async () => {
      use();
      try {
        await f();
      } finally {
        await a.signOut();
        a.tokenProvider.setKeyValueStorage(a.utils.defaultStorage);
      }
    }]));
  }

  root.cenoteAmplify = { make };
})(globalThis);
