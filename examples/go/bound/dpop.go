package bound

import (
	"crypto/ecdsa"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Proof makes a DPoP proof (RFC 9449 §4.2). accessToken and nonce: empty without one.
func Proof(key *ecdsa.PrivateKey, method, target, accessToken, nonce string) (string, error) {
	address, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	address.RawQuery, address.Fragment = "", "" // §4.2: htu has neither
	claims := map[string]any{"jti": Random(), "htm": method, "htu": address.String(), "iat": time.Now().Unix()}
	if accessToken != "" {
		claims["ath"] = Hash([]byte(accessToken))
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	header := map[string]any{"typ": "dpop+jwt", "jwk": PublicJWK(&key.PublicKey)}
	return Sign(header, claims, key)
}

const (
	oldestProof  = 60 * time.Second
	futureProof  = 10 * time.Second
	longestProof = 8192
)

// ProofChecker checks DPoP proofs (RFC 9449 §4.3) of one API. What was shown once is remembered in this
// process: several processes need a memory that they share. Nonces are not demanded.
type ProofChecker struct {
	Origin string // scheme, host and port under which the API is called; never taken from a request
	mutex  sync.Mutex
	shown  map[string]time.Time
}

// Check checks the DPoP headers of a request, and that the proof's key is the one with this thumbprint.
func (checker *ProofChecker) Check(proofs []string, method, path, accessToken, thumbprint string) error {
	if len(proofs) != 1 || len(proofs[0]) > longestProof || strings.Contains(proofs[0], ",") {
		return errors.New("exactly one DPoP proof is needed")
	}
	proof, err := Parse(proofs[0])
	if err != nil {
		return err
	}
	if Text(proof.Header, "typ") != "dpop+jwt" {
		return errors.New("the proof is not of the type dpop+jwt")
	}
	var members map[string]any
	var jwk JWK
	if json.Unmarshal(proof.Header["jwk"], &members) != nil || json.Unmarshal(proof.Header["jwk"], &jwk) != nil {
		return errors.New("the proof has no key")
	}
	if _, private := members["d"]; private {
		return errors.New("the proof has a private key")
	}
	key, err := jwk.Public()
	if err != nil {
		return err
	}
	if err := proof.Verify(key); err != nil {
		return err
	}
	now := time.Now()
	issued, ok := Number(proof.Claims, "iat")
	at := time.Unix(int64(issued), 0)
	switch {
	case Text(proof.Claims, "htm") != method:
		return errors.New("the proof is for another method")
	case withoutQuery(Text(proof.Claims, "htu")) != checker.Origin+path:
		return errors.New("the proof is for another address")
	case !ok || at.After(now.Add(futureProof)) || at.Before(now.Add(-oldestProof)):
		return errors.New("the proof is not of now")
	case !same(Text(proof.Claims, "ath"), Hash([]byte(accessToken))):
		return errors.New("the proof is for another token")
	case !same(jwk.Thumbprint(), thumbprint):
		return errors.New("the token is bound to another key")
	}
	// Last, so that nobody can use up the proofs of somebody else (§11.1).
	if jti := Text(proof.Claims, "jti"); jti == "" || !checker.firstTime(thumbprint+" "+jti, now) {
		return errors.New("the proof was shown before")
	}
	return nil
}

func (checker *ProofChecker) firstTime(name string, now time.Time) bool {
	checker.mutex.Lock()
	defer checker.mutex.Unlock()
	if checker.shown == nil {
		checker.shown = map[string]time.Time{}
	}
	for each, until := range checker.shown {
		if now.After(until) {
			delete(checker.shown, each)
		}
	}
	if _, before := checker.shown[name]; before {
		return false
	}
	checker.shown[name] = now.Add(oldestProof + futureProof)
	return true
}

func withoutQuery(target string) string {
	return strings.FieldsFunc(target+"?", func(each rune) bool { return each == '?' || each == '#' })[0]
}

func same(expected, presented string) bool {
	return subtle.ConstantTimeCompare([]byte(expected), []byte(presented)) == 1
}
