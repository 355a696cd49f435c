package id.cenote.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cognitoidentityprovider.CognitoIdentityProviderClient;

/** A running {@code cenote dev} with an empty store, its clients, and its inbox. */
final class Server implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Pattern CODE = Pattern.compile("\"code\"\\s*:\\s*\"(\\d+)\"");

    private final Process process;
    private final Path log;
    private final HttpClient http = HttpClient.newHttpClient();
    final URI endpoint;

    /** Starts the built server on a free port and waits until it is ready. */
    Server() throws IOException, InterruptedException {
        Path base = Path.of(System.getProperty("basedir", "."));
        String binary = System.getenv().getOrDefault("CENOTE_BIN", base.resolve("../../bin/cenote").toString());
        String address = "127.0.0.1:" + freePort();
        endpoint = URI.create("http://" + address);
        log = Files.createTempFile("cenote-e2e-java", ".log");
        log.toFile().deleteOnExit();
        process = new ProcessBuilder(binary, "dev", "--ephemeral", "--listen", address)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        // The server ends with the tests even when they are interrupted.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        try {
            waitUntilReady();
        } catch (IOException | InterruptedException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private void waitUntilReady() throws IOException, InterruptedException {
        HttpRequest ready = HttpRequest.newBuilder(endpoint.resolve("/readyz")).timeout(PATIENCE).build();
        for (long start = System.nanoTime(); System.nanoTime() - start < PATIENCE.toNanos(); ) {
            try {
                if (http.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (IOException e) {
                // It does not listen so far.
            }
            if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("the server ended:\n" + Files.readString(log));
            }
        }
        throw new IllegalStateException("the server is not ready:\n" + Files.readString(log));
    }

    /** An administrator's client. In development mode any credentials will do. */
    CognitoIdentityProviderClient administrator() {
        return client(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
    }

    /** An app's client, which has no credentials: users' operations are not signed. */
    CognitoIdentityProviderClient app() {
        return client(AnonymousCredentialsProvider.create());
    }

    private CognitoIdentityProviderClient client(AwsCredentialsProvider credentials) {
        return CognitoIdentityProviderClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(credentials)
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .build();
    }

    /** The newest code that was sent to an address. */
    String code(String to) throws IOException, InterruptedException {
        String query = "/_cenote/messages?limit=1&wait=5s&to=" + URLEncoder.encode(to, StandardCharsets.UTF_8);
        HttpRequest request = HttpRequest.newBuilder(endpoint.resolve(query)).timeout(PATIENCE).build();
        String messages = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        Matcher code = CODE.matcher(messages);
        if (!code.find()) {
            throw new AssertionError("no code was sent to " + to + ": " + messages);
        }
        return code.group(1);
    }

    /** Empties the inbox, so that the next code read is the next one sent. */
    void forgetMessages() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(endpoint.resolve("/_cenote/messages")).timeout(PATIENCE).DELETE().build();
        http.send(request, HttpResponse.BodyHandlers.discarding());
    }

    /** Stops the server and fails unless it ends well and soon. */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the server does not stop:\n" + Files.readString(log));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("the server ended with " + process.exitValue() + ":\n" + Files.readString(log));
        }
    }
}
