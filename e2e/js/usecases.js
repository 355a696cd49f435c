'use strict';
// The use cases of amazon-cognito-identity-js's README, told once and run in Node, in a
// browser with the distributed script, and in a browser from a webpack bundle. The file
// needs nothing but the library and these tools:
//   lib                    the library's exports
//   UserPoolId, ClientId, endpoint
//   optional, demanded, devices, custom   {UserPoolId, ClientId} of other pools (harness.js)
//   readCode(address), forgetMessages()
//   createUser(username, temporaryPassword, attributes, UserPoolId)   AdminCreateUser, for use case 23
//   expireTokens()         makes the server's clock jump past the tokens' lifetime
//   storage()              where tokens are kept; undefined means the library's default
//   cookies                {domain} where cookies exist, else undefined

(function define(root) {
  const Password = 'Passw0rd!';

  function check(condition, text) {
    if (!condition) throw new Error(text);
  }

  /** Returns the JSON text of a value, with the members of objects in order. */
  const canonical = (value) => JSON.stringify(value, (key, v) => (v && Object.getPrototypeOf(v) === Object.prototype
    ? Object.fromEntries(Object.entries(v).sort(([one], [other]) => (one < other ? -1 : 1))) : v));

  const same = (got, want) => check(canonical(got) === canonical(want), `got ${canonical(got)}, want ${canonical(want)}`);

  /** Turns a node-style callback call into a promise. */
  function call(f) {
    return new Promise((resolve, reject) => f((err, result) => (err ? reject(err) : resolve(result))));
  }

  /**
   * Returns the code that an authenticator app shows (RFC 6238), now or some steps of 30
   * seconds later. A server takes the next step's code too, but none twice.
   */
  async function appCode(secret, later = 0) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
    const bytes = new Uint8Array(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
    const step = new DataView(new ArrayBuffer(8));
    step.setBigUint64(0, BigInt(Math.floor(Date.now() / 30000) + later));
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
    const mac = new DataView(await crypto.subtle.sign('HMAC', key, step.buffer));
    const at = mac.getUint8(19) & 15;
    return String((mac.getUint32(at) & 0x7fffffff) % 1000000).padStart(6, '0');
  }

  /** Returns the phone number of a user, which hardly any other user of the tests has. */
  function phoneOf(username) {
    let n = 7;
    for (const c of username) n = (n * 31 + c.charCodeAt(0)) % 9999991;
    return `+1555${String(n).padStart(7, '0')}`;
  }

  async function fails(promise, code, text) {
    let result;
    try {
      result = await promise;
    } catch (err) {
      check(err.code === code, `got ${err.code} (${err.message}), want ${code}`);
      check(text === undefined || err.message === text, `got "${err.message}", want "${text}"`);
      return;
    }
    throw new Error(`got ${JSON.stringify(result)}, want ${code}`);
  }

  function make(tools) {
    const { lib, UserPoolId, ClientId, endpoint } = tools;
    let made = 0;
    const unique = () => `user${++made}${tools.tag || ''}`;
    const pool = (Storage, ids = { UserPoolId, ClientId }) => new lib.CognitoUserPool({
      ...ids, endpoint, Storage: Storage || (tools.storage && tools.storage()),
    });
    const user = (Username, Pool) => new lib.CognitoUser({ Username, Pool, Storage: Pool.storage });
    const attribute = (Name, Value) => new lib.CognitoUserAttribute({ Name, Value });

    async function signUp(username = unique(), p = pool(), phone = '+15555555555') {
      const email = `${username}@example.com`;
      const result = await call((done) => p.signUp(
        username, Password, [attribute('email', email), attribute('phone_number', phone)], null, done));
      return { username, email, phone, pool: p, result };
    }

    async function confirmed(p, phone) {
      const u = await signUp(undefined, p, phone);
      await call(async (done) => user(u.username, u.pool).confirmRegistration(await tools.readCode(u.email), true, done));
      return u;
    }

    function authenticate(cognitoUser, Username, secret, extra = {}) {
      const details = new lib.AuthenticationDetails({ Username, Password: secret });
      return new Promise((onSuccess, onFailure) => cognitoUser.authenticateUser(details, { onSuccess, onFailure, ...extra }));
    }

    /** Signs in like authenticate and returns which callbacks were called, in their order. */
    async function asked(u, callbacks = {}) {
      const called = [];
      const heard = {};
      for (const name of ['mfaRequired', 'totpRequired', 'selectMFAType', 'mfaSetup', 'associateSecretCode']) {
        heard[name] = function heardOf(...args) {
          called.push(name);
          callbacks[name].apply(this, args);
        };
      }
      const cognitoUser = user(u.username, u.pool);
      const session = await new Promise((resolve, onFailure) => cognitoUser.authenticateUser(
        new lib.AuthenticationDetails({ Username: u.username, Password }), {
          onSuccess(result, confirmationNecessary) {
            called.push(confirmationNecessary ? 'confirmation' : 'success');
            resolve(result);
          },
          onFailure, cognitoUser, ...heard,
        }));
      return { called, session, cognitoUser };
    }

    /** Answers mfaRequired with the code that was sent. */
    const bySMS = (u) => ({
      async mfaRequired(challenge, parameters) {
        check(challenge === 'SMS_MFA' && parameters.CODE_DELIVERY_DESTINATION.endsWith(u.phone.slice(-4)), JSON.stringify([challenge, parameters]));
        const code = await tools.readCode(u.phone);
        const wrong = code === '000000' ? '000001' : '000000';
        // A wrong code spoils nothing.
        this.cognitoUser.sendMFACode(wrong, {
          onSuccess: () => this.onFailure(new Error('a wrong code was taken')),
          onFailure: (err) => (err.code === 'CodeMismatchException' ? this.cognitoUser.sendMFACode(code, this) : this.onFailure(err)),
        });
      },
    });

    /** Answers totpRequired, and sets up an app where that is asked for. */
    const byApp = (app, later) => ({
      mfaSetup() { this.cognitoUser.associateSoftwareToken(this); },
      async associateSecretCode(secret) {
        app.secret = secret;
        this.cognitoUser.verifySoftwareToken(await appCode(secret), 'My TOTP device', this);
      },
      async totpRequired() {
        this.cognitoUser.sendMFACode(await appCode(app.secret, later), this, 'SOFTWARE_TOKEN_MFA');
      },
    });

    /** Returns a user of a pool with second factors, signed in. */
    async function signedInTo(ids) {
      return signedIn(pool(undefined, ids), phoneOf(`phone${tools.tag}`));
    }

    /** Registers an authenticator app and returns its secret. */
    async function registerApp(cognitoUser) {
      const secret = await new Promise((associateSecretCode, onFailure) => cognitoUser.associateSoftwareToken({ associateSecretCode, onFailure }));
      const code = await appCode(secret);
      await new Promise((onSuccess, onFailure) => cognitoUser.verifySoftwareToken(code, 'My TOTP device', { onSuccess, onFailure }));
      return secret;
    }

    const factors = async (cognitoUser) => {
      const { PreferredMfaSetting, UserMFASettingList } = await call((done) => cognitoUser.getUserData(done, { bypassCache: true }));
      return { PreferredMfaSetting, UserMFASettingList };
    };

    async function signedIn(p, phone) {
      const u = await confirmed(p, phone);
      const cognitoUser = user(u.username, u.pool);
      const session = await authenticate(cognitoUser, u.username, Password);
      return { ...u, cognitoUser, session };
    }

    const attributes = async (cognitoUser) => {
      const list = await call((done) => cognitoUser.getUserAttributes(done));
      return Object.fromEntries(list.map((a) => [a.getName(), a.getValue()]));
    };

    return {
      async '1: registering a user'() {
        const u = await signUp();
        check(u.result.user.getUsername() === u.username, 'another user name');
        check(u.result.userConfirmed === false, 'the user is confirmed already');
        check(/^[0-9a-f-]{36}$/.test(u.result.userSub), `sub ${u.result.userSub}`);
        check(u.result.codeDeliveryDetails.Destination === 'u***@e***', JSON.stringify(u.result.codeDeliveryDetails));
        await fails(signUp(u.username), 'UsernameExistsException', 'User already exists');
        await fails(call((done) => pool().signUp(unique(), 'short', [], null, done)), 'InvalidPasswordException',
          'Password did not conform with policy: Password not long enough');
      },

      async '2: confirming a registered user'() {
        const u = await signUp();
        const cognitoUser = user(u.username, u.pool);
        await fails(authenticate(cognitoUser, u.username, Password), 'UserNotConfirmedException', 'User is not confirmed.');
        await fails(call((done) => cognitoUser.confirmRegistration('999999x', true, done)), 'CodeMismatchException',
          'Invalid verification code provided, please try again.');
        const code = await tools.readCode(u.email);
        check(await call((done) => cognitoUser.confirmRegistration(code, true, done)) === 'SUCCESS', 'not SUCCESS');
        await fails(call((done) => cognitoUser.confirmRegistration(code, true, done)), 'NotAuthorizedException',
          'User cannot be confirmed. Current status is CONFIRMED');
      },

      async '3: resending a confirmation code'() {
        const u = await signUp();
        const cognitoUser = user(u.username, u.pool);
        const old = await tools.readCode(u.email);
        const sent = await call((done) => cognitoUser.resendConfirmationCode(done));
        check(sent.CodeDeliveryDetails.AttributeName === 'email', JSON.stringify(sent));
        const code = await tools.readCode(u.email);
        if (code !== old) await fails(call((done) => cognitoUser.confirmRegistration(old, true, done)), 'CodeMismatchException');
        await call((done) => cognitoUser.confirmRegistration(code, true, done));
      },

      async '4: authenticating a user'() {
        const u = await signedIn();
        check(u.session.isValid(), 'the session is not valid');
        const id = u.session.getIdToken().payload;
        const access = u.session.getAccessToken().payload;
        check(id.token_use === 'id' && id.aud === ClientId && id.email === u.email && id.email_verified === true, JSON.stringify(id));
        check(id.iss === `${endpoint}/${UserPoolId}`, `issuer ${id.iss}`);
        check(access.token_use === 'access' && access.client_id === ClientId && access.email === undefined, JSON.stringify(access));
        check(id.origin_jti === access.origin_jti && id.jti !== access.jti, 'jti');
        await fails(authenticate(user(u.username, pool()), u.username, 'Wr0ng-Passw0rd'), 'NotAuthorizedException', 'Incorrect username or password.');
        await fails(authenticate(user('nobody', pool()), 'nobody', Password), 'UserNotFoundException', 'User does not exist.');
      },

      async '5: retrieving attributes'() {
        const u = await signedIn();
        const got = await attributes(u.cognitoUser);
        check(got.email === u.email && got.email_verified === 'true' && got.phone_number === '+15555555555' && got.sub === u.result.userSub, JSON.stringify(got));
      },

      async '6: verifying an attribute'() {
        const u = await signedIn();
        await tools.forgetMessages();
        const result = await new Promise((onSuccess, onFailure) => u.cognitoUser.getAttributeVerificationCode('email', {
          onSuccess, onFailure,
          async inputVerificationCode() {
            u.cognitoUser.verifyAttribute('email', await tools.readCode(u.email), this);
          },
        }));
        check(result === 'SUCCESS', `got ${result}`);
      },

      async '7 and 8: updating and deleting an attribute'() {
        const u = await signedIn();
        await call((done) => u.cognitoUser.updateAttributes([attribute('nickname', 'joe')], done));
        check((await attributes(u.cognitoUser)).nickname === 'joe', 'nickname is not set');
        await call((done) => u.cognitoUser.deleteAttributes(['nickname'], done));
        check((await attributes(u.cognitoUser)).nickname === undefined, 'nickname is still set');
        await fails(call((done) => u.cognitoUser.updateAttributes([attribute('custom:none', '1')], done)), 'InvalidParameterException');
      },

      async '9 and 10: enabling and disabling MFA'() {
        const u = await signedInTo(tools.optional);
        check(await call((done) => u.cognitoUser.enableMFA(done)) === 'SUCCESS', 'not SUCCESS');
        same(await call((done) => u.cognitoUser.getMFAOptions(done)), [{ DeliveryMedium: 'SMS', AttributeName: 'phone_number' }]);
        same((await asked(u, bySMS(u))).called, ['mfaRequired', 'success']);
        check(await call((done) => u.cognitoUser.disableMFA(done)) === 'SUCCESS', 'not SUCCESS');
        same((await asked(u)).called, ['success']);
      },

      async '11: changing the password'() {
        const u = await signedIn();
        await fails(call((done) => u.cognitoUser.changePassword('Wr0ng-Passw0rd', 'N3w-Passw0rd', done)), 'NotAuthorizedException', 'Incorrect username or password.');
        check(await call((done) => u.cognitoUser.changePassword(Password, 'N3w-Passw0rd', done)) === 'SUCCESS', 'not SUCCESS');
        await fails(authenticate(user(u.username, pool()), u.username, Password), 'NotAuthorizedException');
        await authenticate(user(u.username, pool()), u.username, 'N3w-Passw0rd');
      },

      async '12: forgetting the password'() {
        const u = await confirmed();
        const cognitoUser = user(u.username, u.pool);
        await tools.forgetMessages();
        await new Promise((onSuccess, onFailure) => cognitoUser.forgotPassword({
          onSuccess, onFailure,
          async inputVerificationCode(data) {
            check(data.CodeDeliveryDetails.DeliveryMedium === 'EMAIL', JSON.stringify(data));
            cognitoUser.confirmPassword(await tools.readCode(u.email), 'F0rgotten!', { onSuccess, onFailure });
          },
        }));
        await authenticate(user(u.username, pool()), u.username, 'F0rgotten!');
      },

      async '13: deleting a user'() {
        const u = await signedIn();
        check(await call((done) => u.cognitoUser.deleteUser(done)) === 'SUCCESS', 'not SUCCESS');
        await fails(authenticate(user(u.username, pool()), u.username, Password), 'UserNotFoundException');
      },

      async '14: signing out'() {
        const u = await signedIn();
        const refreshToken = u.session.getRefreshToken();
        await new Promise((resolve, reject) => u.cognitoUser.signOut((err) => (err ? reject(err) : resolve())));
        check(u.pool.getCurrentUser() === null, 'there is a current user');
        const again = user(u.username, pool());
        await fails(call((done) => again.client.request('InitiateAuth', {
          ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: refreshToken.getToken(), DEVICE_KEY: null },
        }, done)), 'NotAuthorizedException', 'Refresh Token has been revoked');
      },

      async '15: signing out everywhere'() {
        const u = await signedIn();
        const second = user(u.username, pool());
        await authenticate(second, u.username, Password);
        check(await new Promise((onSuccess, onFailure) => u.cognitoUser.globalSignOut({ onSuccess, onFailure })) === 'SUCCESS', 'not SUCCESS');
        await fails(call((done) => second.getUserAttributes(done)), 'NotAuthorizedException', 'Access Token has been revoked');
        await authenticate(user(u.username, pool()), u.username, Password);
      },

      async '16: the current user from storage'() {
        const u = await signedIn();
        const current = pool(u.pool.storage).getCurrentUser();
        check(current.getUsername() === u.username, `current user ${current.getUsername()}`);
        const session = await call((done) => current.getSession(done));
        check(session.isValid(), 'the session is not valid');
        check((await attributes(current)).email === u.email, 'another e-mail address');
      },

      async '18 to 22: devices'() {
        const u = await confirmed(pool(undefined, tools.devices), phoneOf(`device${tools.tag}`));
        const { called, cognitoUser, session } = await asked(u);
        same(called, ['confirmation']);
        const key = session.getAccessToken().payload.device_key;
        await call((done) => cognitoUser.setUserMfaPreference({ PreferredMfa: true, Enabled: true }, null, done));
        const command = (f) => new Promise((onSuccess, onFailure) => f({ onSuccess, onFailure }));
        const status = async () => {
          const { Device } = await command((done) => cognitoUser.getDevice(done));
          check(Device.DeviceKey === key, `device ${Device.DeviceKey}, want ${key}`);
          return Device.DeviceAttributes.find((a) => a.Name === 'dev:device_remembered_status').Value;
        };
        const { Devices } = await command((done) => cognitoUser.listDevices(10, null, done));
        same(Devices.map((d) => d.DeviceKey), [key]);
        check(await status() === 'not_remembered', `the device is ${await status()}`);

        // A device that is not remembered takes part and spares nothing.
        const again = await asked(u, bySMS(u));
        same(again.called, ['mfaRequired', 'success']);
        check(again.session.getAccessToken().payload.device_key === key, 'another device');

        check(await command((done) => cognitoUser.setDeviceStatusRemembered(done)) === 'SUCCESS', 'not SUCCESS');
        check(await status() === 'remembered', `the device is ${await status()}`);
        const spared = await asked(u);
        same(spared.called, ['success']);
        check(spared.session.getAccessToken().payload.device_key === key, 'another device');

        check(await command((done) => cognitoUser.setDeviceStatusNotRemembered(done)) === 'SUCCESS', 'not SUCCESS');
        same((await asked(u, bySMS(u))).called, ['mfaRequired', 'success']);

        const last = user(u.username, u.pool);
        await call((done) => last.getSession(done));
        last.getCachedDeviceKeyAndPassword();
        check(await command((done) => last.forgetDevice(done)) === 'SUCCESS', 'not SUCCESS');
        const fresh = await asked(u, bySMS(u));
        same(fresh.called, ['mfaRequired', 'confirmation']);
        check(fresh.session.getAccessToken().payload.device_key !== key, 'the device was not forgotten');
      },

      async '22: a device that was forgotten elsewhere'() {
        const u = await confirmed(pool(undefined, tools.devices), phoneOf(`forgotten${tools.tag}`));
        const { session, cognitoUser } = await asked(u);
        const key = session.getAccessToken().payload.device_key;
        await new Promise((onSuccess, onFailure) => cognitoUser.forgetSpecificDevice(key, { onSuccess, onFailure }));
        // The library still names it, is told so, and registers itself anew.
        const { called, session: next } = await asked(u);
        same(called, ['confirmation']);
        check(next.getAccessToken().payload.device_key !== key, 'the device was not forgotten');
      },

      async '23: the new password of a user made by an administrator'() {
        const username = unique();
        const email = `${username}@example.com`;
        await tools.createUser(username, 'Temp0rary!', [{ Name: 'email', Value: email }, { Name: 'email_verified', Value: 'true' }]);
        const cognitoUser = user(username, pool());
        const session = await new Promise((onSuccess, onFailure) => cognitoUser.authenticateUser(
          new lib.AuthenticationDetails({ Username: username, Password: 'Temp0rary!' }), {
            onSuccess, onFailure,
            newPasswordRequired(userAttributes, requiredAttributes) {
              check(userAttributes.email === email && Array.isArray(requiredAttributes), JSON.stringify([userAttributes, requiredAttributes]));
              delete userAttributes.email_verified;
              cognitoUser.completeNewPasswordChallenge('P3rmanent!', userAttributes, { onSuccess, onFailure });
            },
          }));
        check(session.isValid(), 'the session is not valid');
        await authenticate(user(username, pool()), username, 'P3rmanent!');
      },

      async '24: the MFA settings'() {
        const u = await signedInTo(tools.optional);
        same(await factors(u.cognitoUser), {});
        await call((done) => u.cognitoUser.setUserMfaPreference({ PreferredMfa: true, Enabled: true }, null, done));
        same(await factors(u.cognitoUser), { PreferredMfaSetting: 'SMS_MFA', UserMFASettingList: ['SMS_MFA'] });
        await call((done) => u.cognitoUser.setUserMfaPreference({ PreferredMfa: false, Enabled: false }, null, done));
        same(await factors(u.cognitoUser), {});
      },

      async '25: a custom challenge'() {
        const u = await confirmed(pool(undefined, tools.custom));
        const solve = (answers, start) => {
          const cognitoUser = user(u.username, u.pool);
          cognitoUser.setAuthenticationFlowType('CUSTOM_AUTH');
          return new Promise((onSuccess, onFailure) => cognitoUser[start](
            new lib.AuthenticationDetails({ Username: u.username, Password }), {
              onSuccess, onFailure,
              customChallenge(parameters) {
                check(parameters.question === '2 + 3' && !('answer' in parameters), JSON.stringify(parameters));
                cognitoUser.sendCustomChallengeAnswer(answers.shift(), this);
              },
            }));
        };
        check((await solve(['6', '5'], 'initiateAuth')).isValid(), 'the session is not valid');
        check((await solve(['5'], 'authenticateUser')).isValid(), 'the session is not valid'); // after the password
        await fails(solve(['6', '7', '8'], 'initiateAuth'), 'NotAuthorizedException');
      },

      async '26: tokens in cookies'() {
        if (!tools.cookies) return 'only where there are cookies';
        const Storage = new lib.CookieStorage({ ...tools.cookies });
        const u = await signedIn(pool(Storage));
        const current = pool(new lib.CookieStorage({ ...tools.cookies })).getCurrentUser();
        check(current.getUsername() === u.username, 'another user');
        check((await call((done) => current.getSession(done))).isValid(), 'the session is not valid');
        current.signOut();
        check(pool(Storage).getCurrentUser() === null, 'there is a current user');
        return undefined;
      },

      async '27: selecting the MFA method'() {
        const u = await signedInTo(tools.optional);
        const app = { secret: await registerApp(u.cognitoUser) };
        await call((done) => u.cognitoUser.setUserMfaPreference(
          { PreferredMfa: false, Enabled: true }, { PreferredMfa: false, Enabled: true }, done));
        const choosing = (answer) => ({
          selectMFAType(challenge, parameters) {
            same([challenge, JSON.parse(parameters.MFAS_CAN_CHOOSE).sort()], ['SELECT_MFA_TYPE', ['SMS_MFA', 'SOFTWARE_TOKEN_MFA']]);
            this.cognitoUser.sendMFASelectionAnswer(answer, this);
          },
        });
        same((await asked(u, { ...bySMS(u), ...choosing('SMS_MFA') })).called, ['selectMFAType', 'mfaRequired', 'success']);
        same((await asked(u, { ...byApp(app, 1), ...choosing('SOFTWARE_TOKEN_MFA') })).called, ['selectMFAType', 'totpRequired', 'success']);
      },

      async '27: setting up an app while signing in'() {
        const u = { username: unique(), pool: pool(undefined, tools.demanded) };
        await tools.createUser(u.username, 'Temp0rary!', [], tools.demanded.UserPoolId);
        const app = {};
        const cognitoUser = user(u.username, u.pool);
        const session = await new Promise((onSuccess, onFailure) => {
          const { mfaSetup, associateSecretCode } = byApp(app);
          cognitoUser.authenticateUser(new lib.AuthenticationDetails({ Username: u.username, Password: 'Temp0rary!' }), {
            onSuccess, onFailure, cognitoUser, mfaSetup, associateSecretCode,
            newPasswordRequired(attributes) { cognitoUser.completeNewPasswordChallenge(Password, attributes, this); },
          });
        });
        check(session.isValid(), 'the session is not valid');
        same((await factors(cognitoUser)).UserMFASettingList, ['SOFTWARE_TOKEN_MFA']);
        same((await asked(u, byApp(app, 1))).called, ['totpRequired', 'success']);
      },

      async '28: preferring SMS'() {
        const u = await signedInTo(tools.optional);
        check(await call((done) => u.cognitoUser.setUserMfaPreference({ PreferredMfa: true, Enabled: true }, null, done)) === 'SUCCESS', 'not SUCCESS');
        same((await asked(u, bySMS(u))).called, ['mfaRequired', 'success']);
      },

      async '29: preferring an app'() {
        const u = await signedInTo(tools.optional);
        await fails(call((done) => u.cognitoUser.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, done)), 'InvalidParameterException');
        const app = { secret: await registerApp(u.cognitoUser) };
        check(await call((done) => u.cognitoUser.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, done)) === 'SUCCESS', 'not SUCCESS');
        same(await factors(u.cognitoUser), { PreferredMfaSetting: 'SOFTWARE_TOKEN_MFA', UserMFASettingList: ['SOFTWARE_TOKEN_MFA'] });
        same((await asked(u, byApp(app, 1))).called, ['totpRequired', 'success']);
      },

      async '30: authenticating with USER_PASSWORD_AUTH'() {
        const u = await confirmed();
        const cognitoUser = user(u.username, u.pool);
        cognitoUser.setAuthenticationFlowType('USER_PASSWORD_AUTH');
        check((await authenticate(cognitoUser, u.username, Password)).isValid(), 'the session is not valid');
        const wrong = user(u.username, pool());
        wrong.setAuthenticationFlowType('USER_PASSWORD_AUTH');
        await fails(authenticate(wrong, u.username, 'Wr0ng-Passw0rd'), 'NotAuthorizedException', 'Incorrect username or password.');
      },

      async '31: the user data'() {
        const u = await signedIn();
        const first = await call((done) => u.cognitoUser.getUserData(done));
        check(first.Username === u.username && first.UserMFASettingList === undefined, JSON.stringify(first));
        const fresh = await call((done) => u.cognitoUser.getUserData(done, { bypassCache: true }));
        check(fresh.UserAttributes.length === first.UserAttributes.length, JSON.stringify(fresh));
      },

      async '32: refreshing the session'() {
        const u = await signedIn();
        const refreshed = await call((done) => u.cognitoUser.refreshSession(u.session.getRefreshToken(), done));
        const before = u.session.getIdToken().payload;
        const after = refreshed.getIdToken().payload;
        check(after.origin_jti === before.origin_jti && after.jti !== before.jti && after.auth_time === before.auth_time, JSON.stringify([before, after]));
        check(refreshed.getRefreshToken().getToken() === u.session.getRefreshToken().getToken(), 'another refresh token');
      },
    };
  }

  root.cenoteUseCases = { make, appCode, check, same, phoneOf };
  if (typeof module !== 'undefined' && module.exports) module.exports = root.cenoteUseCases;
})(typeof globalThis !== 'undefined' ? globalThis : this);
