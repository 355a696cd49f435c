'use strict';
// The use cases of amazon-cognito-identity-js's README, told once and run in Node, in a
// browser with the distributed script, and in a browser from a webpack bundle. The file
// needs nothing but the library and these tools:
//   lib                    the library's exports
//   UserPoolId, ClientId, endpoint
//   readCode(address), forgetMessages()
//   createUser(username, temporaryPassword, attributes)   AdminCreateUser, for use case 23
//   expireTokens()         makes the server's clock jump past the tokens' lifetime
//   storage()              where tokens are kept; undefined means the library's default
//   cookies                {domain} where cookies exist, else undefined

(function define(root) {
  const Password = 'Passw0rd!';

  function check(condition, text) {
    if (!condition) throw new Error(text);
  }

  /** Turns a node-style callback call into a promise. */
  function call(f) {
    return new Promise((resolve, reject) => f((err, result) => (err ? reject(err) : resolve(result))));
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
    const pool = (Storage) => new lib.CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage: Storage || (tools.storage && tools.storage()) });
    const user = (Username, Pool) => new lib.CognitoUser({ Username, Pool, Storage: Pool.storage });
    const attribute = (Name, Value) => new lib.CognitoUserAttribute({ Name, Value });

    async function signUp(username = unique(), p = pool()) {
      const email = `${username}@example.com`;
      const result = await call((done) => p.signUp(
        username, Password, [attribute('email', email), attribute('phone_number', '+15555555555')], null, done));
      return { username, email, pool: p, result };
    }

    async function confirmed(p) {
      const u = await signUp(undefined, p);
      await call(async (done) => user(u.username, u.pool).confirmRegistration(await tools.readCode(u.email), true, done));
      return u;
    }

    function authenticate(cognitoUser, Username, secret, extra = {}) {
      const details = new lib.AuthenticationDetails({ Username, Password: secret });
      return new Promise((onSuccess, onFailure) => cognitoUser.authenticateUser(details, { onSuccess, onFailure, ...extra }));
    }

    async function signedIn(p) {
      const u = await confirmed(p);
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

  root.cenoteUseCases = { make };
  if (typeof module !== 'undefined' && module.exports) module.exports = root.cenoteUseCases;
})(typeof globalThis !== 'undefined' ? globalThis : this);
