package id.cenote.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import software.amazon.awssdk.services.cognitoidentityprovider.CognitoIdentityProviderClient;
import software.amazon.awssdk.services.cognitoidentityprovider.model.AttributeType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.AuthFlowType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.AuthenticationResultType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.ChallengeNameType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.CodeDeliveryDetailsType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.CodeMismatchException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.CognitoIdentityProviderException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.CreateUserPoolClientRequest;
import software.amazon.awssdk.services.cognitoidentityprovider.model.DeliveryMediumType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.ExplicitAuthFlowsType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.InitiateAuthResponse;
import software.amazon.awssdk.services.cognitoidentityprovider.model.InvalidParameterException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.InvalidPasswordException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.ListUsersResponse;
import software.amazon.awssdk.services.cognitoidentityprovider.model.MessageActionType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.NotAuthorizedException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.ResourceNotFoundException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.RespondToAuthChallengeResponse;
import software.amazon.awssdk.services.cognitoidentityprovider.model.SignUpResponse;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UserNotConfirmedException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UserNotFoundException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UserPoolClientType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UserStatusType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UserType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.UsernameExistsException;
import software.amazon.awssdk.services.cognitoidentityprovider.model.VerifiedAttributeType;

/** The AWS SDK for Java, unmodified: what an app and its administrator do all day. */
class SdkTest {
    private static final String PASSWORD = "Passw0rd!";

    private static Server server;
    private static CognitoIdentityProviderClient admin;
    private static CognitoIdentityProviderClient app;

