package bound

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const leeway = 5 * time.Second

// Resource checks what callers of an API present: a JWT access token (RFC 9068 §4), and that they own it.
//
// Not checked: whether a certificate or a token was revoked. Callers must be under Anchors.
type Resource struct {
	HTTP     *http.Client
	Issuer   string
	Audience string
	Anchors  *x509.CertPool
	Proofs   *ProofChecker
	mutex    sync.Mutex
	keys     map[string]*ecdsa.PublicKey
	asked    time.Time
}

// Refused is why a request is refused. Code: of RFC 6750 §3.1; empty where no token came.
type Refused struct{ Code, Reason string }

func (refused *Refused) Error() string { return refused.Code + ": " + refused.Reason }

func invalid(reason string) *Refused { return &Refused{"invalid_token", reason} }

// Owner returns the client whose token it is, once the sender has proven to be its owner.
func (resource *Resource) Owner(request *http.Request, scope string) (string, error) {
	headers := request.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", &Refused{"", "no access token"}
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	dpop := strings.EqualFold(scheme, "DPoP")
	if !dpop && !strings.EqualFold(scheme, "Bearer") {
		return "", &Refused{"", "no access token"}
	}
	claims, err := resource.verified(token)
	if err != nil {
		return "", invalid(err.Error())
	}
	var confirmation map[string]json.RawMessage
	if json.Unmarshal(claims["cnf"], &confirmation) != nil || confirmation == nil {
		return "", invalid("the token is bound to nobody")
	}
	thumbprint, jkt := Text(confirmation, "x5t#S256"), Text(confirmation, "jkt")
	switch {
	case (thumbprint == "") == (jkt == ""):
		return "", invalid("the token does not have exactly one confirmation")
	case dpop != (jkt != ""):
		return "", invalid("the token was presented in the other scheme")
	case dpop:
		if err := resource.Proofs.Check(request.Header.Values("DPoP"), request.Method, request.URL.Path, token, jkt); err != nil {
			return "", &Refused{"invalid_dpop_proof", err.Error()}
		}
	default:
		if err := resource.certificate(request, thumbprint); err != nil {
			return "", invalid(err.Error())
		}
	}
	if !slices.Contains(strings.Fields(Text(claims, "scope")), scope) {
		return "", &Refused{"insufficient_scope", "the token lacks the scope " + scope}
	}
	return Text(claims, "client_id"), nil
}

// verified: RFC 9068 §4, the signature first.
func (resource *Resource) verified(token string) (map[string]json.RawMessage, error) {
	parsed, err := Parse(token)
	if err != nil {
		return nil, err
	}
	if typ := strings.ToLower(Text(parsed.Header, "typ")); typ != "at+jwt" && typ != "application/at+jwt" {
		return nil, errors.New("not of the type at+jwt")
	}
	key, err := resource.key(Text(parsed.Header, "kid"))
	if err != nil {
		return nil, err
	}
	if err := parsed.Verify(key); err != nil {
		return nil, err
	}
	expires, ok := Number(parsed.Claims, "exp")
	switch {
	case Text(parsed.Claims, "iss") != resource.Issuer:
		return nil, errors.New("another issuer's token")
	case !resource.isAudience(parsed.Claims["aud"]):
		return nil, errors.New("a token for another resource")
	case !ok || time.Now().After(time.Unix(int64(expires), 0).Add(leeway)):
		return nil, errors.New("the token has expired")
	}
	return parsed.Claims, nil
}

func (resource *Resource) isAudience(presented json.RawMessage) bool {
	var one string
	if json.Unmarshal(presented, &one) == nil {
		return one == resource.Audience
	}
	var several []string
	return json.Unmarshal(presented, &several) == nil && slices.Contains(several, resource.Audience)
}

// certificate: RFC 8705 §3. TLS has proven possession of the key, and nothing else.
func (resource *Resource) certificate(request *http.Request, thumbprint string) error {
	if request.TLS == nil || len(request.TLS.PeerCertificates) == 0 {
		return errors.New("no certificate on the connection")
	}
	own := request.TLS.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, each := range request.TLS.PeerCertificates[1:] {
		between.AddCert(each)
	}
	_, err := own.Verify(x509.VerifyOptions{
		Roots: resource.Anchors, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return err
	}
	if !same(Hash(own.Raw), thumbprint) {
		return errors.New("the token is bound to another certificate")
	}
	return nil
}

// key is the issuer's key of this name. Asked for anew for an unknown name, but not more often than every 5 s.
func (resource *Resource) key(kid string) (*ecdsa.PublicKey, error) {
	resource.mutex.Lock()
	defer resource.mutex.Unlock()
	known, ok := resource.keys[kid]
	if age := time.Since(resource.asked); age > 5*time.Minute || !ok && age > 5*time.Second {
		if err := resource.fetchKeys(); err != nil {
			return nil, err
		}
		known, ok = resource.keys[kid]
	}
	if !ok {
		return nil, fmt.Errorf("the issuer has no key %q", kid)
	}
	return known, nil
}

func (resource *Resource) fetchKeys() error {
	resource.asked = time.Now()
	metadata, err := Discover(resource.HTTP, resource.Issuer)
	if err != nil {
		return err
	}
	var set struct{ Keys []JWK }
	if err := fetch(resource.HTTP, metadata.JWKSURI, &set); err != nil {
		return err
	}
	resource.keys = map[string]*ecdsa.PublicKey{}
	for _, each := range set.Keys {
		// Keys of other kinds are passed over (RFC 7517 §5).
		if key, err := each.Public(); err == nil && each.Kid != "" && (each.Use == "" || each.Use == "sig") {
			resource.keys[each.Kid] = key
		}
	}
	return nil
}
