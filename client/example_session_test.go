package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"time"

	"github.com/cenote-id/cenote/client"
)

// Reading the user (use cases 5 and 31).
func ExampleSession_UserData() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	user, err := session.UserData(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username, user.Attributes["nickname"], user.Attributes["email_verified"])
	// Output: alice Al true
}

// Verifying an e-mail address (use case 6).
func ExampleSession_VerifyAttribute() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	delivery, err := session.SendVerificationCode(ctx, "email")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("code by", delivery.Medium)
	if err := session.VerifyAttribute(ctx, "email", demo.code()); err != nil {
		log.Fatal(err)
	}
	// Output: code by EMAIL
}

// Deleting attributes (use case 7).
func ExampleSession_DeleteAttributes() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	if err := session.DeleteAttributes(ctx, "nickname"); err != nil {
		log.Fatal(err)
	}
	user, err := session.UserData(ctx)
	if err != nil {
		log.Fatal(err)
	}
	_, exists := user.Attributes["nickname"]
	fmt.Println(exists)
	// Output: false
}

// Changing attributes (use case 8).
func ExampleSession_UpdateAttributes() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	deliveries, err := session.UpdateAttributes(ctx, map[string]string{"nickname": "joe", "email": demo.email("joe")})
	if err != nil {
		log.Fatal(err)
	}
	for _, delivery := range deliveries {
		fmt.Println("code by", delivery.Medium, "to verify", delivery.Attribute)
	}
	// The new nickname is in the ID tokens from now on.
	if err := session.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	var claims struct{ Nickname string }
	if err := session.Tokens().ID.DecodeClaims(&claims); err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Nickname)
	// Output:
	// code by EMAIL to verify email
	// joe
}

// Changing the password (use case 11).
func ExampleSession_ChangePassword() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	err := session.ChangePassword(ctx, "Passw0rd!", "short")
	fmt.Println(errors.Is(err, client.ErrInvalidPassword), err)
	if err := session.ChangePassword(ctx, "Passw0rd!", "N3w-Passw0rd!"); err != nil {
		log.Fatal(err)
	}
	// Output: true InvalidPasswordException: Password does not conform to policy: Password not long enough
}

// Deleting the user (use case 13).
func ExampleSession_DeleteUser() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	if err := session.DeleteUser(ctx); err != nil {
		log.Fatal(err)
	}
	_, err := demo.pool().User("alice").SignIn(ctx, "Passw0rd!")
	fmt.Println(err)
	// Output: UserNotFoundException: User does not exist.
}

// Signing out here (use case 14).
func ExampleSession_SignOut() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()
	token, err := session.AccessToken(ctx)
	if err != nil {
		log.Fatal(err)
	}

	if err := session.SignOut(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = session.AccessToken(ctx)
	fmt.Println(errors.Is(err, client.ErrNotSignedIn), demo.accepts(token))
	// Output: true false
}

// Signing out everywhere (use case 15).
func ExampleSession_GlobalSignOut() {
	demo := startDemo()
	pool, ctx := demo.registered(), context.Background()
	phone, err := pool.User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := pool.WithStorage(new(client.Memory)).User("alice").SignIn(ctx, "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}

	if err := phone.GlobalSignOut(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(laptop.Refresh(ctx))
	// Output: client: no user is signed in any more: NotAuthorizedException: Refresh Token has been revoked
}

// A program that finds its user signed in when it is started again (use case 16).
func ExamplePool_CurrentSession() {
	demo := startDemo()
	demo.registered()
	ctx := context.Background()
	file := filepath.Join(demo.dir(), "session.json")
	newPool := func() *client.Pool {
		pool, err := client.New(client.Config{
			UserPoolID: demo.UserPoolID, ClientID: demo.ClientID, Endpoint: demo.Endpoint,
			Storage: client.NewFile(file),
		})
		if err != nil {
			log.Fatal(err)
		}
		return pool
	}

	_, err := newPool().CurrentSession(ctx)
	fmt.Println(errors.Is(err, client.ErrNotSignedIn))
	if _, err := newPool().User("alice").SignIn(ctx, "Passw0rd!"); err != nil {
		log.Fatal(err)
	}
	session, err := newPool().CurrentSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
	user, err := session.UserData(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username)
	// Output:
	// true
	// alice
}

// A web application that keeps its users' sessions in their browsers (use case 26).
func ExampleCookies() {
	demo := startDemo()
	pool := demo.registered()
	storage := func(w http.ResponseWriter, r *http.Request) *client.Pool {
		return pool.WithStorage(client.NewCookies(w, r, client.CookieOptions{SameSite: http.SameSiteStrictMode}))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := storage(w, r).User(r.FormValue("name")).SignIn(r.Context(), r.FormValue("password")); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		session, err := storage(w, r).CurrentSession(r.Context())
		if err != nil {
			http.Error(w, "please log in", http.StatusUnauthorized)
			return
		}
		user, err := session.UserData(r.Context()) // the cookies prove nothing before this
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		fmt.Fprintln(w, "hello", user.Username)
	})

	server := httptest.NewTLSServer(mux)
	defer server.Close()
	browser := server.Client()
	browser.Jar, _ = cookiejar.New(nil)
	for _, visit := range []func() (*http.Response, error){
		func() (*http.Response, error) { return browser.Get(server.URL + "/me") },
		func() (*http.Response, error) {
			return browser.PostForm(server.URL+"/login", map[string][]string{"name": {"alice"}, "password": {"Passw0rd!"}})
		},
		func() (*http.Response, error) { return browser.Get(server.URL + "/me") },
	} {
		resp, err := visit()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(resp.Status)
		resp.Body.Close()
	}
	// Output:
	// 401 Unauthorized
	// 200 OK
	// 200 OK
}

// Calling something else with the user's token. AccessToken refreshes the session before
// the token expires (use case 32).
func ExampleSession_AccessToken() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	token, err := session.AccessToken(ctx)
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	fmt.Println(time.Until(session.Tokens().ExpiresAt()) > 50*time.Minute)
	// Output: true
}

// Getting new tokens at once (use case 32).
func ExampleSession_Refresh() {
	demo := startDemo()
	session, ctx := demo.signedIn(), context.Background()

	before := session.Tokens()
	if err := session.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	after := session.Tokens()
	fmt.Println("another token:", after.Access.JWT() != before.Access.JWT())
	fmt.Println("the same sign-in:", after.Access.Claims().SignInID == before.Access.Claims().SignInID)
	// Output:
	// another token: true
	// the same sign-in: true
}
