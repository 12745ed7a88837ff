// partner gets a bound access token, calls the API with it, and prints what the API answers.
//
//	ISSUER API_URL TRUST_BUNDLE CLIENT_ID   of demo.env
//	CLIENT_CERTIFICATE CLIENT_KEY           what it presents on its connections; may be left out
//	CLIENT_JWK                              file with a private JWK: it authenticates by private_key_jwt
//	BINDING                                 mtls (as if left out) or dpop
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"

	"example.org/bound/bound"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "partner:", err)
		os.Exit(1)
	}
}

func run() error {
	client, err := bound.Client(os.Getenv("TRUST_BUNDLE"), os.Getenv("CLIENT_CERTIFICATE"), os.Getenv("CLIENT_KEY"))
	if err != nil {
		return err
	}
	api := os.Getenv("API_URL")
	partner := &bound.Partner{
		HTTP: client, Issuer: os.Getenv("ISSUER"), ClientID: os.Getenv("CLIENT_ID"), Scope: "accounts", Resource: api,
	}
	if file := os.Getenv("CLIENT_JWK"); file != "" {
		if partner.AssertionKey, partner.AssertionKid, err = readKey(file); err != nil {
			return err
		}
	}
	if os.Getenv("BINDING") == "dpop" {
		if partner.ProofKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return err
		}
	}
	token, err := partner.Token()
	if err != nil {
		return err
	}
	status, body, err := partner.Get(token, api+"/accounts")
	if err != nil {
		return err
	}
	fmt.Printf("%s %d %s\n", token.Type, status, body)
	if status != 200 {
		return fmt.Errorf("the API answered %d", status)
	}
	return nil
}

func readKey(file string) (*ecdsa.PrivateKey, string, error) {
	octets, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	var jwk bound.JWK
	if err := json.Unmarshal(octets, &jwk); err != nil {
		return nil, "", err
	}
	key, err := jwk.Private()
	return key, jwk.Kid, err
}
