// Serves GET /orders to whoever owns the token that it presents.
//
//   ISSUER RESOURCE TRUST_BUNDLE                    whose tokens, for which audience, under which authorities
//   SERVER_CERTIFICATE_FILE SERVER_KEY_FILE BIND    how it is served
//
// Not checked: whether a certificate or a token was revoked. Proofs that were shown are remembered in this
// process: several need a memory that they share.

import { X509Certificate, constants } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { EmbeddedJWK, calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from "jose";
import { agent, discover, hash, send } from "./bound.mjs";

const { ISSUER, RESOURCE, TRUST_BUNDLE, SERVER_CERTIFICATE_FILE, SERVER_KEY_FILE, BIND } = process.env;
const ALGORITHMS = ["ES256", "PS256", "EdDSA"];
const OLDEST_PROOF_SECONDS = 60;
const FUTURE_PROOF_SECONDS = 10;

class Refused extends Error {
  constructor(code, reason) {
    super(reason);
    this.code = code;
  }
}

const toIssuer = agent(TRUST_BUNDLE);
let keys; // the issuer's, and when they were asked for
let askedAt = -Infinity;

/** The issuer's keys, not older than five minutes; anew for an unknown kid, but not more often than every 5 s. */
async function issuerKeys(anew = false) {
  const age = (Date.now() - askedAt) / 1000;
  if (!keys || age > 300 || (anew && age > 5)) {
    askedAt = Date.now();
    const { jwks_uri: address } = await discover(toIssuer, ISSUER);
    const answer = await send(toIssuer, "GET", address);
    if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}`);
    keys = createLocalJWKSet(JSON.parse(answer.text));
  }
  return keys;
}

/** The claims of a token (RFC 9068 §4). */
async function verified(token) {
  const options = {
    algorithms: ALGORITHMS,
    issuer: ISSUER,
    audience: RESOURCE,
    typ: "at+jwt",
    requiredClaims: ["exp", "client_id"],
    clockTolerance: 5,
  };
  const verify = async (anew) => (await jwtVerify(token, await issuerKeys(anew), options)).payload;
  try {
    return await verify(false);
  } catch (error) {
    if (error.code !== "ERR_JWKS_NO_MATCHING_KEY") throw error;
    return verify(true);
  }
}

const shown = new Map(); // proofs: until when they are remembered

/** RFC 9449 §4.3. */
async function checkProof(request, token, thumbprint) {
  const presented = request.headersDistinct.dpop ?? [];
  if (presented.length !== 1) throw new Error("exactly one DPoP proof is needed");
  const { payload, protectedHeader } = await jwtVerify(presented[0], EmbeddedJWK, {
    algorithms: ALGORITHMS,
    typ: "dpop+jwt",
    requiredClaims: ["jti", "htm", "htu", "iat"],
  });
  const now = Date.now() / 1000;
  const { pathname } = new URL(request.url, RESOURCE);
  const target = new URL(payload.htu);
  if ("d" in protectedHeader.jwk) throw new Error("the proof has a private key");
  if (payload.htm !== request.method) throw new Error("the proof is for another method");
  if (target.origin + target.pathname !== new URL(RESOURCE).origin + pathname)
    throw new Error("the proof is for another address");
  if (payload.iat > now + FUTURE_PROOF_SECONDS || payload.iat < now - OLDEST_PROOF_SECONDS)
    throw new Error("the proof is not of now");
  if (payload.ath !== hash(token)) throw new Error("the proof is for another token");
  if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== thumbprint)
    throw new Error("the token is bound to another key");
  // Last, so that nobody can use up the proofs of somebody else (§11.1).
  for (const [each, until] of shown) if (until < now) shown.delete(each);
  const name = `${thumbprint} ${payload.jti}`;
  if (shown.has(name)) throw new Error("the proof was shown before");
  shown.set(name, now + OLDEST_PROOF_SECONDS + FUTURE_PROOF_SECONDS);
}

/** RFC 8705 §3: TLS has proven possession of the key; whose certificate it is, authorized says. */
function checkCertificate(request, thumbprint) {
  const certificate = request.socket.getPeerX509Certificate();
  if (!(certificate instanceof X509Certificate)) throw new Error("no certificate on the connection");
  if (!request.socket.authorized) throw new Error(`the certificate: ${request.socket.authorizationError}`);
  if (hash(certificate.raw) !== thumbprint) throw new Error("the token is bound to another certificate");
}

/** The client whose token it is, once the sender has proven to be its owner. */
async function owner(request, scope) {
  const [, scheme, token] = /^(bearer|dpop) +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!token) throw new Refused("", "no access token");
  const dpop = scheme.toLowerCase() === "dpop";
  const invalid = (error) => {
    throw new Refused("invalid_token", error.message);
  };
  const claims = await verified(token).catch(invalid);
  const { "x5t#S256": thumbprint, jkt } = claims.cnf ?? {};
  if (!thumbprint === !jkt) throw new Refused("invalid_token", "the token does not have exactly one confirmation");
  if (dpop !== Boolean(jkt)) throw new Refused("invalid_token", "the token was presented in the other scheme");
  try {
    if (dpop) await checkProof(request, token, jkt);
    else checkCertificate(request, thumbprint);
  } catch (error) {
    throw new Refused(dpop ? "invalid_dpop_proof" : "invalid_token", error.message);
  }
  if (!String(claims.scope ?? "").split(" ").includes(scope))
    throw new Refused("insufficient_scope", `the token lacks the scope ${scope}`);
  return claims.client_id;
}

async function handle(request, response) {
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  const answer = (status, body, more = {}) => {
    response.writeHead(status, { ...headers, ...more });
    response.end(JSON.stringify(body));
  };
  if (new URL(request.url, RESOURCE).pathname !== "/orders") return answer(404, {});
  try {
    return answer(200, { client_id: await owner(request, "orders"), orders: ["order-1", "order-2"] });
  } catch (error) {
    console.error(`${error.code}: ${error.message}`); // the reason stays here
    if (!(error instanceof Refused)) return answer(503, {});
    const told = error.code ? ` error="${error.code}"` : "";
    const challenges = [`Bearer${told}`, `DPoP algs="${ALGORITHMS.join(" ")}"${told && `,${told}`}`];
    const status = error.code === "insufficient_scope" ? 403 : 401;
    return answer(status, { error: error.code }, { "WWW-Authenticate": challenges });
  }
}

const [host, port] = BIND.split(":");
const server = https.createServer(
  {
    cert: readFileSync(SERVER_CERTIFICATE_FILE),
    key: readFileSync(SERVER_KEY_FILE),
    ca: readFileSync(TRUST_BUNDLE),
    minVersion: "TLSv1.2",
    // Any certificate is taken, and judged for each request: a refusal can say why.
    requestCert: true,
    rejectUnauthorized: false,
    // A session must not outlive what it was judged by.
    secureOptions: constants.SSL_OP_NO_TICKET,
  },
  handle,
);
server.listen(Number(port), host);