    private String pool;
    private String client;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        server = new Server();
        admin = server.administrator();
        app = server.app();
    }

    @AfterAll
    static void stop() throws IOException {
        try (Server ending = server) {
            if (ending != null) {
                app.close();
                admin.close();
            }
        }
    }

    @BeforeEach
    void createPool() {
        pool = admin.createUserPool(r -> r.poolName("java").autoVerifiedAttributes(VerifiedAttributeType.EMAIL)).userPool().id();
        client = createClient(r -> {}).clientId();
    }

    private UserPoolClientType createClient(Consumer<CreateUserPoolClientRequest.Builder> more) {
        return admin.createUserPoolClient(r -> {
            r.userPoolId(pool).clientName("web").explicitAuthFlows(
                    ExplicitAuthFlowsType.ALLOW_USER_PASSWORD_AUTH, ExplicitAuthFlowsType.ALLOW_REFRESH_TOKEN_AUTH);
            more.accept(r);
        }).userPoolClient();
    }

    private SignUpResponse signUp(String username, String email) {
        return app.signUp(r -> r.clientId(client).username(username).password(PASSWORD).userAttributes(attribute("email", email)));
    }

    private void createUser(String username) {
        admin.adminCreateUser(r -> r.userPoolId(pool).username(username).messageAction(MessageActionType.SUPPRESS));
        admin.adminSetUserPassword(r -> r.userPoolId(pool).username(username).password(PASSWORD).permanent(true));
    }

    private InitiateAuthResponse initiate(String username, String password) {
        return app.initiateAuth(r -> r.clientId(client).authFlow(AuthFlowType.USER_PASSWORD_AUTH)
                .authParameters(Map.of("USERNAME", username, "PASSWORD", password)));
    }

    private AuthenticationResultType signIn(String username, String password) {
        InitiateAuthResponse answer = initiate(username, password);
        assertNull(answer.challengeName(), "a challenge");
        return answer.authenticationResult();
    }

    private AuthenticationResultType refresh(String token) {
        return app.initiateAuth(r -> r.clientId(client).authFlow(AuthFlowType.REFRESH_TOKEN_AUTH)
                .authParameters(Map.of("REFRESH_TOKEN", token))).authenticationResult();
    }

    private static AttributeType attribute(String name, String value) {
        return AttributeType.builder().name(name).value(value).build();
    }

    private static Map<String, String> map(List<AttributeType> attributes) {
        return attributes.stream().collect(Collectors.toMap(AttributeType::name, AttributeType::value));
    }

    /** The payload of a JSON Web Token, not verified. */
    private static String claims(String token) {
        return new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8);
    }

    /** Fails unless call throws exactly this exception, whose parts the SDK found in the answer. */
    private static <E extends CognitoIdentityProviderException> void refused(Class<E> type, String message, Executable call) {
        E refusal = assertThrowsExactly(type, call);
        assertEquals(message, refusal.awsErrorDetails().errorMessage());
        assertEquals(type.getSimpleName(), refusal.awsErrorDetails().errorCode());
        assertEquals("CognitoIdentityProvider", refusal.awsErrorDetails().serviceName());
        assertEquals(400, refusal.statusCode());
        UUID.fromString(refusal.requestId());
    }

    @Test
    void aUsersLife() throws IOException, InterruptedException {
        SignUpResponse signedUp = signUp("ann", "java@example.com");
        assertFalse(signedUp.userConfirmed());
        UUID.fromString(signedUp.userSub());
        CodeDeliveryDetailsType sent = signedUp.codeDeliveryDetails();
        assertEquals("j***@e***", sent.destination());
        assertEquals(DeliveryMediumType.EMAIL, sent.deliveryMedium());
        assertEquals("email", sent.attributeName());
        refused(UsernameExistsException.class, "User already exists", () -> signUp("ann", "other@example.com"));
        refused(UserNotConfirmedException.class, "User is not confirmed.", () -> initiate("ann", PASSWORD));
        refused(CodeMismatchException.class, "Invalid verification code provided, please try again.",
                () -> app.confirmSignUp(r -> r.clientId(client).username("ann").confirmationCode("000000x")));
        String code = server.code("java@example.com");
        app.confirmSignUp(r -> r.clientId(client).username("ann").confirmationCode(code));

        AuthenticationResultType tokens = signIn("ann", PASSWORD);
        assertEquals("Bearer", tokens.tokenType());
        assertEquals(3600, tokens.expiresIn());
        assertTrue(claims(tokens.idToken()).contains("\"iss\":\"" + server.endpoint + "/" + pool + "\""), claims(tokens.idToken()));
        var user = app.getUser(r -> r.accessToken(tokens.accessToken()));
        assertEquals("ann", user.username());
        assertEquals(Map.of("sub", signedUp.userSub(), "email", "java@example.com", "email_verified", "true"), map(user.userAttributes()));

        AuthenticationResultType refreshed = refresh(tokens.refreshToken());
        assertNull(refreshed.refreshToken(), "the refresh token is not rotated");
        assertNotEquals(tokens.accessToken(), refreshed.accessToken());

        server.forgetMessages();
        app.forgotPassword(r -> r.clientId(client).username("ann"));
        String reset = server.code("java@example.com");
        app.confirmForgotPassword(r -> r.clientId(client).username("ann").confirmationCode(reset).password("N3w-Passw0rd"));
        refused(NotAuthorizedException.class, "Incorrect username or password.", () -> initiate("ann", PASSWORD));

        AuthenticationResultType again = signIn("ann", "N3w-Passw0rd");
        app.globalSignOut(r -> r.accessToken(again.accessToken()));
        refused(NotAuthorizedException.class, "Access Token has been revoked", () -> app.getUser(r -> r.accessToken(again.accessToken())));
        refused(NotAuthorizedException.class, "Refresh Token has been revoked", () -> refresh(again.refreshToken()));

        AuthenticationResultType last = signIn("ann", "N3w-Passw0rd");
        app.deleteUser(r -> r.accessToken(last.accessToken()));
        refused(UserNotFoundException.class, "User does not exist.",
                () -> admin.adminGetUser(r -> r.userPoolId(pool).username("ann")));
    }

    @Test
    void newPasswordRequired() {
        UserType made = admin.adminCreateUser(r -> r.userPoolId(pool).username("bob").temporaryPassword("Temp0rary!")
                .messageAction(MessageActionType.SUPPRESS)
                .userAttributes(attribute("email", "bob@example.com"), attribute("email_verified", "true"))).user();
        assertEquals(UserStatusType.FORCE_CHANGE_PASSWORD, made.userStatus());
        assertTrue(made.enabled());
        assertNotNull(made.userCreateDate());

        InitiateAuthResponse challenge = initiate("bob", "Temp0rary!");
        assertEquals(ChallengeNameType.NEW_PASSWORD_REQUIRED, challenge.challengeName());
        assertNull(challenge.authenticationResult());
        assertEquals("bob", challenge.challengeParameters().get("USER_ID_FOR_SRP"));
        assertEquals("[]", challenge.challengeParameters().get("requiredAttributes"));

        refused(InvalidPasswordException.class, "Password does not conform to policy: Password not long enough",
                () -> answer(challenge.session(), "short"));
        RespondToAuthChallengeResponse done = answer(challenge.session(), "N3w-Passw0rd");
        assertNull(done.challengeName());
        assertNotNull(done.authenticationResult().accessToken());
        assertEquals(UserStatusType.CONFIRMED, admin.adminGetUser(r -> r.userPoolId(pool).username("bob")).userStatus());
        signIn("bob", "N3w-Passw0rd");
        refused(NotAuthorizedException.class, "Invalid session for the user, session can only be used once.",
                () -> answer(challenge.session(), "N3w-Passw0rd"));
    }

    private RespondToAuthChallengeResponse answer(String session, String password) {
        return app.respondToAuthChallenge(r -> r.clientId(client).session(session)
                .challengeName(ChallengeNameType.NEW_PASSWORD_REQUIRED)
                .challengeResponses(Map.of("USERNAME", "bob", "NEW_PASSWORD", password)));
    }

    @Test
    void errors() {
        createUser("ann");
        refused(NotAuthorizedException.class, "Incorrect username or password.", () -> initiate("ann", "Wr0ng-Passw0rd"));
        refused(ResourceNotFoundException.class, "User pool client missing does not exist.",
                () -> app.initiateAuth(r -> r.clientId("missing").authFlow(AuthFlowType.USER_PASSWORD_AUTH)
                        .authParameters(Map.of("USERNAME", "ann", "PASSWORD", PASSWORD))));
        refused(ResourceNotFoundException.class, "User pool us-east-1_missing does not exist.",
                () -> admin.describeUserPool(r -> r.userPoolId("us-east-1_missing")));
        refused(InvalidParameterException.class, "Missing required parameter USERNAME",
                () -> app.initiateAuth(r -> r.clientId(client).authFlow(AuthFlowType.USER_PASSWORD_AUTH)
                        .authParameters(Map.of("PASSWORD", PASSWORD))));
        refused(NotAuthorizedException.class, "Invalid Access Token", () -> app.getUser(r -> r.accessToken("e30.e30.e30")));
    }

    /** Groups reach the tokens of their members. */
    @Test
    void groups() {
        createUser("ann");
        admin.createGroup(r -> r.userPoolId(pool).groupName("staff").precedence(1));
        admin.adminAddUserToGroup(r -> r.userPoolId(pool).username("ann").groupName("staff"));
        assertEquals(List.of("staff"), admin.adminListGroupsForUser(r -> r.userPoolId(pool).username("ann"))
                .groups().stream().map(g -> g.groupName()).toList());
        String claims = initiate("ann", PASSWORD).authenticationResult().accessToken().split("\\.")[1];
        String text = new String(Base64.getUrlDecoder().decode(claims), StandardCharsets.UTF_8);
        assertTrue(text.contains("\"cognito:groups\":[\"staff\"]"), text);
    }

    /** What is not built says so, and the SDK neither repeats the call nor mistakes it for another error. */
    @Test
    void notImplemented() {
        Executable call = () -> admin.createUserPool(r -> r.poolName("p").keyConfiguration(k -> k
                .keyType("CUSTOMER_MANAGED_KEY").kmsKeyArn("arn:aws:kms:us-east-1:000000000000:key/k")));
        CognitoIdentityProviderException refusal = assertThrowsExactly(CognitoIdentityProviderException.class, call);
        assertEquals(501, refusal.statusCode());
        assertEquals("NotImplemented", refusal.awsErrorDetails().errorCode());
        assertTrue(refusal.awsErrorDetails().errorMessage().contains("KeyConfiguration.KeyType"), refusal.getMessage());
        assertEquals(1, refusal.numAttempts());
    }

    @Test
    void pages() {
        Set<String> wanted = new HashSet<>();
        for (int i = 0; i < 7; i++) {
            String name = "page" + i;
            admin.adminCreateUser(r -> r.userPoolId(pool).username(name).messageAction(MessageActionType.SUPPRESS));
            wanted.add(name);
        }
        List<Integer> sizes = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        for (ListUsersResponse page : admin.listUsersPaginator(r -> r.userPoolId(pool).limit(3))) {
            sizes.add(page.users().size());
            page.users().forEach(u -> seen.add(u.username()));
        }
        assertEquals(List.of(3, 3, 1), sizes);
        assertEquals(wanted, new HashSet<>(seen));
        assertEquals(wanted.size(), seen.size());
        assertEquals(Set.of("page4"), admin.listUsersPaginator(r -> r.userPoolId(pool).filter("username = \"page4\""))
                .users().stream().map(UserType::username).collect(Collectors.toSet()));
    }

    @Test
    void secretHash() throws GeneralSecurityException {
        createUser("ann");
        UserPoolClientType confidential = createClient(r -> r.generateSecret(true));
        String hash = secretHash(confidential, "ann");
        assertNotNull(initiate(confidential, hash).authenticationResult().accessToken());
        refused(NotAuthorizedException.class,
                "Client " + confidential.clientId() + " is configured with secret but SECRET_HASH was not received",
                () -> initiate(confidential, null));
        String other = secretHash(confidential, "bob");
        refused(NotAuthorizedException.class, "Unable to verify secret hash for client " + confidential.clientId(),
                () -> initiate(confidential, other));
    }

    private static InitiateAuthResponse initiate(UserPoolClientType client, String secretHash) {
        Map<String, String> parameters = new HashMap<>(Map.of("USERNAME", "ann", "PASSWORD", PASSWORD));
        if (secretHash != null) {
            parameters.put("SECRET_HASH", secretHash);
        }
        return app.initiateAuth(r -> r.clientId(client.clientId()).authFlow(AuthFlowType.USER_PASSWORD_AUTH).authParameters(parameters));
    }

    private static String secretHash(UserPoolClientType client, String username) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(client.clientSecret().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        mac.update(username.getBytes(StandardCharsets.UTF_8));
        return Base64.getEncoder().encodeToString(mac.doFinal(client.clientId().getBytes(StandardCharsets.UTF_8)));
    }

    /** Members of all kinds survive the way to the server and back. */
    @Test
    void configuration() {
        var described = admin.describeUserPool(r -> r.userPoolId(pool)).userPool();
        assertEquals("java", described.name());
        assertEquals(List.of(VerifiedAttributeType.EMAIL), described.autoVerifiedAttributes());
        assertEquals(8, described.policies().passwordPolicy().minimumLength());
        assertEquals("arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + pool, described.arn());
        assertInstanceOf(java.time.Instant.class, described.creationDate());
        assertTrue(admin.listUserPoolsPaginator(r -> r.maxResults(1)).userPools().stream().anyMatch(p -> p.id().equals(pool)));
        admin.deleteUserPool(r -> r.userPoolId(pool));
        refused(ResourceNotFoundException.class, "User pool " + pool + " does not exist.",
                () -> admin.describeUserPool(r -> r.userPoolId(pool)));
    }
}
