// What a partner needs for access tokens that are bound to their sender: RFC 8705 (mutual TLS) and RFC 9449
// (DPoP), on node's https and on jose.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { SignJWT, exportJWK } from "jose";

const LONGEST_ANSWER = 256 * 1024;

/** SHA-256, base64url without padding: of certificates (RFC 8705 §3.1) and of tokens (RFC 9449 §4.2). */
export const hash = (octets) => createHash("sha256").update(octets).digest("base64url");

/** Connections to servers under the authorities of a PEM file; certificate and key: PEM files, or undefined. */
export function agent(trustBundle, certificate, key) {
  const read = (file) => (file ? readFileSync(file) : undefined);
  return new https.Agent({
    ca: read(trustBundle),
    cert: read(certificate),
    key: read(key),
    minVersion: "TLSv1.2",
    keepAlive: true,
  });
}

/** One request. Resolves to status, headers and body; redirects are not followed. */
export function send(agent, method, url, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { agent, method, headers, timeout: 10_000 }, (response) => {
      const parts = [];
      let length = 0;
      response.on("data", (part) => {
        length += part.length;
        if (length > LONGEST_ANSWER) request.destroy(new Error(`${url} answers too much`));
        parts.push(part);
      });
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error(`${url} does not answer`)));
    request.on("error", reject);
    request.end(body);
  });
}

/** The metadata of an issuer, which must be its own (RFC 8414 §3). */
export async function discover(agent, issuer) {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/+$/, "");
  const answer = await send(agent, "GET", `${url.origin}/.well-known/oauth-authorization-server${path}`);
  if (answer.status !== 200) throw new Error(`no metadata of ${issuer}: ${answer.status}`);
  const metadata = JSON.parse(answer.text);
  if (metadata.issuer !== issuer) throw new Error(`the metadata is that of ${metadata.issuer}, not of ${issuer}`);
  return metadata;
}

/** A DPoP proof (RFC 9449 §4.2). keys: of generateKeyPair("ES256"). */
export async function proof(keys, method, url, accessToken, nonce) {
  const { origin, pathname } = new URL(url);
  const claims = { jti: randomUUID(), htm: method, htu: origin + pathname };
  if (accessToken) claims.ath = hash(accessToken);
  if (nonce) claims.nonce = nonce;
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: await exportJWK(keys.publicKey) })
    .setIssuedAt()
    .sign(keys.privateKey);
}

/**
 * Obtains tokens and calls an API with them.
 *
 * agent: presents the partner's certificate, if it has one. assertion: { key, kid, alg } for private_key_jwt
 * (RFC 7523), undefined where the certificate authenticates. proofKeys: for DPoP, undefined for mutual TLS.
 */
export class Partner {
  #nonces = new Map(); // the latest of each origin (RFC 9449 §8.2)

  constructor({ agent, issuer, clientId, scope, resource, assertion, proofKeys }) {
    Object.assign(this, { agent, issuer, clientId, scope, resource, assertion, proofKeys });
  }

  /** A token (RFC 6749 §4.4): its value and its type. */
  async token() {
    const metadata = await discover(this.agent, this.issuer);
    // RFC 8705 §5: whoever has a certificate uses the alias.
    const endpoint = metadata.mtls_endpoint_aliases?.token_endpoint ?? metadata.token_endpoint;
    const answer = await this.#send("POST", endpoint, undefined, async () => {
      const form = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: this.clientId,
        scope: this.scope,
        resource: this.resource,
        ...(await this.#authentication()),
      });
      return { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: form.toString() };
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
    const { access_token: value, token_type: type } = JSON.parse(answer.text);
    const wanted = this.proofKeys ? "DPoP" : "Bearer";
    if (type.toLowerCase() !== wanted.toLowerCase()) throw new Error(`the token is of the type ${type}`);
    return { value, type: wanted };
  }

  /** The API's answer. */
  get(token, url) {
    const headers = { Authorization: `${token.type} ${token.value}`, Accept: "application/json" };
    return this.#send("GET", url, token.value, async () => ({ headers }));
  }

  async #authentication() {
    if (!this.assertion) return {};
    const { key, kid, alg } = this.assertion;
    const signed = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg, kid })
      .setIssuer(this.clientId)
      .setSubject(this.clientId)
      .setAudience(this.issuer)
      .setIssuedAt()
      .setExpirationTime("60s")
      .sign(key);
    return {
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: signed,
    };
  }

  /** Send a request, and once more, made anew, if the server wants its nonce in the proof. */
  async #send(method, url, accessToken, make) {
    const { origin } = new URL(url);
    for (let attempt = 1; ; attempt += 1) {
      const { headers, body } = await make();
      const sent = this.#nonces.get(origin);
      const proven = this.proofKeys ? { DPoP: await proof(this.proofKeys, method, url, accessToken, sent) } : {};
      const answer = await send(this.agent, method, url, { ...headers, ...proven }, body);
      const nonce = answer.headers["dpop-nonce"];
      if (nonce) this.#nonces.set(origin, nonce);
      if (attempt === 2 || !this.proofKeys || !wantsNonce(answer) || !nonce || nonce === sent) return answer;
    }
  }
}

/** RFC 9449 §8 at the token endpoint, in the body; §9 at an API, in the challenge. */
function wantsNonce({ status, headers, text }) {
  if (status !== 400 && status !== 401) return false;
  if (headers["www-authenticate"]?.includes('error="use_dpop_nonce"')) return true;
  try {
    return JSON.parse(text).error === "use_dpop_nonce";
  } catch {
    return false;
  }
}
