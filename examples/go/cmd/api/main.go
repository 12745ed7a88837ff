// api serves GET /orders to whoever owns the token that it presents.
//
//	ISSUER RESOURCE TRUST_BUNDLE                    whose tokens, for which audience, under which authorities
//	SERVER_CERTIFICATE_FILE SERVER_KEY_FILE BIND    how it is served
package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"example.org/bound/bound"
)

func main() {
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

func serve() error {
	client, err := bound.Client(os.Getenv("TRUST_BUNDLE"), "", "")
	if err != nil {
		return err
	}
	anchors, err := bound.Anchors(os.Getenv("TRUST_BUNDLE"))
	if err != nil {
		return err
	}
	audience := os.Getenv("RESOURCE")
	resource := &bound.Resource{
		HTTP: client, Issuer: os.Getenv("ISSUER"), Audience: audience, Anchors: anchors,
		Proofs: &bound.ProofChecker{Origin: audience},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/orders", func(response http.ResponseWriter, request *http.Request) {
		owner, err := resource.Owner(request, "orders")
		if err != nil {
			refuse(response, err)
			return
		}
		answer(response, http.StatusOK, map[string]any{"client_id": owner, "orders": []string{"order-1", "order-2"}})
	})
	server := &http.Server{
		Addr:              os.Getenv("BIND"),
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			// Any certificate is taken, and judged for each request: a refusal can say why.
			ClientAuth: tls.RequestClientCert,
			// A session must not outlive what it was judged by.
			SessionTicketsDisabled: true,
		},
	}
	return server.ListenAndServeTLS(os.Getenv("SERVER_CERTIFICATE_FILE"), os.Getenv("SERVER_KEY_FILE"))
}

func refuse(response http.ResponseWriter, err error) {
	var refused *bound.Refused
	if !errors.As(err, &refused) {
		refused = &bound.Refused{Code: "invalid_token"}
	}
	log.Print(err) // the reason stays here
	status := http.StatusUnauthorized
	if refused.Code == "insufficient_scope" {
		status = http.StatusForbidden
	}
	parameters := ""
	if refused.Code != "" {
		parameters = fmt.Sprintf(` error=%q`, refused.Code)
	}
	response.Header().Add("WWW-Authenticate", "Bearer"+parameters)
	response.Header().Add("WWW-Authenticate", `DPoP algs="ES256"`+map[bool]string{true: ",", false: ""}[parameters != ""]+parameters)
	answer(response, status, map[string]any{"error": refused.Code})
}

func answer(response http.ResponseWriter, status int, body any) {
	response.Header().Set("Content-Type", "application/json")
	response.Header().Set("Cache-Control", "no-store")
	response.WriteHeader(status)
	_ = json.NewEncoder(response).Encode(body)
}
