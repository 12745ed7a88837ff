package bound

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const longestAnswer = 256 << 10

// Metadata is what an authorization server says of itself (RFC 8414 §2).
type Metadata struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
	JWKSURI       string `json:"jwks_uri"`
	Aliases       struct {
		TokenEndpoint string `json:"token_endpoint"`
	} `json:"mtls_endpoint_aliases"`
}

// Discover fetches the metadata of an issuer, which must be its own (RFC 8414 §3).
func Discover(client *http.Client, issuer string) (*Metadata, error) {
	address, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	address.Path = "/.well-known/oauth-authorization-server" + strings.TrimRight(address.Path, "/")
	var metadata Metadata
	if err := fetch(client, address.String(), &metadata); err != nil {
		return nil, err
	}
	if metadata.Issuer != issuer {
		return nil, fmt.Errorf("the metadata is that of %q, not of %q", metadata.Issuer, issuer)
	}
	return &metadata, nil
}

func fetch(client *http.Client, address string, into any) error {
	response, err := client.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, response.Status)
	}
	return json.NewDecoder(io.LimitReader(response.Body, longestAnswer)).Decode(into)
}

// Client makes connections to servers under the authorities of a PEM file, and to nobody else. certificate
// and key: PEM files with what it presents; empty for none.
func Client(trustBundle, certificate, key string) (*http.Client, error) {
	anchors, err := Anchors(trustBundle)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: anchors, MinVersion: tls.VersionTLS12}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: config},
		// A token, or a proof, goes where it was meant to go, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// Anchors reads the certificate authorities of a PEM file.
func Anchors(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(file + " holds no certificate")
	}
	return pool, nil
}
