// A second opinion on certificate status, from Go's own implementations of revocation lists and OCSP.
//
//	verifier list ISSUER.pem LIST.crl SERIAL    the list's signature, and what it says of a serial number
//	verifier ocsp ISSUER.pem CERTIFICATE.pem URL    what a responder says of a certificate, asked by POST
//
// Prints "good" or "revoked REASON", REASON being the number of RFC 5280 section 5.3.1.
package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

func main() {
	var err error
	switch os.Args[1] {
	case "list":
		err = list(os.Args[2], os.Args[3], os.Args[4])
	case "ocsp":
		err = ask(os.Args[2], os.Args[3], os.Args[4])
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func list(issuerFile, listFile, serialText string) error {
	issuer, err := certificate(issuerFile)
	if err != nil {
		return err
	}
	der, err := os.ReadFile(listFile)
	if err != nil {
		return err
	}
	revocations, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	if err := revocations.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	now := time.Now()
	if now.Before(revocations.ThisUpdate) || now.After(revocations.NextUpdate) {
		return fmt.Errorf("the list is from %v to %v", revocations.ThisUpdate, revocations.NextUpdate)
	}
	serial, ok := new(big.Int).SetString(serialText, 16)
	if !ok {
		return fmt.Errorf("%q is no serial number", serialText)
	}
	for _, entry := range revocations.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(serial) == 0 {
			fmt.Println("revoked", entry.ReasonCode)
			return nil
		}
	}
	fmt.Println("good")
	return nil
}

func ask(issuerFile, certificateFile, url string) error {
	issuer, err := certificate(issuerFile)
	if err != nil {
		return err
	}
	subject, err := certificate(certificateFile)
	if err != nil {
		return err
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		request, err := ocsp.CreateRequest(subject, issuer, &ocsp.RequestOptions{Hash: hash})
		if err != nil {
			return err
		}
		answer, err := http.Post(url, "application/ocsp-request", bytes.NewReader(request))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		der, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		// Checks both signatures: the responder's, and the issuer's under the responder's certificate.
		response, err := ocsp.ParseResponseForCert(der, subject, issuer)
		if err != nil {
			return err
		}
		if response.Certificate == nil || !slices.Contains(response.Certificate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
			return fmt.Errorf("the responder may not sign")
		}
		switch response.Status {
		case ocsp.Good:
			fmt.Println("good")
		case ocsp.Revoked:
			fmt.Println("revoked", response.RevocationReason)
		default:
			fmt.Println("unknown")
		}
	}
	return nil
}

func certificate(file string) (*x509.Certificate, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	return x509.ParseCertificate(block.Bytes)
}
