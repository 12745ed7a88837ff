package bound

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Partner obtains tokens and calls an API with them.
//
// HTTP presents the partner's certificate, if it has one. AssertionKey: for private_key_jwt (RFC 7523); nil
// where the certificate authenticates. ProofKey: for DPoP; nil where tokens are bound to the certificate.
type Partner struct {
	HTTP         *http.Client
	Issuer       string
	ClientID     string
	Scope        string
	Resource     string
	AssertionKey *ecdsa.PrivateKey
	AssertionKid string
	ProofKey     *ecdsa.PrivateKey
	nonces       map[string]string // the latest of each origin (RFC 9449 §8.2)
}

// Token is an access token, and the scheme in which it is presented.
type Token struct {
	Value string `json:"access_token"`
	Type  string `json:"token_type"`
}

// Token asks for a token (RFC 6749 §4.4).
func (partner *Partner) Token() (*Token, error) {
	metadata, err := Discover(partner.HTTP, partner.Issuer)
	if err != nil {
		return nil, err
	}
	endpoint := metadata.TokenEndpoint
	if metadata.Aliases.TokenEndpoint != "" {
		endpoint = metadata.Aliases.TokenEndpoint // RFC 8705 §5: whoever has a certificate uses it
	}
	response, body, err := partner.send(func() (*http.Request, error) {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {partner.ClientID},
			"scope": {partner.Scope}, "resource": {partner.Resource},
		}
		if err := partner.authenticate(form); err != nil {
			return nil, err
		}
		request, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
		if err == nil {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return request, err
	}, "")
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("no token: %s: %s", response.Status, body)
	}
	token := &Token{}
	if err := json.Unmarshal(body, token); err != nil {
		return nil, err
	}
	wanted := "Bearer"
	if partner.ProofKey != nil {
		wanted = "DPoP"
	}
	if !strings.EqualFold(token.Type, wanted) {
		return nil, fmt.Errorf("the token is of the type %q, not %q", token.Type, wanted)
	}
	return token, nil
}

// Get calls the API. Returns status and body.
func (partner *Partner) Get(token *Token, address string) (int, []byte, error) {
	response, body, err := partner.send(func() (*http.Request, error) {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err == nil {
			request.Header.Set("Authorization", token.Type+" "+token.Value)
		}
		return request, err
	}, token.Value)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, body, nil
}

func (partner *Partner) authenticate(form url.Values) error {
	if partner.AssertionKey == nil {
		return nil
	}
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": partner.ClientID, "sub": partner.ClientID, "aud": partner.Issuer,
		"jti": Random(), "iat": now, "exp": now + 60,
	}
	assertion, err := Sign(map[string]any{"kid": partner.AssertionKid}, claims, partner.AssertionKey)
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return nil
}

// send sends a request, and once more, made anew, if the server wants its nonce in the proof.
func (partner *Partner) send(make func() (*http.Request, error), accessToken string) (*http.Response, []byte, error) {
	for attempt := 1; ; attempt++ {
		request, err := make()
		if err != nil {
			return nil, nil, err
		}
		origin := request.URL.Scheme + "://" + request.URL.Host
		sent := partner.nonces[origin]
		if partner.ProofKey != nil {
			proof, err := Proof(partner.ProofKey, request.Method, request.URL.String(), accessToken, sent)
			if err != nil {
				return nil, nil, err
			}
			request.Header.Set("DPoP", proof)
		}
		response, err := partner.HTTP.Do(request)
		if err != nil {
			return nil, nil, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
		response.Body.Close()
		if err != nil {
			return nil, nil, err
		}
		nonce := response.Header.Get("DPoP-Nonce")
		if nonce != "" {
			if partner.nonces == nil {
				partner.nonces = map[string]string{}
			}
			partner.nonces[origin] = nonce
		}
		if attempt == 2 || partner.ProofKey == nil || !wantsNonce(response, body) {
			return response, body, nil
		}
		if nonce == "" || nonce == sent {
			return nil, nil, errors.New("the server wants a nonce, and gives none")
		}
	}
}

// wantsNonce: RFC 9449 §8 at the token endpoint, in the body; §9 at an API, in the challenge.
func wantsNonce(response *http.Response, body []byte) bool {
	var answer struct{ Error string }
	_ = json.Unmarshal(body, &answer)
	challenged := strings.Contains(response.Header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
	refused := response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusUnauthorized
	return refused && (answer.Error == "use_dpop_nonce" || challenged)
}
