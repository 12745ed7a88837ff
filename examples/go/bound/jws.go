// Package bound is what a partner, or an API, needs for access tokens that are bound to their sender:
// RFC 8705 (mutual TLS) and RFC 9449 (DPoP). It uses the standard library alone, and ES256 alone.
package bound

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// base64url without padding, strict: a value has one spelling (RFC 7515 §2).
var base64url = base64.RawURLEncoding.Strict()

// JWK is a P-256 key (RFC 7518 §6.2). D is its private half, in a file of one's own alone.
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	D   string `json:"d,omitempty"`
	Kid string `json:"kid,omitempty"`
	Alg string `json:"alg,omitempty"`
	Use string `json:"use,omitempty"`
}

// PublicJWK is the public half of a key, its required members alone.
func PublicJWK(key *ecdsa.PublicKey) JWK {
	x, y := make([]byte, 32), make([]byte, 32)
	return JWK{
		Kty: "EC", Crv: "P-256",
		X: base64url.EncodeToString(key.X.FillBytes(x)),
		Y: base64url.EncodeToString(key.Y.FillBytes(y)),
	}
}

// Public reads the public key. A key that is not on its curve is refused.
func (jwk JWK) Public() (*ecdsa.PublicKey, error) {
	if jwk.Kty != "EC" || jwk.Crv != "P-256" {
		return nil, fmt.Errorf("the key is %s %s, not a P-256 key", jwk.Kty, jwk.Crv)
	}
	x, errX := base64url.DecodeString(jwk.X)
	y, errY := base64url.DecodeString(jwk.Y)
	if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return nil, errors.New("a coordinate of the key is malformed")
	}
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	if _, err := key.ECDH(); err != nil {
		return nil, errors.New("the key is not a point of its curve")
	}
	return key, nil
}

// Private reads the private key.
func (jwk JWK) Private() (*ecdsa.PrivateKey, error) {
	public, err := jwk.Public()
	if err != nil {
		return nil, err
	}
	d, err := base64url.DecodeString(jwk.D)
	if err != nil || len(d) != 32 {
		return nil, errors.New("the key has no private half")
	}
	return &ecdsa.PrivateKey{PublicKey: *public, D: new(big.Int).SetBytes(d)}, nil
}

// Thumbprint is that of RFC 7638: SHA-256 over the required members in order, base64url.
func (jwk JWK) Thumbprint() string {
	canonical := fmt.Sprintf(`{"crv":%q,"kty":%q,"x":%q,"y":%q}`, jwk.Crv, jwk.Kty, jwk.X, jwk.Y)
	return Hash([]byte(canonical))
}

// Hash is SHA-256, base64url: for certificates (RFC 8705 §3.1), tokens (RFC 9449 §4.2) and keys.
func Hash(octets []byte) string {
	digest := sha256.Sum256(octets)
	return base64url.EncodeToString(digest[:])
}

// Sign makes the compact serialization (RFC 7515 §7.1), with ES256.
func Sign(header map[string]any, claims map[string]any, key *ecdsa.PrivateKey) (string, error) {
	header["alg"] = "ES256"
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64url.EncodeToString(head) + "." + base64url.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	// RFC 7518 §3.4: the two numbers, 32 octets each, and not ASN.1.
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return signed + "." + base64url.EncodeToString(signature), nil
}

// Parsed is a JWS that was taken apart and not yet verified.
type Parsed struct {
	Header    map[string]json.RawMessage
	Claims    map[string]json.RawMessage
	signed    string
	signature []byte
}

// Parse takes a compact serialization apart.
func Parse(token string) (*Parsed, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not three parts")
	}
	parsed := &Parsed{signed: parts[0] + "." + parts[1]}
	for index, into := range []*map[string]json.RawMessage{&parsed.Header, &parsed.Claims} {
		octets, err := base64url.DecodeString(parts[index])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(octets, into); err != nil {
			return nil, err
		}
	}
	signature, err := base64url.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	parsed.signature = signature
	return parsed, nil
}

// Verify checks the signature by the verifier's own choice of algorithm (RFC 8725 §3.1).
func (parsed *Parsed) Verify(key *ecdsa.PublicKey) error {
	if Text(parsed.Header, "alg") != "ES256" {
		return errors.New("not signed with ES256")
	}
	if _, critical := parsed.Header["crit"]; critical {
		return errors.New("critical members that are unknown here")
	}
	if len(parsed.signature) != 64 {
		return errors.New("the signature is malformed")
	}
	digest := sha256.Sum256([]byte(parsed.signed))
	r, s := new(big.Int).SetBytes(parsed.signature[:32]), new(big.Int).SetBytes(parsed.signature[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return errors.New("the signature does not verify")
	}
	return nil
}

// Text is a member that is a string; empty if it is none.
func Text(members map[string]json.RawMessage, name string) string {
	var text string
	if json.Unmarshal(members[name], &text) != nil {
		return ""
	}
	return text
}

// Number is a member that is a number, and whether it is one.
func Number(members map[string]json.RawMessage, name string) (float64, bool) {
	var number *float64
	if json.Unmarshal(members[name], &number) != nil || number == nil {
		return 0, false
	}
	return *number, true
}

// Random is a name that nobody else has: 128 random bits, base64url.
func Random() string {
	octets := make([]byte, 16)
	if _, err := rand.Read(octets); err != nil {
		panic(err)
	}
	return base64url.EncodeToString(octets)
}
